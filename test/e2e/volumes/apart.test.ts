/** Storage that ends at the border of its region: the data is left out, and it is said why; a wish that cannot be had is refused. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADD_ON_TIMEOUT_MS } from '../../../hack/harness/add-on.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import { getLab } from '../lab.ts';
import {
  capture,
  claims,
  madeFor,
  scenarioOf,
  specOf,
  type VolumesWorld,
  verifiedPoint,
  volumesWorld,
} from './support.ts';

let world: VolumesWorld;
beforeAll(async () => {
  world = await volumesWorld(await getLab(), { backend: 'separate' });
}, ADD_ON_TIMEOUT_MS);
afterAll(() => world?.end());

test('Auto leaves out what the recovery region cannot read, says what it tried, and keeps no snapshot of it', async () => {
  const namespace = await world.namespace();
  const claim = `PersistentVolumeClaim/${namespace}/db`;
  await claims(world, namespace, ['db']);

  const { manifest } = await verifiedPoint(world, specOf(world, namespace));

  expect(manifest.volumesWithoutData).toEqual([claim]);
  expect(manifest.volumes).toEqual([{ claim, strategy: 'Exclude', reason: expect.any(String) }]);
  const reason = manifest.volumes?.[0]?.reason ?? '';
  expect(reason).toContain(`${world.lab.recovery.name} does not read snapshots of ${world.lab.source.name}`);
  expect(reason).toContain('can not find snapshot');
  expect(reason).toContain('no VolSync');
  expect(reason).toContain('no data mover');
  await waitFor({ what: 'the snapshot that was tried to be gone', seconds: 120 }, async () => {
    const left = await madeFor(world.lab.source, 'volumesnapshots', scenarioOf(namespace));
    return left.length === 0 ? true : undefined;
  });
});

test('a wish for snapshots is refused, naming the claim, what is missing and the remedy', async () => {
  const namespace = await world.namespace();
  await claims(world, namespace, ['db']);

  const result = await capture(
    world,
    world.engine,
    specOf(world, namespace, { volumes: { strategy: 'SnapshotHandle' } }),
  );

  expect(result.kind).toBe('incomplete');
  const [message = ''] = result.kind === 'incomplete' ? result.messages : [];
  expect(message).toContain(`PersistentVolumeClaim/${namespace}/db`);
  expect(message).toContain('asks for SnapshotHandle');
  expect(message).toContain('choose another strategy');
  expect(await madeFor(world.lab.recovery, 'volumesnapshotcontents', scenarioOf(namespace))).toEqual([]);
});
