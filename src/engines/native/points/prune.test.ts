import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RetentionPolicy } from '../../../domain/protection/retention.ts';
import { type Clock, type Instant, instant, type Tick, toRfc3339 } from '../../../domain/time.ts';
import type { Log } from '../../../kube/log.ts';
import { type Store, StoreError } from '../../../store/store.ts';
import { directoryStore } from '../../../store/testing/directory-store.ts';
import type { Engine, PointUse, PruneRequest, ScenarioIdentity } from '../../engine.ts';
import { nativeEngine } from '../engine.ts';
import { archiveKey, backupKey, claimKey, manifestKey } from './layout.ts';
import { freeName, publish } from './publish.ts';

const START = Date.parse('2026-11-23T12:00:00.000Z');
const DAY = 86_400_000;
const signal = new AbortController().signal;
const shop: ScenarioIdentity = { namespace: 'dr', name: 'shop', uid: 'uid-1' };

let root: string;
let store: Store;
let warnings: string[];
let wall: { at: Instant };
const clock: Clock = {
  now: () => wall.at,
  tick: () => 0 as Tick,
  sleep: () => Promise.reject(new Error('nothing here sleeps')),
};
const log: Log = {
  debug: () => {},
  info: () => {},
  warn: (_, message) => void warnings.push(message),
  error: () => {},
};
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'antipode-prune-'));
  store = directoryStore(root);
  warnings = [];
  wall = { at: instant(START + DAY) };
});
afterEach(() => rm(root, { recursive: true, force: true }));

interface Operator {
  readonly scenario: ScenarioIdentity;
  readonly objective: string;
}
const nobody: ReadonlySet<string> = new Set();
const here: Operator = { scenario: shop, objective: 'cluster-1' };
/** A scenario of the same name in another objective cluster. */
const elsewhere: Operator = { scenario: { ...shop, uid: 'uid-2' }, objective: 'cluster-2' };

async function pointAt(
  minute: number,
  { scenario, objective }: Operator = here,
  into = store,
): Promise<string> {
  const at = toRfc3339(instant(START + minute * 60_000));
  const name = await freeName(into, scenario, at, nobody, signal);
  await publishAs(name, at, { scenario, objective }, into);
  return name;
}

function publishAs(name: string, at: string, { scenario, objective }: Operator, into = store) {
  const draft = {
    formatVersion: 1 as const,
    name,
    scenario,
    objective,
    sourceRegion: 'eu-west',
    capturedAt: at,
    finishedAt: at,
    resourceVersions: {},
    objects: [],
    leftOut: [],
    units: [],
    edges: [],
    longestPath: [],
    volumesWithoutData: [],
  };
  return publish({ draft, objects: [], namespaces: ['shop'] }, into, log, signal);
}

const engineOf = ({ objective }: Operator, on = store): Engine =>
  nativeEngine({ store: on, clock, log, objective });

const nothing: PointUse = { inUse: new Map(), offered: new Set(), undecided: undefined };
const keep = (count: number): RetentionPolicy => ({
  keep: count,
  hourly: 0,
  daily: 0,
  weekly: 0,
  monthly: 0,
  maxAge: undefined,
});
const request = (use: () => Partial<PointUse> = () => ({}), count = 1): PruneRequest => ({
  listed: [],
  policy: keep(count),
  verified: new Set(),
  use: async () => ({ ...nothing, ...use() }),
});

const pruneAs = (operator: Operator, asked: PruneRequest) =>
  engineOf(operator).prune(operator.scenario, asked, signal);
const namesFor = async (operator = here): Promise<readonly string[]> =>
  (await engineOf(operator).points(operator.scenario, signal)).map(({ name }) => name);

