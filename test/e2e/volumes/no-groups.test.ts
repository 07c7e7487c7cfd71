/** Kinds and class of group snapshots are there, and the feature gate of the driver's sidecar is off, as it is by default. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADD_ON_TIMEOUT_MS } from '../../../hack/harness/add-on.ts';
import { ensureCsi } from '../../../hack/harness/csi.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import type { PublishedPoint } from '../../../src/engines/engine.ts';
import { CONTENT, GROUP, listOf, SNAPSHOT } from '../../../src/engines/volumes/kinds.ts';
import { getLab } from '../lab.ts';
import { countFor, snapshotsOf } from './left.ts';
import {
  claims,
  handlesOf,
  signal,
  specOf,
  type VolumesWorld,
  verifiedPoint,
  volumesWorld,
} from './support.ts';

const NAMES = ['log', 'table'] as const;
const PATIENCE_SECONDS = 120;
/** That a group is waited for. */
const FOR_GROUPS_MS = (PATIENCE_SECONDS / 4) * 1000;

let world: VolumesWorld;
beforeAll(async () => {
  world = await volumesWorld(await getLab(), { backend: 'shared', groups: false });
}, ADD_ON_TIMEOUT_MS);
afterAll(() => world?.end());

const groupsOf = ({ manifest }: PublishedPoint): readonly unknown[] =>
  (manifest.volumes ?? []).flatMap(({ snapshot }) => snapshot?.group ?? []);

test('a group that nobody cuts is cut one by one in the same capture and no other is asked for, also by an operator that knows nothing of it, until somebody cuts groups', async () => {
  const namespace = await world.namespace();
  const folders = await claims(world, namespace, NAMES, { labels: { app: 'db' } });
  const spec = specOf(world, namespace, { volumes: { snapshotTimeout: `${PATIENCE_SECONDS}s` } });
  const groups = () => listOf(world.source, GROUP, { namespace }, signal);

  const first = await verifiedPoint(world, spec);
  const begun = performance.now();
  const second = await verifiedPoint({ ...world, engine: world.anotherEngine() }, spec);

  expect(performance.now() - begun).toBeLessThan(FOR_GROUPS_MS);
  const needed = [first, second].flatMap(handlesOf).toSorted();
  expect(needed).toHaveLength(2 * NAMES.length);
  expect(await countFor(world.source, SNAPSHOT, namespace)).toBe(needed.length);
  expect(await countFor(world.source, CONTENT, namespace)).toBe(needed.length);
  expect(snapshotsOf(world, folders)).toEqual(needed);
  // Whoever cuts it takes its finalizer off, and nobody does.
  const left = await groups();
  expect(left).toHaveLength(1);
  expect(left[0]?.metadata.deletionTimestamp).toBeDefined();

  await ensureCsi(world.lab, { backend: 'shared' });
  await waitFor({ what: 'the group that nobody cut to be gone', seconds: 120 }, async () =>
    (await groups()).length === 0 ? true : undefined,
  );
  expect(groupsOf(await verifiedPoint({ ...world, engine: world.anotherEngine() }, spec))).toHaveLength(2);
});
