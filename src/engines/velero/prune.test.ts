import { afterEach, beforeEach, expect, test } from 'vitest';
import { minutes } from '../../domain/time.ts';
import { KubeError } from '../../kube/errors.ts';
import type { PruneRequest } from '../engine.ts';
import { archiveKey, manifestKey } from '../native/points/layout.ts';
import { shop, type VeleroWorld, veleroWorld } from './testing/world.ts';

const { signal } = new AbortController();
let world: VeleroWorld;
beforeEach(async () => {
  world = await veleroWorld();
});
afterEach(() => world.remove());

const keepOne: PruneRequest = {
  listed: [],
  policy: { keep: 1, maxAge: undefined, hourly: 0, daily: 0, weekly: 0, monthly: 0 },
  verified: new Set(),
  use: async () => ({ inUse: new Map(), offered: new Set(), undecided: undefined }),
};

async function captured(): Promise<string> {
  const result = await world.capture();
  if (result.kind !== 'captured') throw new Error(JSON.stringify(result));
  await world.clock.advance(minutes(90));
  return result.point.manifest.name;
}

const has = async (key: string): Promise<boolean> => (await world.store.get(key, signal)) !== undefined;
const asked = () =>
  world.source.objects
    .filter(({ kind }) => kind === 'DeleteBackupRequest')
    .map(({ metadata }) => metadata.name);

test('a point whose deletion Velero cannot be asked for is unpublished and keeps its files, since Velero would forget its snapshots with them; the next prune asks again', async () => {
  const old = await captured();
  await captured();
  const refused = new KubeError('TooManyRequests', 'eu-west: asks for less', { cluster: 'eu-west' });
  world.source.refusal = { verb: 'create', error: refused };

  await world.engine().prune(shop, keepOne, signal);

  expect(await has(manifestKey(old))).toBe(false);
  expect(await has(archiveKey(old))).toBe(true);
  expect(asked()).toEqual([]);
  world.source.refusal = undefined;
  await world.engine().prune(shop, keepOne, signal);
  expect(asked()).toEqual([old]);
});

test('the files of a point that Velero in the source does not know are removed directly', async () => {
  const old = await captured();
  await captured();
  const index = world.source.objects.findIndex(({ metadata }) => metadata.name === old);
  world.source.objects.splice(index, 1);

  await world.engine().prune(shop, keepOne, signal);

  expect(await has(manifestKey(old))).toBe(false);
  expect(await has(archiveKey(old))).toBe(false);
});

test('a backup whose manifest the bucket has lost is not deleted while its point is listed, and told; it is once the point is given up', async () => {
  const old = await captured();
  await captured();
  await world.store.remove(manifestKey(old), signal);

  const { missing } = await world.engine().prune(shop, { ...keepOne, listed: [{ name: old }] }, signal);

  expect(missing?.points).toEqual([old]);
  expect(asked()).toEqual([]);
  expect(await has(archiveKey(old))).toBe(true);
  expect((await world.engine().prune(shop, keepOne, signal)).missing).toBeUndefined();
  expect(asked()).toEqual([old]);
});

test('a listed point whose backup was deleted through Velero is cleared away and not told as missing', async () => {
  const old = await captured();
  await captured();
  for (const key of await world.store.list(`velero/backups/${old}/`, signal))
    await world.store.remove(key, signal);

  const { missing, removed } = await world
    .engine()
    .prune(shop, { ...keepOne, listed: [{ name: old, claimsWithData: 1 }] }, signal);

  expect(missing).toBeUndefined();
  expect(removed).toEqual([old]);
  expect(await has(manifestKey(old))).toBe(false);
});
