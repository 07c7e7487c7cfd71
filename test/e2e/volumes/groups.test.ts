/**
 * Claims of one application: cut as one where the storage can do that, else it is
 * said how far apart they are. With no more rights than the chart gives the operator.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADD_ON_TIMEOUT_MS } from '../../../hack/harness/add-on.ts';
import { applyTo } from '../../../hack/harness/csi-claims.ts';
import { GROUP_SNAPSHOT_CLASS } from '../../../hack/harness/csi-objects.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import type { PublishedPoint } from '../../../src/engines/engine.ts';
import { getLab } from '../lab.ts';
import {
  aPod,
  claims,
  cutLate,
  handlesOf,
  madeFor,
  pruneTo,
  restore,
  rowsThere,
  scenarioOf,
  snapshotsInBackend,
  specOf,
  untilEvidence,
  type VolumesWorld,
  verifiedPoint,
  volumesWorld,
} from './support.ts';

const keyOf = (namespace: string, name: string) => `PersistentVolumeClaim/${namespace}/${name}`;
const APART = /were captured \d+ ms apart \(.*\): what it writes to several of them may not fit together/;

let world: VolumesWorld;
beforeAll(async () => {
  world = await volumesWorld(await getLab(), { backend: 'shared', chartRoles: true });
}, ADD_ON_TIMEOUT_MS);
afterAll(() => world?.end());

test('case 11, claims of one application at different instants: labels of their own make them one cut, of both databases at once', async () => {
  const namespace = await world.namespace();
  const paths = await claims(world, namespace, ['log', 'table'], { labels: { app: 'db' } });
  await claims(world, namespace, ['cache'], { labels: { app: 'web' } });
  await applyTo(world.lab.source, [aPod(namespace, 'db', ['log', 'table'])]);
  const writers = await Promise.all(paths.map((path) => world.write(path)));
  await Promise.all(writers.map((writer) => writer.reached(50)));

  const excludeCache = { volumes: { claims: [{ claim: `${namespace}/cache`, strategy: 'Exclude' }] } };
  const point = await verifiedPoint(world, specOf(world, namespace, excludeCache));
  await Promise.all(writers.map((writer) => writer.stop()));

  const { volumes = [], warnings = [], capturedAt } = point.manifest;
  const cut = volumes.filter(({ strategy }) => strategy === 'SnapshotHandle');
  expect(cut.map(({ claim }) => claim)).toEqual([keyOf(namespace, 'log'), keyOf(namespace, 'table')]);
  expect(new Set(cut.map(({ instant }) => instant))).toEqual(new Set([capturedAt]));
  expect(new Set(cut.map(({ snapshot }) => snapshot?.group)).size).toBe(1);
  expect(cut[0]?.snapshot?.group).toContain(`${namespace}/`);
  expect(warnings.join()).not.toContain('ms apart');

  const { point: opened } = await restore(world, point.manifest.name, scenarioOf(namespace));
  for (const [index, name] of ['log', 'table'].entries()) {
    await untilEvidence(world, opened, keyOf(namespace, name), 'proven');
    const found = await rowsThere(world, namespace, name);
    expect(found).toMatchObject({ corrupt: [], firstMissing: undefined });
    // All that was acknowledged before the instant, and nothing that was begun after it, in both alike.
    const acknowledged = writers[index]?.acknowledged ?? [];
    const cutAt = Date.parse(capturedAt);
    const due = acknowledged.filter(({ acknowledgedAt }) => acknowledgedAt < cutAt);
    expect(found.rows).toBeGreaterThanOrEqual(due.length);
    expect(found.lastRowAt).toBeLessThanOrEqual(cutAt + 1);
  }
  // A member is imported with its group; neither is left.
  await waitFor({ what: 'nothing imported to be left', seconds: 120 }, async () => {
    for (const kind of ['volumegroupsnapshotcontents', 'volumesnapshotcontents', 'volumesnapshots'])
      expect(await madeFor(world.lab.recovery, kind, scenarioOf(namespace))).toEqual([]);
    return true;
  });
});

test('case 11, where no labels choose exactly these claims, it is said how many milliseconds apart they are', async () => {
  const namespace = await world.namespace();
  const first = await pointOfTwo(namespace, { labels: { app: 'db' }, others: { app: 'db' } });

  expect(groupsOf(first)).toEqual([undefined, undefined]);
  expect(first.manifest.warnings?.join()).toMatch(APART);
});

test('case 11, where there is no class for groups, it is said how many milliseconds apart they are', async () => {
  const { source } = world.lab;
  const kind = 'volumegroupsnapshotclass';
  const text = await source.kubectl(['get', kind, GROUP_SNAPSHOT_CLASS, '-o', 'json']);
  await source.kubectl(['delete', kind, GROUP_SNAPSHOT_CLASS]);
  try {
    const point = await pointOfTwo(await world.namespace(), { labels: { app: 'db' } });
    expect(groupsOf(point)).toEqual([undefined, undefined]);
    expect(point.manifest.warnings?.join()).toMatch(APART);
  } finally {
    const { kind: Kind, apiVersion, metadata, ...rest }: ClassObject = JSON.parse(text);
    await applyTo(source, [{ kind: Kind, apiVersion, metadata: { name: metadata.name }, ...rest }]);
  }
});

test('a group goes from the storage as a whole when its point is pruned, and not before', async () => {
  const namespace = await world.namespace();
  const first = await pointOfTwo(namespace, { labels: { app: 'db' } });
  const second = await verifiedPoint(world, specOf(world, namespace));
  expect(groupsOf(first)).not.toContain(undefined);
  for (const handle of handlesOf(first)) expect(await snapshotsInBackend(world)).toContain(handle);

  expect(await pruneTo(world, namespace, 1)).toEqual([first.manifest.name]);

  await waitFor({ what: 'the members of the group to be gone from the storage', seconds: 120 }, async () => {
    const there = await snapshotsInBackend(world);
    const left = handlesOf(first).filter((handle) => there.has(handle));
    if (left.length > 0) throw new Error(left.join());
    return true;
  });
  for (const handle of handlesOf(second)) expect(await snapshotsInBackend(world)).toContain(handle);
});

interface ClassObject {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: { readonly name: string };
}

const groupsOf = ({ manifest }: PublishedPoint) =>
  (manifest.volumes ?? [])
    .filter(({ strategy }) => strategy === 'SnapshotHandle')
    .map(({ snapshot }) => snapshot?.group);

/** @param others labels of a third claim, that is excluded */
async function pointOfTwo(
  namespace: string,
  { labels, others }: { readonly labels: Labels; readonly others?: Labels },
): Promise<PublishedPoint> {
  await claims(world, namespace, ['log', 'table'], { labels });
  if (others !== undefined) await claims(world, namespace, ['cache'], { labels: others });
  await applyTo(world.lab.source, [aPod(namespace, 'db', ['log', 'table'])]);
  const excluded = { volumes: { claims: [{ claim: `${namespace}/cache`, strategy: 'Exclude' }] } };
  // By themselves, two that are asked for at once may be cut at the same instant.
  const source = cutLate('table', 1, world.source);
  return verifiedPoint({ ...world, source }, specOf(world, namespace, excluded));
}

type Labels = Readonly<Record<string, string>>;
