/** Data that reaches the recovery region by the handles of its snapshots: cut, confirmed, restored, proven, cleaned up. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ADD_ON_TIMEOUT_MS } from '../../../hack/harness/add-on.ts';
import { aClaim, applyTo, untilBound } from '../../../hack/harness/csi-claims.ts';
import { STORAGE_CLASS_WFFC } from '../../../hack/harness/csi-objects.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import { lossOf } from '../../../hack/harness/writer-rows.ts';
import { CHECK_NAMESPACE } from '../../../src/engines/volumes/clean/checks.ts';
import { quiet } from '../connect.ts';
import { getLab } from '../lab.ts';
import {
  aPod,
  claims,
  handlesOf,
  madeFor,
  pruneTo,
  restore,
  rowsThere,
  scenarioOf,
  signal,
  snapshotsInBackend,
  specOf,
  untilEvidence,
  type VolumesWorld,
  verifiedPoint,
  volumesWorld,
} from './support.ts';

const keyOf = (namespace: string, name: string) => `PersistentVolumeClaim/${namespace}/${name}`;

let world: VolumesWorld;
beforeAll(async () => {
  world = await volumesWorld(await getLab(), { backend: 'shared' });
}, ADD_ON_TIMEOUT_MS);
afterEach(() => {
  world.csi.source.setFaults({});
  world.csi.recovery.setFaults({});
});
afterAll(() => world?.end());

test('before the first point counts a volume is made of one of its snapshots, and nothing of it is left', async () => {
  const metadata = { name: CHECK_NAMESPACE };
  await applyTo(world.lab.recovery, [{ apiVersion: 'v1', kind: 'Namespace', metadata }]);
  const namespace = await world.namespace();
  await claims(world, namespace, ['db']);
  const told: unknown[] = [];
  const log = { ...quiet, info: (...line: readonly unknown[]) => void told.push(line) };
  const engine = world.anotherEngine(undefined, log);

  const { manifest } = await verifiedPoint({ ...world, engine }, specOf(world, namespace));

  const filled = { point: manifest.name, claim: keyOf(namespace, 'db'), cluster: world.recovery.name };
  expect(told).toContainEqual([filled, 'a volume was restored to see that it can be, and removed']);
  await waitFor({ what: 'nothing to be left of it', seconds: 120, every: 200 }, async () => {
    const kinds = ['persistentvolumeclaims', 'volumesnapshots', 'volumesnapshotcontents'];
    const left = await Promise.all(
      kinds.map((kind) => madeFor(world.lab.recovery, kind, scenarioOf(namespace))),
    );
    return left.flat().length === 0 ? true : undefined;
  });
});

test('every row that is older than the point is there after a restore, byte for byte', async () => {
  const namespace = await world.namespace();
  const scenario = scenarioOf(namespace);
  const [path = ''] = await claims(world, namespace, ['db']);
  const writer = await world.write(path);
  await writer.reached(50);

  const { manifest } = await verifiedPoint(world, specOf(world, namespace));
  const { point, outcomes } = await restore(world, manifest.name, scenario);
  await untilEvidence(world, point, keyOf(namespace, 'db'), 'proven');
  await writer.stop();

  expect(manifest.volumes).toMatchObject([
    {
      strategy: 'SnapshotHandle',
      reason: expect.stringContaining('reads snapshots of csi.lab.antipode.dev'),
    },
  ]);
  expect(manifest.volumesWithoutData).toEqual([]);
  expect(outcomes.filter(({ kind }) => kind !== 'applied')).toEqual([]);
  const found = await rowsThere(world, namespace, 'db');
  const instant = Date.parse(manifest.capturedAt);
  const older = writer.acknowledged.filter(({ acknowledgedAt }) => acknowledgedAt < instant);
  expect(older.length).toBeGreaterThanOrEqual(50);
  expect(found).toMatchObject({ corrupt: [], firstMissing: undefined });
  expect(lossOf(older, found)).toEqual({ rows: 0, milliseconds: 0, differs: false });
  // And the instant says how much was lost: it is the one of the cut, to the millisecond.
  expect(found.lastRowAt).toBeLessThanOrEqual(instant + 1);
  await waitFor({ what: 'the objects of the restore to be gone', seconds: 120 }, async () => {
    const left = [
      ...(await madeFor(world.lab.recovery, 'volumesnapshots', scenario)),
      ...(await madeFor(world.lab.recovery, 'volumesnapshotcontents', scenario)),
    ];
    if (left.length > 0) throw new Error(left.join());
    return true;
  });
  // Their deletion has taken nothing of the storage.
  expect(await snapshotsInBackend(world)).toContain(handlesOf({ manifest, digest: '' })[0]);
});

test('case 9, a volume restored empty: a claim of ours without the data of the point is refuted, though it is bound', async () => {
  const namespace = await world.namespace();
  const scenario = scenarioOf(namespace);
  await claims(world, namespace, ['db']);
  const { manifest } = await verifiedPoint(world, specOf(world, namespace));
  const label = { 'antipode.dev/scenario': `${scenario.namespace}.${scenario.name}` };
  await applyTo(world.lab.recovery, [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    aClaim({ namespace, name: 'db' }, { labels: label }),
  ]);
  await untilBound(world.lab.recovery, { namespace, name: 'db' });

  const { point, outcomes } = await restore(world, manifest.name, scenario);

  expect(outcomes.find(({ kind }) => kind !== 'applied')).toMatchObject({ kind: 'refused' });
  const evidence = await world.engine.prove(point, [keyOf(namespace, 'db')], world.recovery, signal);
  expect(evidence.get(keyOf(namespace, 'db'))).toMatchObject({
    kind: 'refuted',
    message: expect.stringContaining('was not made from the snapshot of this recovery point'),
  });
});

test('case 10, a snapshot deleted while being restored: the claim is never taken for restored, and what is said of it is told', async () => {
  const namespace = await world.namespace();
  await claims(world, namespace, ['db']);
  const { manifest } = await verifiedPoint(world, specOf(world, namespace));
  world.csi.recovery.setFaults({ deleteWhileRestoring: true });

  const { point } = await restore(world, manifest.name, scenarioOf(namespace));

  await waitFor({ what: 'the loss of the snapshot to be told', seconds: 120 }, async () => {
    const evidence = await world.engine.prove(point, [keyOf(namespace, 'db')], world.recovery, signal);
    const found = evidence.get(keyOf(namespace, 'db'));
    expect(found?.kind).toBe('pending');
    return found?.kind === 'pending' && /deleted while|no snapshot/.test(found.message) ? true : undefined;
  });
  await expect(world.csi.recovery.volumePath(namespace, 'db')).rejects.toThrow('is not bound');
});

test('case 12, corruption already replicated: an older point brings the older rows', async () => {
  const namespace = await world.namespace();
  const spec = specOf(world, namespace);
  const [path = ''] = await claims(world, namespace, ['db']);
  const writer = await world.write(path);
  await writer.reached(20);
  const sound = await verifiedPoint(world, spec);
  await writer.stop();
  await writeFile(join(path, 'rows.csv'), 'nonsense\n');
  const damaged = await verifiedPoint(world, spec);

  const { point } = await restore(world, sound.manifest.name, scenarioOf(namespace));
  await untilEvidence(world, point, keyOf(namespace, 'db'), 'proven');

  expect(damaged.manifest.name).not.toBe(sound.manifest.name);
  const found = await rowsThere(world, namespace, 'db');
  expect(found).toMatchObject({ corrupt: [], firstMissing: undefined });
  expect(found.rows).toBeGreaterThanOrEqual(20);
});

test('a claim whose class waits for its first consumer does not hold up the restore, and has the data once a pod uses it', async () => {
  const namespace = await world.namespace();
  await applyTo(world.lab.source, [
    aClaim({ namespace, name: 'db' }, { storageClass: STORAGE_CLASS_WFFC }),
    aPod(namespace, 'db', ['db']),
  ]);
  await untilBound(world.lab.source, { namespace, name: 'db' });
  const writer = await world.write(await world.csi.source.volumePath(namespace, 'db'));
  await writer.reached(20);
  const { manifest } = await verifiedPoint(world, specOf(world, namespace));
  const point = await world.engine.open(manifest.name, signal);
  const units = point.manifest.units.flatMap(({ objects }) => objects);
  const [pods, others] = [
    units.filter((key) => key.startsWith('Pod/')),
    units.filter((key) => !key.startsWith('Pod/')),
  ];
  const put = (keys: readonly string[]) =>
    world.engine.restore(point, keys, scenarioOf(namespace), world.recovery, { conflicts: 'Report' }, signal);

  await put(others);
  await untilEvidence(world, point, keyOf(namespace, 'db'), 'waits-for-pod');
  await waitFor({ what: 'the Pod to be let in', seconds: 120 }, async () => {
    const outcomes = await put(pods);
    return outcomes.every(({ kind }) => kind === 'applied') ? outcomes : undefined;
  });
  await untilEvidence(world, point, keyOf(namespace, 'db'), 'proven');

  expect((await rowsThere(world, namespace, 'db')).rows).toBeGreaterThanOrEqual(20);
});

test('a namespace deleted in the source does not take the snapshots of its points along; a prune does', async () => {
  const namespace = await world.namespace();
  await claims(world, namespace, ['db']);
  const point = await verifiedPoint(world, specOf(world, namespace));
  const [handle = ''] = handlesOf(point);

  await world.lab.source.kubectl(['delete', 'namespace', namespace, '--timeout=120s']);
  expect(await snapshotsInBackend(world)).toContain(handle);
  const { point: opened } = await restore(world, point.manifest.name, scenarioOf(namespace));
  await untilEvidence(world, opened, keyOf(namespace, 'db'), 'proven');

  await applyTo(world.lab.source, [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }]);
  await claims(world, namespace, ['db']);
  const next = await verifiedPoint(world, specOf(world, namespace));
  await pruneTo(world, namespace, 1);
  await untilGone(world, [handle]);
  expect(await snapshotsInBackend(world)).toContain(handlesOf(next)[0]);
});

test('snapshots of a capture that was killed are removed by the next prune, those of others are not', async () => {
  const namespace = await world.namespace();
  await claims(world, namespace, ['db']);
  const point = await verifiedPoint(world, specOf(world, namespace));
  const killed = new AbortController();
  // Never ready, so that it is killed in the middle.
  world.csi.source.setFaults({ readyAfter: 'never' });
  const capturing = world
    .anotherEngine()
    .capture(scenarioOf(namespace), specOf(world, namespace), world, killed.signal);
  const orphan = await waitFor({ what: 'a second snapshot', seconds: 120 }, async () =>
    (await madeFor(world.lab.source, 'volumesnapshots', scenarioOf(namespace))).find(
      (name) => !name.includes(point.manifest.name),
    ),
  );
  killed.abort(new Error('killed'));
  await expect(capturing).rejects.toThrow(/./);
  world.csi.source.setFaults({});

  await pruneTo(world, namespace, 5);

  await waitFor({ what: `${orphan} to be gone`, seconds: 120 }, async () => {
    const left = await madeFor(world.lab.source, 'volumesnapshots', scenarioOf(namespace));
    return left.includes(orphan) ? undefined : left;
  });
  expect(await snapshotsInBackend(world)).toContain(handlesOf(point)[0]);
});

async function untilGone(volumes: VolumesWorld, handles: readonly string[]): Promise<void> {
  await waitFor({ what: `${handles.join()} to be gone from the storage`, seconds: 120 }, async () => {
    const there = await snapshotsInBackend(volumes);
    return handles.some((handle) => there.has(handle)) ? undefined : true;
  });
}

test('the snapshots of a scenario that was deleted can be removed by hand, by their label', async () => {
  const namespace = await world.namespace();
  await claims(world, namespace, ['db']);
  const [handle = ''] = handlesOf(await verifiedPoint(world, specOf(world, namespace)));
  expect(await snapshotsInBackend(world)).toContain(handle);
  const kubectl = (args: readonly string[]) => world.lab.source.kubectl(args);
  const ofPoints = `antipode.dev/scenario=dr.${namespace},antipode.dev/volume-purpose=point`;

  // As docs/stores.md has it.
  const listed = await kubectl(['get', 'volumesnapshotcontents', '-l', ofPoints, '-o', 'name']);
  const contents = listed.split(/\s+/).filter((name) => name !== '');
  const patch = ['--type=merge', '-p', '{"spec":{"deletionPolicy":"Delete"}}'];
  for (const content of contents) await kubectl(['patch', ...patch, content]);
  await kubectl(['delete', 'volumesnapshots', '-A', '-l', ofPoints]);
  await kubectl(['delete', 'volumesnapshotcontents', '-l', ofPoints]);

  expect(contents).toHaveLength(1);
  await waitFor({ what: 'its snapshot to be gone', seconds: 120, every: 200 }, async () =>
    (await snapshotsInBackend(world)).has(handle) ? undefined : true,
  );
});
