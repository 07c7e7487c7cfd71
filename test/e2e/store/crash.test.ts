/**
 * An operator that is killed at any call to the store, one after the other:
 * while it publishes a point, while it prunes. On a directory and on a real S3
 * server, with points made of values, so that nothing but the store matters.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADD_ON_TIMEOUT_MS } from '../../../hack/harness/add-on.ts';
import { ensureS3, type LabS3 } from '../../../hack/harness/s3.ts';
import type { Engine, PruneRequest } from '../../../src/engines/engine.ts';
import { nativeEngine } from '../../../src/engines/native/engine.ts';
import type { Store } from '../../../src/store/store.ts';
import { directoryStore } from '../../../src/store/testing/directory-store.ts';
import { getLab } from '../lab.ts';
import { bucketStore, KilledError, killedAt, makePoint, shop, silent, wallClock } from './support.ts';

const MINUTE = 60_000;
/** Each kill is a capture or prune of its own, and there are dozens. */
const PATIENCE = 20 * MINUTE;
const START = Date.parse('2026-11-23T12:00:00Z');
const signal = new AbortController().signal;

let server: LabS3;
let root: string;
beforeAll(async () => {
  server = await ensureS3(await getLab());
  await server.makeBucket('crash');
  root = await mkdtemp(join(tmpdir(), 'antipode-crash-'));
}, ADD_ON_TIMEOUT_MS);
afterAll(() => rm(root, { recursive: true, force: true }));

let folders = 0;
/** An empty store each time. */
const stores: Readonly<Record<string, () => Store>> = {
  'a directory': () => directoryStore(join(root, `${(folders += 1)}`)),
  'an S3 server': () => bucketStore(server, 'crash', { prefix: `run-${(folders += 1)}` }),
};

const keepTwo = (verified: readonly string[]): PruneRequest => ({
  listed: [],
  policy: { keep: 2, hourly: 0, daily: 0, weekly: 0, monthly: 0, maxAge: undefined },
  verified: new Set(verified),
  use: async () => ({ inUse: new Map(), offered: new Set(), undecided: undefined }),
});

const engineOn = (store: Store, now = START + 10 * MINUTE): Engine =>
  nativeEngine({ store, clock: wallClock(now), log: silent, objective: 'cluster-1' });

/** Names of all points, each read whole. @throws when one of them is not what was captured */
async function openable(store: Store): Promise<readonly string[]> {
  const engine = engineOn(store);
  const points = await engine.points(shop, signal);
  for (const { name } of points) await engine.open(name, signal);
  return points.map(({ name }) => name);
}

/** Everything in the store that belongs to no listed point. */
async function litter(store: Store): Promise<readonly string[]> {
  const names = await openable(store);
  const keys = await store.list('', signal);
  return keys.filter(
    (key) => !names.some((name) => key.includes(`/${name}.json`) || key.includes(`/${name}/`)),
  );
}

describe.each(Object.keys(stores))('an operator on %s', (kind) => {
  const open = stores[kind] ?? (() => Promise.reject(new Error(kind)) as never);

  test.each(['before', 'after'] as const)(
    'killed %s any call of a capture, leaves the former point good and no other, and the next capture succeeds',
    async (moment) => {
      const store = open();
      let interrupted = 0;
      for (let n = 1; ; n += 1) {
        const at = START + n * 10 * MINUTE;
        const former = await makePoint(store, at, `former ${n}`, signal);
        const dying = killedAt(store, n, moment);
        const outcome = await makePoint(dying, at + MINUTE, `killed ${n}`, signal).catch(
          (error: unknown) => error,
        );
        const names = await openable(store);
        expect(names).toContain(former.manifest.name);
        if (outcome instanceof KilledError) interrupted += 1;
        else if (outcome instanceof Error) throw outcome;
        const next = await makePoint(store, at + 2 * MINUTE, `next ${n}`, signal);
        expect((await openable(store))[0]).toBe(next.manifest.name);
        // Its last call was the manifest's, so the point is there or the kill came too late to matter.
        if (dying.calls() < n) break;
        await engineOn(store, at + 180 * MINUTE).prune(shop, keepTwo([next.manifest.name]), signal);
        expect(await litter(store)).toEqual([]);
        expect(await openable(store)).toHaveLength(2);
      }
      expect(interrupted).toBeGreaterThan(8);
    },
    PATIENCE,
  );

  test.each(['before', 'after'] as const)(
    'killed %s any call of a prune, loses no point that is kept and shows none in part; the next prune ends it',
    async (moment) => {
      const store = open();
      let interrupted = 0;
      for (let n = 1; ; n += 1) {
        const at = START + n * 10 * MINUTE;
        const made: string[] = [];
        for (let minute = 0; minute < 3; minute += 1)
          made.push((await makePoint(store, at + minute * MINUTE, `${n}`, signal)).manifest.name);
        const [, older = '', newest = ''] = made;
        const dying = killedAt(store, n, moment);
        const request = keepTwo([newest]);
        const outcome = await engineOn(dying)
          .prune(shop, request, signal)
          .catch((error: unknown) => error);
        expect(await openable(store)).toEqual(expect.arrayContaining([newest, older]));
        if (outcome instanceof KilledError) interrupted += 1;
        else if (outcome instanceof Error) throw outcome;
        await engineOn(store, at + 180 * MINUTE).prune(shop, request, signal);
        expect(await openable(store)).toEqual([newest, older]);
        expect(await litter(store)).toEqual([]);
        if (dying.calls() < n) break;
      }
      expect(interrupted).toBeGreaterThan(12);
    },
    PATIENCE,
  );
});
