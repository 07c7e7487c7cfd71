/** Data of claims through Velero: real CSI snapshots, imported by their handles, and what is said when they fail. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ADD_ON_TIMEOUT_MS } from '../../../hack/harness/add-on.ts';
import { ensureCsi, type LabCsi } from '../../../hack/harness/csi.ts';
import { aClaim, untilBound } from '../../../hack/harness/csi-claims.ts';
import { CSI_DRIVER } from '../../../hack/harness/csi-objects.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import type { Lab } from '../../../hack/lab/types.ts';
import type { PublishedPoint } from '../../../src/engines/engine.ts';
import { apply, restoreAll } from '../engine/support.ts';
import { getLab } from '../lab.ts';
import {
  application,
  removeApplication,
  scenarioNamed,
  specFor,
  veleroNames,
  veleroWorld,
  type World,
} from './support.ts';

/** Unique, as an attached lab remembers earlier runs. */
const NAMESPACE = `velero-volumes-${Date.now().toString(36)}`;
const CLAIM = { namespace: NAMESPACE, name: 'data' };
const CLAIM_KEY = `PersistentVolumeClaim/${NAMESPACE}/data`;
const scenario = scenarioNamed(NAMESPACE);
const { signal } = new AbortController();

let lab: Lab;
let csi: LabCsi;
let world: World;
beforeAll(async () => {
  lab = await getLab();
  csi = await ensureCsi(lab, { backend: 'shared', progress: (line) => console.log(`lab: ${line}`) });
  await apply(lab.source, ...application(NAMESPACE), aClaim(CLAIM));
  await untilBound(lab.source, CLAIM);
  world = await veleroWorld(lab, ['EnableCSI']);
}, ADD_ON_TIMEOUT_MS);
afterEach(() => csi.source.setFaults({}));
afterAll(async () => {
  await Promise.all([removeApplication(lab.source, NAMESPACE), removeApplication(lab.recovery, NAMESPACE)]);
});

function capture(wishes: object = {}) {
  const { engine, regions, velero } = world;
  const volumes = { snapshotTimeout: '5m', ...wishes };
  return engine.capture(scenario, specFor(velero, [NAMESPACE], { volumes }), regions, signal);
}

const write = async (text: string): Promise<void> =>
  writeFile(join(await csi.source.volumePath(NAMESPACE, 'data'), 'rows'), text);

test('the data of a claim comes back as it was when it was captured, byte for byte', async () => {
  const { engine, regions, velero } = world;
  await write('before');
  const result = await capture();
  if (result.kind !== 'captured') throw new Error(JSON.stringify(result));
  const { manifest }: PublishedPoint = result.point;
  await write('after');

  const verified = await engine.verify(result.point, specFor(velero, [NAMESPACE]), regions, signal);
  const point = await engine.open(manifest.name, signal);
  await restoreAll(engine, point, scenario, regions.recovery, signal);

  expect(verified.kind).toBe('verified');
  expect(manifest.volumesWithoutData).toEqual([]);
  expect(manifest.volumes).toEqual([
    expect.objectContaining({ claim: CLAIM_KEY, strategy: 'SnapshotHandle' }),
  ]);
  await waitFor({ what: 'proof of the data', seconds: 120 }, async () => {
    const evidence = await engine.prove(point, [CLAIM_KEY], regions.recovery, signal);
    return evidence.get(CLAIM_KEY)?.kind === 'proven' ? true : undefined;
  });
  expect(await readFile(join(await csi.recovery.volumePath(NAMESPACE, 'data'), 'rows'), 'utf8')).toBe(
    'before',
  );
});

test('a claim whose snapshot fails makes the capture fail by its name, and the backup is not kept', async () => {
  const message = 'the pool is full';
  csi.source.setFaults({ error: { calls: ['CreateSnapshot'], code: 'RESOURCE_EXHAUSTED', message } });

  const result = await capture({ snapshotTimeout: '20s' });

  if (result.kind !== 'incomplete') throw new Error(JSON.stringify(result));
  expect(result.messages).toHaveLength(1);
  expect(result.messages[0]).toContain(CLAIM_KEY);
  expect(result.messages[0]).toMatch(/Error backing up item: .*the last errors of its log: .*VolumeSnapshot/);
  const requests = await veleroNames(lab.source, 'deletebackuprequests');
  const points = (await world.engine.points(scenario, signal)).map(({ name }) => name);
  expect(points).toHaveLength(1);
  expect(requests.filter((name) => name.startsWith(`dr-${NAMESPACE}`))).not.toEqual(points);
});

test('the snapshot class that the scenario names is the one that Velero uses', async () => {
  const name = `${NAMESPACE}-chosen`;
  await apply(lab.source, {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshotClass',
    metadata: { name },
    driver: CSI_DRIVER,
    deletionPolicy: 'Retain',
    parameters: {
      'csi.storage.k8s.io/snapshotter-secret-name': 'nowhere',
      'csi.storage.k8s.io/snapshotter-secret-namespace': NAMESPACE,
    },
  });

  const result = await capture({ snapshotTimeout: '20s', snapshotClass: name });

  await lab.source.kubectl(['delete', 'volumesnapshotclass', name]);
  // Only with this class a snapshot needs a secret, which is not there.
  if (result.kind !== 'incomplete') throw new Error(JSON.stringify(result));
  expect(result.messages[0]).toContain(CLAIM_KEY);
});