describe('a prune', () => {
  test('removes everything of the points that retention drops, and offers the others', async () => {
    const [first, second, third] = [await pointAt(0), await pointAt(1), await pointAt(2)];
    const { kept, removed } = await pruneAs(here, request(undefined, 2));
    expect(removed).toEqual([first]);
    expect(kept.map(({ name }) => name)).toEqual([third, second]);
    expect((await store.list('', signal)).filter((key) => key.includes(first))).toEqual([]);
    expect(await namesFor()).toEqual([third, second]);
  });

  test('asks nobody when nothing is to go', async () => {
    await pointAt(0);
    const asked: PruneRequest = { ...request(), use: () => Promise.reject(new Error('asked')) };
    expect((await pruneAs(here, asked)).removed).toEqual([]);
  });

  test('takes a point from the offer first, and removes it only when the published status lists it no more', async () => {
    const [old, newest] = [await pointAt(0), await pointAt(1)];
    const first = await pruneAs(
      here,
      request(() => ({ offered: new Set([old, newest]) })),
    );
    expect(first).toMatchObject({ removed: [], kept: [{ name: newest }] });
    expect(await namesFor()).toEqual([newest, old]);
    const second = await pruneAs(
      here,
      request(() => ({ offered: new Set([newest]) })),
    );
    expect(second.removed).toEqual([old]);
  });

  test('leaves a point alone that an execution took while the prune ran', async () => {
    const [oldest, old, newest] = [await pointAt(0), await pointAt(1), await pointAt(2)];
    let looks = 0;
    const use = () => {
      looks += 1;
      return looks < 3 ? {} : { inUse: new Map([[oldest, 'DRExecution shop-1']]) };
    };
    expect((await pruneAs(here, request(use))).removed).toEqual([old]);
    expect(await namesFor()).toEqual([newest, oldest]);
  });

  test('stops when an execution has been created that has still to choose', async () => {
    const names = [await pointAt(0), await pointAt(1), await pointAt(2)];
    let looks = 0;
    const use = () => {
      looks += 1;
      return looks < 3 ? {} : { undecided: 'DRExecution shop-1' };
    };
    expect((await pruneAs(here, request(use))).removed).toEqual([names[1]]);
    const { kept, removed } = await pruneAs(
      here,
      request(() => ({ undecided: 'DRExecution shop-1' })),
    );
    expect(removed).toEqual([]);
    expect(kept.map(({ name }) => name)).toEqual([names[2], names[0]]);
  });

  test('keeps a point in use in the offer, however old', async () => {
    const [old, newest] = [await pointAt(0), await pointAt(1)];
    const { kept } = await pruneAs(
      here,
      request(() => ({ inUse: new Map([[old, 'DRExecution shop-1']]) })),
    );
    expect(kept.map(({ name }) => name)).toEqual([newest, old]);
  });
});

describe('a store that does not let go of one point', () => {
  const refusing = (stuck: string): Store => ({
    ...store,
    remove: (key, stop) =>
      key.includes(stuck)
        ? Promise.reject(new StoreError('StoreReadOnly', 'the object is locked'))
        : store.remove(key, stop),
  });

  test('gives way for the others, and says why that one is still there', async () => {
    const [first, second, third] = [await pointAt(0), await pointAt(1), await pointAt(2)];
    const { kept, removed, problems } = await engineOf(here, refusing(second)).prune(shop, request(), signal);
    expect(removed).toEqual([first]);
    expect(kept.map(({ name }) => name)).toEqual([third]);
    expect(problems).toEqual([`recovery point ${second}: the object is locked`]);
  });

  test('is pruned all the same when that one was never published', async () => {
    await halfWritten('dr-shop-half', here);
    await halfWritten('dr-shop-other', here);
    const old = await pointAt(0);
    await pointAt(1);
    const pruned = await engineOf(here, refusing('dr-shop-half')).prune(shop, request(), signal);
    expect(pruned.removed).toEqual([old]);
    expect(pruned.problems).toEqual(['recovery point dr-shop-half: the object is locked']);
    expect(await store.get(claimKey('dr-shop-other'), signal)).toBeUndefined();
    expect(await store.get(claimKey('dr-shop-half'), signal)).toBeDefined();
  });
});

