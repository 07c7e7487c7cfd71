/** What Antipode writes a stock Velero restores, and what a stock Velero writes Antipode restores, with the data of its claims. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADD_ON_TIMEOUT_MS } from '../../../hack/harness/add-on.ts';
import { ensureCsi, type LabCsi } from '../../../hack/harness/csi.ts';
import { aClaim, untilBound } from '../../../hack/harness/csi-claims.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import type { Lab, LabCluster } from '../../../hack/lab/types.ts';
import type { PointManifest } from '../../../src/domain/protection/point.ts';
import { importVeleroBackup } from '../../../src/engines/velero/backup/import.ts';
import { apply, clock, restoreAll } from '../engine/support.ts';
import { getLab } from '../lab.ts';
import {
  application,
  phaseOf,
  removeApplication,
  scenarioNamed,
  specFor,
  veleroNames,
  veleroWorld,
  type World,
} from './support.ts';

/** Unique, as an attached lab remembers earlier runs. */
const RUN = Date.now().toString(36);
const [NATIVE, STOCK] = [`native-${RUN}`, `stock-${RUN}`];
const CLAIM = { namespace: STOCK, name: 'data' };
const CLAIM_KEY = `PersistentVolumeClaim/${STOCK}/data`;
const { signal } = new AbortController();
/** Velero looks for new backups every minute, and skips every second look. */
const SYNCHRONISED = 400;

let lab: Lab;
let csi: LabCsi;
let world: World;
beforeAll(async () => {
  lab = await getLab();
  csi = await ensureCsi(lab, { backend: 'shared', progress: (line) => console.log(`lab: ${line}`) });
  await apply(lab.source, ...application(NATIVE), ...application(STOCK), aClaim(CLAIM));
  await untilBound(lab.source, CLAIM);
  world = await veleroWorld(lab, ['EnableCSI']);
}, ADD_ON_TIMEOUT_MS);
afterAll(async () => {
  for (const name of [NATIVE, STOCK])
    await Promise.all([removeApplication(lab.source, name), removeApplication(lab.recovery, name)]);
});

/** Objects of a point that a cluster does not have. */
async function missingIn(cluster: LabCluster, { objects }: PointManifest): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const { key } of objects) {
    const [kind = '', ...place] = key.split('/');
    const [namespace, name] = place.length === 2 ? place : [undefined, place[0]];
    const where = namespace === undefined ? [] : ['-n', namespace];
    const found = await cluster.kubectl([
      ...where,
      'get',
      kind,
      name ?? '',
      '--ignore-not-found',
      '-o',
      'name',
    ]);
    if (found === '') missing.push(key);
  }
  return missing;
}

test('a stock Velero finds a native point in the bucket and restores all of it', {
  timeout: 900_000,
}, async () => {
  const { native, regions, velero } = world;
  const result = await native.capture(scenarioNamed(NATIVE), specFor(velero, [NATIVE]), regions, signal);
  if (result.kind !== 'captured') throw new Error(JSON.stringify(result));
  const { manifest } = result.point;
  expect(await missingIn(lab.recovery, manifest)).toHaveLength(manifest.objects.length);

  await waitFor({ what: 'Velero to find the point', seconds: SYNCHRONISED, every: 1000 }, async () =>
    (await veleroNames(lab.recovery, 'backups')).includes(manifest.name) ? true : undefined,
  );
  await velero.recovery.cli(['restore', 'create', NATIVE, '--from-backup', manifest.name, '--wait']);

  expect(await phaseOf(lab.recovery, 'restore', NATIVE)).toBe('Completed');
  expect(await missingIn(lab.recovery, manifest)).toEqual([]);
  for (const name of ['db', 'web'])
    await lab.recovery.kubectl(['-n', NATIVE, 'rollout', 'status', `deployment/${name}`, '--timeout=120s']);
});

test('the native engine restores what velero backup create has made, in the order of its dependencies, and the data of its claims', async () => {
  const { native, regions, store, velero } = world;
  const rows = join(await csi.source.volumePath(STOCK, 'data'), 'rows');
  await writeFile(rows, 'before');
  const scenario = scenarioNamed(STOCK);
  const spec = specFor(velero, [STOCK]);
  await velero.source.cli(['backup', 'create', STOCK, '--include-namespaces', STOCK, '--wait']);
  await writeFile(rows, 'after');

  const imported = await importVeleroBackup({ store, clock }, STOCK, scenario, spec, signal);
  if (imported.kind !== 'imported') throw new Error(JSON.stringify(imported));
  const point = await native.open(STOCK, signal);
  await restoreAll(native, point, scenario, regions.recovery, signal);

  const { manifest } = imported.point;
  expect(manifest.objects.map(({ key }) => key)).toEqual(
    expect.arrayContaining([
      `ClusterRole.rbac.authorization.k8s.io/${STOCK}-reader`,
      `ConfigMap/${STOCK}/settings`,
      `Deployment.apps/${STOCK}/web`,
      `Secret/${STOCK}/password`,
    ]),
  );
  expect(manifest.objects.filter(({ key }) => /^(Pod|ReplicaSet|Event)/.test(key))).toEqual([]);
  expect(await missingIn(lab.recovery, manifest)).toEqual([]);
  expect(manifest.edges).toContainEqual(expect.objectContaining({ from: `Deployment.apps/${STOCK}/web` }));
  await lab.recovery.kubectl(['-n', STOCK, 'rollout', 'status', 'deployment/web', '--timeout=120s']);
  expect(manifest.volumes).toEqual([
    expect.objectContaining({ claim: CLAIM_KEY, strategy: 'SnapshotHandle' }),
  ]);
  await waitFor({ what: 'proof of the data', seconds: 120 }, async () => {
    const evidence = await native.prove(point, [CLAIM_KEY], regions.recovery, signal);
    return evidence.get(CLAIM_KEY)?.kind === 'proven' ? true : undefined;
  });
  expect(await readFile(join(await csi.recovery.volumePath(STOCK, 'data'), 'rows'), 'utf8')).toBe('before');
});

test('an imported backup stays the same point, and is not taken for a point of retention', async () => {
  const { native, store, velero } = world;
  const scenario = scenarioNamed(STOCK);
  const spec = specFor(velero, [STOCK]);

  const again = await importVeleroBackup({ store, clock }, STOCK, scenario, spec, signal);

  const { digest } = await native.open(STOCK, signal);
  expect(again).toMatchObject({ kind: 'imported', point: { digest } });
  expect(await native.points(scenario, signal)).toEqual([]);
});

test.each([
  ['there is none of that name', `${STOCK}-none`, { kind: 'not-found' }],
  [
    'it belongs to another scenario',
    STOCK,
    { kind: 'unusable', message: expect.stringContaining('belongs to the scenario') },
  ],
])('a backup is not imported when %s', async (_, name, refusal) => {
  const { store, velero } = world;
  const other = scenarioNamed('another');

  const result = await importVeleroBackup({ store, clock }, name, other, specFor(velero, [STOCK]), signal);

  expect(result).toMatchObject(refusal);
});
