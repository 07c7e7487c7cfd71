/**
 * An operator that is killed at any write to the recovery region while it puts
 * claims back with their data: snapshots are imported by their handles, alone
 * and with their group, claims are made of them, proven and noted, and the
 * imports removed. Each time another operator, which knows nothing of it, goes on.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADD_ON_TIMEOUT_MS } from '../../../hack/harness/add-on.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import { CONTENT, GROUP_CONTENT, SNAPSHOT } from '../../../src/engines/volumes/kinds.ts';
import { restoreAll } from '../engine/support.ts';
import { getLab } from '../lab.ts';
import { KilledError } from '../store/support.ts';
import {
  killAtEachWrite,
  killedAtWrite,
  MOMENTS,
  type Moment,
  untilKilled,
} from '../support/killed-process.ts';
import { countFor, snapshotsOf } from './left.ts';
import {
  claims,
  scenarioOf,
  signal,
  specOf,
  type VolumesWorld,
  verifiedPoint,
  volumesWorld,
} from './support.ts';

const PATIENCE = 40 * 60_000;

let world: VolumesWorld;
beforeAll(async () => {
  world = await volumesWorld(await getLab(), { backend: 'shared' });
}, ADD_ON_TIMEOUT_MS);
afterAll(() => world?.end());

/** An application with two points; each claim has a file that says which point it is of. */
interface Setting {
  readonly namespace: string;
  readonly names: readonly string[];
  readonly folders: readonly string[];
  readonly older: string;
  readonly newer: string;
}
type Which = 'older' | 'newer';

async function setUp(names: readonly string[], isGroup: boolean): Promise<Setting> {
  const namespace = await world.namespace();
  const folders = await claims(world, namespace, names, { labels: { app: 'db' } });
  const pointWith = async (which: Which): Promise<string> => {
    await Promise.all(folders.map((folder) => writeFile(join(folder, 'state'), which)));
    const { manifest } = await verifiedPoint(world, specOf(world, namespace));
    const groups = (manifest.volumes ?? []).map(({ snapshot }) => snapshot?.groupHandle !== undefined);
    expect(groups).toEqual(names.map(() => isGroup));
    return manifest.name;
  };
  const points = { older: await pointWith('older'), newer: await pointWith('newer') };
  const setting = { namespace, names, folders, ...points };
  // So that every restore that is to be killed finds the same: the namespace, without the claims.
  await restored(world, setting, points.newer);
  await removeClaims(setting);
  return setting;
}

/** As an execution does it, until all data is proven. */
async function restored(its: VolumesWorld, { namespace, names }: Setting, name: string): Promise<void> {
  const { engine, recovery } = its;
  const point = await engine.open(name, signal);
  await restoreAll(engine, point, scenarioOf(namespace), recovery, signal);
  const keys = names.map((claim) => `PersistentVolumeClaim/${namespace}/${claim}`);
  const proven = await waitFor({ what: `${name} to be proven`, seconds: 120, every: 100 }, async () => {
    const [proof] = await Promise.allSettled([engine.prove(point, keys, recovery, signal)]);
    // Whoever is dead does not ask again.
    if (proof.status === 'rejected' && proof.reason instanceof KilledError) return proof.reason;
    if (proof.status === 'rejected') throw proof.reason;
    const kinds = [...proof.value.values()].map(({ kind }) => kind);
    return kinds.every((kind) => kind === 'proven') ? kinds : undefined;
  });
  if (proven instanceof KilledError) throw proven;
  expect(proven).toHaveLength(names.length);
}

async function killAt(n: number, moment: Moment, setting: Setting, next: Which): Promise<string | undefined> {
  const { namespace, names, folders } = setting;
  const process = killedAtWrite(n, moment);
  const dying = {
    ...world,
    recovery: process.cluster(world.recovery),
    engine: world.anotherEngine((store) => process.store(store)),
  };
  const stored = snapshotsOf(world, folders);
  await untilKilled(process, restored(dying, setting, setting.newer));
  const what = `${moment}: ${process.writes[n - 1] ?? 'nothing'}`;
  // Claims of another point are in the way of an older one, and a person removes them.
  if (next === 'older') await removeClaims(setting);

  await restored({ ...world, engine: world.anotherEngine() }, setting, setting[next]);
  for (const name of names) {
    const folder = await world.csi.recovery.volumePath(namespace, name);
    expect(await readFile(join(folder, 'state'), 'utf8'), `${what}: ${name}`).toBe(next);
  }
  await waitFor({ what: `${what}: nothing imported to be left`, seconds: 120, every: 200 }, async () => {
    const left = [SNAPSHOT, CONTENT, GROUP_CONTENT].map((kind) => countFor(world.recovery, kind, namespace));
    expect(await Promise.all(left)).toEqual([0, 0, 0]);
    return true;
  });
  expect(snapshotsOf(world, folders), `${what}: what the points have`).toEqual(stored);
  await removeClaims(setting);
  return process.isKilled() ? (process.writes[n - 1] ?? '') : undefined;
}

const removeClaims = ({ namespace }: Setting) =>
  world.lab.recovery.kubectl(['-n', namespace, 'delete', 'pvc', '--all', '--wait']);

const SINGLE = { what: 'of its own', names: ['db'], isGroup: false, kills: 6 };
const GROUPED = { what: 'of a group', names: ['log', 'table'], isGroup: true, kills: 16 };
/** A group takes seconds to be cut, so it is shown with what leaves most to the next: its writes got through. */
const CASES = [
  ...MOMENTS.map((moment) => ({ ...SINGLE, moment, next: 'newer' as const })),
  { ...GROUPED, moment: 'answer lost' as const, next: 'older' as const },
];

test.concurrent.each(CASES)(
  'an operator that is killed at any write while it restores claims from snapshots $what ($moment) leaves what the next one, with the $next point, completes: bound claims with the data, and nothing imported left behind',
  async ({ names, isGroup, kills, moment, next }) => {
    const setting = await setUp(names, isGroup);
    const killed = await killAtEachWrite((n) => killAt(n, moment, setting, next));
    expect(killed.length).toBeGreaterThanOrEqual(kills);
  },
  PATIENCE,
);