describe('operators that share a bucket, each with a scenario of the same name', () => {
  test('find the points of each other, and remove none of them', async () => {
    const theirs = [await pointAt(0, elsewhere), await pointAt(1, elsewhere)];
    const ours = [await pointAt(2), await pointAt(3)];
    const { kept, removed } = await pruneAs(here, request());
    expect(removed).toEqual([ours[0]]);
    expect(kept.map(({ name }) => name)).toEqual([ours[1], theirs[1], theirs[0]]);
    expect((await pruneAs(elsewhere, request())).removed).toEqual([theirs[0]]);
  });

  test('never collect what the other has half written, however old', async () => {
    await pointAt(0, elsewhere);
    await halfWritten('dr-shop-theirs', elsewhere);
    await halfWritten('dr-shop-ours', here);
    wall.at = instant(START + 30 * DAY);
    await pruneAs(here, request());
    expect(await store.get(claimKey('dr-shop-ours'), signal)).toBeUndefined();
    expect(await store.get(claimKey('dr-shop-theirs'), signal)).toBeDefined();
    expect(await store.get(archiveKey('dr-shop-theirs'), signal)).toBeDefined();
  });

  test('collect what a scenario of their own cluster left that was deleted and made again', async () => {
    const former = { ...here, scenario: { ...shop, uid: 'former' } };
    const old = await pointAt(0, former);
    await halfWritten('dr-shop-former', former);
    const newest = await pointAt(1);
    expect((await pruneAs(here, request())).removed).toEqual([old]);
    expect(await namesFor()).toEqual([newest]);
    expect(await store.get(claimKey('dr-shop-former'), signal)).toBeUndefined();
  });

  test('write under different names in the same second', async () => {
    const at = toRfc3339(instant(START));
    expect(await pointAt(0, here)).not.toBe(await pointAt(0, elsewhere));
    expect(await freeName(store, shop, at, nobody, signal)).toMatch(/-3$/);
  });

  test('do not disturb the one that has taken the name first', async () => {
    const at = toRfc3339(instant(START));
    const name = await freeName(store, shop, at, nobody, signal);
    const won = await publishAs(name, at, here);
    await expect(publishAs(name, at, elsewhere)).rejects.toThrow('another operator writes');
    expect((await engineOf(here).open(name, signal)).digest).toBe(won.digest);
    expect(won.manifest.objective).toBe('cluster-1');
  });

  test('find out before they publish when a server without conditional writes gave both the name', async () => {
    const at = toRfc3339(instant(START));
    const lax: Store = {
      ...store,
      create: async (key, body, stop) => {
        await store.put(key, body, stop);
        return true;
      },
    };
    const name = await freeName(lax, shop, at, nobody, signal);
    // The other takes the name when our archive is on its way.
    const overtaken: Store = {
      ...lax,
      put: async (key, body, stop) => {
        if (key === archiveKey(name)) await publishAs(name, at, elsewhere, lax);
        await lax.put(key, body, stop);
      },
    };
    await expect(publishAs(name, at, here, overtaken)).rejects.toThrow('another operator writes');
    expect(await namesFor(elsewhere)).toEqual([name]);
    expect(await engineOf(elsewhere).open(name, signal)).toMatchObject({
      manifest: { objective: 'cluster-2' },
    });
  });

  test('remove nothing of a name of which they do not know whether they got it', async () => {
    const at = toRfc3339(instant(START));
    await publishAs('dr-shop-1', at, elsewhere);
    const unclear: Store = {
      ...store,
      create: () => Promise.reject(new StoreError('StoreUnavailable', 'lost')),
    };
    await expect(publishAs('dr-shop-1', at, here, unclear)).rejects.toThrow('lost');
    expect(await namesFor(elsewhere)).toEqual(['dr-shop-1']);
    await engineOf(elsewhere).open('dr-shop-1', signal);
  });

  test('know a claim as their own when the answer to it was lost', async () => {
    const at = toRfc3339(instant(START));
    const forgetful: Store = {
      ...store,
      create: async (key, body, stop) => {
        await store.create(key, body, stop);
        return false;
      },
    };
    await publishAs('dr-shop-1', at, here, forgetful);
    expect(await namesFor()).toEqual(['dr-shop-1']);
  });
});

