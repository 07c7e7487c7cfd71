import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { manifestOf } from '../../../domain/execution/testing/manifest.ts';
import { minutes, toRfc3339 } from '../../../domain/time.ts';
import type { Store } from '../../../store/store.ts';
import { directoryStore } from '../../../store/testing/directory-store.ts';
import { type ManualClock, manualClock } from '../../../testing/manual-clock.ts';
import { silent } from '../../../testing/silent-log.ts';
import type { ListedPoint, PruneRequest } from '../../engine.ts';
import { nativeEngine } from '../engine.ts';
import { archiveKey, claimKey, manifestKey } from './layout.ts';
import { publish } from './publish.ts';

const signal = new AbortController().signal;
const shop = { namespace: 'dr', name: 'shop', uid: 'uid-1' };
const volume = { claim: 'PersistentVolumeClaim/shop/db', strategy: 'SnapshotHandle' as const, reason: '' };

let root: string;
let store: Store;
let clock: ManualClock;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'antipode-missing-'));
  clock = manualClock();
  store = directoryStore(root);
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** @param data whether that of a claim is in it */
async function pointOf(data: 'with data' | 'objects only', scenario = shop): Promise<ListedPoint> {
  await clock.advance(minutes(120));
  const at = toRfc3339(clock.now());
  const name = `dr-shop-${at.replaceAll(/\D/g, '').slice(0, 14)}`;
  const volumes = data === 'with data' ? { volumes: [volume], recoveryRegion: 'eu-north' } : {};
  const { archive: _, ...draft } = manifestOf({ name, scenario, capturedAt: at, ...volumes });
  await publish({ draft, objects: [], namespaces: ['shop'] }, store, silent, signal);
  return { name, claimsWithData: data === 'with data' ? 1 : 0 };
}

async function lose(which: (key: string) => boolean): Promise<void> {
  for (const key of await store.list('', signal)) if (which(key)) await store.remove(key, signal);
}

/** By an operator that remembers nothing; three hours later. */
async function prune(listed: readonly ListedPoint[], keep = 5) {
  await clock.advance(minutes(180));
  const request: PruneRequest = {
    listed,
    policy: { keep, hourly: 0, daily: 0, weekly: 0, monthly: 0, maxAge: undefined },
    verified: new Set(),
    use: async () => ({ inUse: new Map(), offered: new Set(), undecided: undefined }),
  };
  return nativeEngine({ store, clock, log: silent }).prune(shop, request, signal);
}

const has = async (key: string): Promise<boolean> => (await store.get(key, signal)) !== undefined;

describe('a store that was emptied', () => {
  test('has lost the points with data that are listed, which is told with the store and the remedy', async () => {
    const lost = [await pointOf('with data'), await pointOf('with data')];
    await lose(() => true);
    const after = await pointOf('with data');

    const { kept, missing } = await prune(lost);

    expect(kept.map(({ name }) => name)).toEqual([after.name]);
    expect(missing?.points).toEqual(lost.map(({ name }) => name));
    expect(missing?.message).toContain(lost[0]?.name);
    expect(missing?.message).toContain(store.location);
    expect(missing?.message).toContain('antipode.dev/points-gone');
  });

  test('has lost a point that an earlier version listed, which did not tell whether it has data', async () => {
    const { name } = await pointOf('objects only');
    await lose(() => true);

    expect((await prune([{ name }])).missing?.points).toEqual([name]);
  });

  test('leaves nothing to be kept of points of objects only', async () => {
    const lost = await pointOf('objects only');
    await lose(() => true);

    expect((await prune([lost])).missing).toBeUndefined();
  });

  test('offers the points again when they are back', async () => {
    const point = await pointOf('with data');

    const { kept, missing } = await prune([point]);

    expect(kept.map(({ name }) => name)).toEqual([point.name]);
    expect(missing).toBeUndefined();
  });
});

describe('a manifest that is gone', () => {
  test('may come back to the files of a listed point, so they stay, however old', async () => {
    const lost = await pointOf('objects only');
    await lose((key) => key === manifestKey(lost.name));

    const { missing } = await prune([lost]);

    expect(missing?.points).toEqual([lost.name]);
    expect(await has(archiveKey(lost.name))).toBe(true);
    expect(await has(claimKey(lost.name))).toBe(true);
  });

  test('leaves files that are removed when the point is not listed any more', async () => {
    const lost = await pointOf('objects only');
    await lose((key) => key === manifestKey(lost.name));

    expect((await prune([])).missing).toBeUndefined();

    expect(await store.list('', signal)).toEqual([]);
  });
});

describe('an archive that is gone', () => {
  test('leaves the manifest of a listed point with data in place, as it stands for the snapshots', async () => {
    const lost = await pointOf('with data');
    await lose((key) => key.startsWith('velero/'));

    const { removed, missing } = await prune([lost]);

    expect(missing?.points).toEqual([lost.name]);
    expect(removed).toEqual([]);
    expect(await has(manifestKey(lost.name))).toBe(true);
  });

  test('takes the manifest along when the point is not listed any more, or has no data', async () => {
    const given = await pointOf('with data');
    const bare = await pointOf('objects only');
    await lose((key) => key.startsWith('velero/'));

    const { removed, missing } = await prune([bare]);

    expect(missing).toBeUndefined();
    expect([...removed].toSorted()).toEqual([given.name, bare.name]);
  });
});

test('what retention removes is never told as missing', async () => {
  const [old, newest] = [await pointOf('with data'), await pointOf('with data')];

  // From the view of a status that is one capture behind.
  const { removed, missing } = await prune([old, newest], 1);

  expect(removed).toEqual([old.name]);
  expect(missing).toBeUndefined();
});

test('a point of another operator is offered as foreign', async () => {
  const theirs = await pointOf('with data', { ...shop, uid: 'uid-of-another' });
  const ours = await pointOf('with data');

  const { kept } = await prune([ours]);

  expect(kept.map(({ name, foreign }) => [name, foreign])).toEqual([
    [ours.name, undefined],
    [theirs.name, true],
  ]);
});
