/**
 * An operator that is killed at any write to an API server while it captures
 * data, proves the point and prunes: snapshots are asked for, protected, shown
 * to the recovery region, restored for a look, and removed. Each time another
 * operator, which knows nothing of it, goes on.
 */
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADD_ON_TIMEOUT_MS } from '../../../hack/harness/add-on.ts';
import { applyTo } from '../../../hack/harness/csi-claims.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import { CHECK_NAMESPACE } from '../../../src/engines/volumes/clean/checks.ts';
import { CLAIM, CONTENT, GROUP, GROUP_CONTENT, SNAPSHOT } from '../../../src/engines/volumes/kinds.ts';
import { getLab } from '../lab.ts';
import {
  killAtEachWrite,
  killedAtWrite,
  MOMENTS,
  type Moment,
  untilKilled,
} from '../support/killed-process.ts';
import { countFor, countMarked, snapshotsOf } from './left.ts';
import {
  claims,
  handlesOf,
  pruneTo,
  scenarioOf,
  signal,
  specOf,
  type VolumesWorld,
  verifiedPoint,
  volumesWorld,
} from './support.ts';

/** Each kill is several captures of their own. */
const PATIENCE = 40 * 60_000;
/** Points that a prune leaves. */
const KEPT = 2;

let world: VolumesWorld;
beforeAll(async () => {
  world = await volumesWorld(await getLab(), { backend: 'shared' });
  const metadata = { name: CHECK_NAMESPACE };
  await applyTo(world.lab.recovery, [{ apiVersion: 'v1', kind: 'Namespace', metadata }]);
}, ADD_ON_TIMEOUT_MS);
afterAll(() => world?.end());

/** The same world for another process. */
const worldOf = (its: VolumesWorld, changes: Partial<VolumesWorld>): VolumesWorld => ({ ...its, ...changes });

/** Everything an operator does in one cycle. */
async function cycle(its: VolumesWorld, namespace: string): Promise<string> {
  const { manifest } = await verifiedPoint(its, specOf(its, namespace));
  await pruneTo(its, namespace, KEPT);
  return manifest.name;
}

/** An application with as many points as are kept. */
interface Setting {
  readonly namespace: string;
  /** Of its volumes in the source. */
  readonly folders: readonly string[];
}

async function setUp(names: readonly string[], groups: number): Promise<Setting> {
  const namespace = await world.namespace();
  const folders = await claims(world, namespace, names, { labels: { app: 'db' } });
  for (let made = 0; made < KEPT; made += 1) await verifiedPoint(world, specOf(world, namespace));
  expect(await countFor(world.source, GROUP, namespace)).toBe(KEPT * groups);
  return { namespace, folders };
}

async function killAt(n: number, moment: Moment, setting: Setting): Promise<string | undefined> {
  const { namespace, folders } = setting;
  const scenario = scenarioOf(namespace);
  const [former] = await world.engine.points(scenario, signal);
  const process = killedAtWrite(n, moment);
  const dying = worldOf(world, {
    source: process.cluster(world.source),
    recovery: process.cluster(world.recovery),
    engine: world.anotherEngine((store) => process.store(store)),
  });
  await untilKilled(process, cycle(dying, namespace));
  const died = Date.now();
  const what = `${moment}: ${process.writes[n - 1] ?? 'nothing'}`;

  const successor = worldOf(world, { engine: world.anotherEngine() });
  const seen = await successor.engine.points(scenario, signal);
  expect(
    seen.map(({ name }) => name),
    what,
  ).toContain(former?.name);
  const there = snapshotsOf(world, folders);
  for (const { name } of seen) {
    const { manifest } = await successor.engine.open(name, signal);
    const handles = handlesOf({ manifest, digest: '' });
    expect(handles.length, `${what}: data of ${name}`).toBe(folders.length);
    for (const handle of handles) expect(there, `${what}: data of ${name}`).toContain(handle);
  }

  await anotherSecond(died);
  const next = await cycle(successor, namespace);
  expect((await successor.engine.points(scenario, signal))[0]?.name, what).toBe(next);
  await untilNothingIsLeft(successor, setting, what);
  return process.isKilled() ? (process.writes[n - 1] ?? '') : undefined;
}

/** Points are named by their second, and no operator takes over within the one that its predecessor died in. */
const anotherSecond = (died: number): Promise<boolean> =>
  waitFor({ what: 'another second', seconds: 2, every: 50 }, async () =>
    Math.floor(Date.now() / 1000) > Math.floor(died / 1000) ? true : undefined,
  );

/** What no point needs is gone from the clusters and from the storage. */
async function untilNothingIsLeft(
  its: VolumesWorld,
  { namespace, folders }: Setting,
  what: string,
): Promise<void> {
  const { source, recovery, engine } = its;
  const scenario = scenarioOf(namespace);
  const points = await engine.points(scenario, signal);
  expect(points).toHaveLength(KEPT);
  const opened = await Promise.all(points.map(({ name }) => engine.open(name, signal)));
  const volumes = opened.flatMap(({ manifest }) => manifest.volumes ?? []);
  const needed = volumes.flatMap(({ snapshot }) => snapshot?.handle ?? []).toSorted();
  const groups = new Set(volumes.flatMap(({ snapshot }) => snapshot?.group ?? []));
  const expected = {
    snapshots: needed.length,
    contents: needed.length,
    groups: groups.size,
    groupContents: groups.size,
    looks: [0, 0, 0, 0],
    inStorage: needed,
  };
  const looks = [CLAIM, SNAPSHOT, CONTENT, GROUP_CONTENT];
  // The controllers try again what failed at ever longer intervals, and what comes late goes with a later cycle.
  await waitFor({ what: `${what}: nothing to be left`, seconds: 240, every: 500 }, async () => {
    for (const region of [source, recovery])
      expect(await engine.collectGarbage(scenario, region, new Set(), signal)).toBeUndefined();
    const found = {
      snapshots: await countFor(source, SNAPSHOT, namespace),
      contents: await countFor(source, CONTENT, namespace),
      groups: await countFor(source, GROUP, namespace),
      groupContents: await countFor(source, GROUP_CONTENT, namespace),
      looks: await Promise.all(looks.map((kind) => countMarked(recovery, kind, scenario))),
      inStorage: snapshotsOf(its, folders),
    };
    if (isDeepStrictEqual(found, expected)) return true;
    throw new Error(`there are ${JSON.stringify(found)}, needed are ${JSON.stringify(expected)}`);
  });
}

const APPLICATIONS = [
  { what: 'a snapshot', names: ['db'], groups: 0, kills: 12 },
  { what: 'a group snapshot', names: ['log', 'table'], groups: 1, kills: 20 },
] as const;
const CASES = APPLICATIONS.flatMap((application) => MOMENTS.map((moment) => ({ ...application, moment })));

test.concurrent.each(CASES)(
  'an operator that is killed at any write of a capture with $what, its proof and a prune shows no point in part, loses none, and leaves nothing that the next run does not remove ($moment)',
  async ({ names, groups, moment, kills }) => {
    const setting = await setUp(names, groups);
    const killed = await killAtEachWrite((n) => killAt(n, moment, setting));
    expect(killed.length).toBeGreaterThanOrEqual(kills);
  },
  PATIENCE,
);