describe('beside a Velero on the same bucket', () => {
  test('a point whose backup Velero deleted is not offered, said once, and cleared away', async () => {
    const [lost, good] = [await pointAt(0), await pointAt(1)];
    for (const key of await store.list(`velero/backups/${lost}/`, signal)) await store.remove(key, signal);
    const engine = engineOf(here);
    expect((await engine.points(shop, signal)).map(({ name }) => name)).toEqual([good]);
    expect((await engine.points(shop, signal)).map(({ name }) => name)).toEqual([good]);
    expect(warnings.filter((text) => text.includes('the archive of a recovery point is gone'))).toHaveLength(
      1,
    );
    const held = await engine.prune(
      shop,
      request(() => ({ inUse: new Map([[lost, 'DRExecution shop-1']]) })),
      signal,
    );
    expect(held.removed).toEqual([]);
    expect((await engine.prune(shop, request(), signal)).removed).toEqual([lost]);
    expect(await store.get(manifestKey(lost), signal)).toBeUndefined();
  });

  test('nothing is written below velero/ but backups, so that its location stays valid', async () => {
    await pointAt(0);
    const folders = (await store.list('velero/', signal)).map((key) => key.split('/')[1]);
    expect(new Set(folders)).toEqual(new Set(['backups']));
  });

  test('a backup of its own is never taken for ours, nor overwritten, nor removed', async () => {
    const at = toRfc3339(instant(START));
    const name = await freeName(store, shop, at, nobody, signal);
    const theirs = Buffer.from(JSON.stringify({ kind: 'Backup', metadata: { name, labels: {} } }));
    await store.put(backupKey(name), theirs, signal);
    await store.put(archiveKey(name), theirs, signal);
    expect(await freeName(store, shop, at, nobody, signal)).toBe(`${name}-2`);
    // Even with a claim of ours on the name, from before it was theirs.
    await store.put(claimKey(name), claimOf(here), signal);
    wall.at = instant(START + 30 * DAY);
    await pruneAs(here, request());
    expect(await store.get(claimKey(name), signal)).toBeUndefined();
    expect(await store.list(`velero/backups/${name}/`, signal)).toEqual([archiveKey(name), backupKey(name)]);
  });
});

test('a manifest is read once, and again never while it is there', async () => {
  await pointAt(0);
  await pointAt(1);
  const reads: string[] = [];
  const counting: Store = {
    ...store,
    get: (key, stop) => {
      reads.push(key);
      return store.get(key, stop);
    },
  };
  const engine = engineOf(here, counting);
  const found = await engine.points(shop, signal);
  expect(await engine.points(shop, signal)).toEqual(found);
  expect(reads).toHaveLength(2);
});

test('points that another objective cluster has made are listed as its own, and those of a scenario that was made anew are ours', async () => {
  const ours = await pointAt(0, { ...here, scenario: { ...shop, uid: 'former' } });
  const theirs = await pointAt(1, elsewhere);

  expect(await engineOf(here).points(shop, signal)).toMatchObject([
    { name: theirs, foreign: true, objective: 'cluster-2', sourceRegion: 'eu-west' },
    { name: ours, objective: 'cluster-1' },
  ]);
  const [, own] = await engineOf(here).points(shop, signal);
  expect(own).not.toHaveProperty('foreign');
});

function claimOf({ scenario, objective }: Operator): Uint8Array {
  return Buffer.from(JSON.stringify({ startedAt: toRfc3339(instant(START)), scenario, objective }));
}

async function halfWritten(name: string, operator: Operator): Promise<void> {
  await store.put(claimKey(name), claimOf(operator), signal);
  await store.put(archiveKey(name), Buffer.from('half'), signal);
}
