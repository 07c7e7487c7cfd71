/** Volumes that are bound to the nodes of their region. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADD_ON_TIMEOUT_MS } from '../../../hack/harness/add-on.ts';
import { getLab } from '../lab.ts';
import {
  claims,
  restore,
  rowsThere,
  scenarioOf,
  specOf,
  untilEvidence,
  type VolumesWorld,
  verifiedPoint,
  volumesWorld,
} from './support.ts';

let world: VolumesWorld;
beforeAll(async () => {
  world = await volumesWorld(await getLab(), { backend: 'shared', topology: true });
}, ADD_ON_TIMEOUT_MS);
afterAll(() => world?.end());

test('case 17, PV zone and region affinity: the restored volume has the region it is in, and the rows', async () => {
  const namespace = await world.namespace();
  const [path = ''] = await claims(world, namespace, ['db']);
  const writer = await world.write(path);
  await writer.reached(20);

  const { manifest } = await verifiedPoint(world, specOf(world, namespace));
  const { point } = await restore(world, manifest.name, scenarioOf(namespace));
  await untilEvidence(world, point, `PersistentVolumeClaim/${namespace}/db`, 'proven');

  const { lab } = world;
  const volume = await lab.recovery.kubectl([
    '-n',
    namespace,
    'get',
    'pvc/db',
    '-o',
    'jsonpath={.spec.volumeName}',
  ]);
  const affinity = await lab.recovery.kubectl(['get', `pv/${volume}`, '-o', 'jsonpath={.spec.nodeAffinity}']);
  expect(affinity).toContain(lab.recovery.region);
  expect(affinity).not.toContain(lab.source.region);
  expect((await rowsThere(world, namespace, 'db')).rows).toBeGreaterThanOrEqual(20);
});
