import { beforeEach, expect, it } from 'vitest';
import { nothingRemembered } from '../../../domain/protection/capture-memory.ts';
import { instant, minutes, seconds, tick } from '../../../domain/time.ts';
import type { KeptPoint } from '../../../engines/engine.ts';
import { keyFromText } from '../../../kube/reconciler.ts';
import { StoreError } from '../../../store/store.ts';
import { type ManualClock, manualClock } from '../../../testing/manual-clock.ts';
import { silent } from '../../../testing/silent-log.ts';
import { decide } from '../decide.ts';
import { aWorld, shopSpec } from '../testing/world.ts';
import { createFinds, type Finds, type FindWish, findWishOf } from './finds.ts';

const signal = new AbortController().signal;
const key = keyFromText('dr/shop');
const wish: FindWish = { scenario: { namespace: 'dr', name: 'shop', uid: 'uid-1' }, spec: shopSpec };
const point: KeptPoint = {
  name: 'p1',
  capturedAt: '2026-03-01T11:59:50Z',
  objects: 1,
  bytes: 100,
  digest: 'sha256:p1',
  claimsWithData: 0,
  scenario: wish.scenario,
  sourceRegion: 'eu-west',
};

let clock: ManualClock;
let stored: readonly KeptPoint[] | StoreError;
let looks: number;
let told: number;
let finds: Finds;
beforeEach(() => {
  clock = manualClock();
  stored = [];
  looks = 0;
  told = 0;
  finds = createFinds({
    finds: { add: () => undefined },
    scenarios: { add: () => void (told += 1) },
    engine: () => ({
      points: async () => {
        looks += 1;
        if (stored instanceof StoreError) throw stored;
        return stored;
      },
    }),
    clock,
    log: silent,
  });
});

async function pass(asked: FindWish = wish) {
  finds.ask(key, asked);
  await finds.reconcile(key, signal);
  return finds.ask(key, asked);
}

it('tells what the store has, and has the scenario look at it', async () => {
  stored = [point];

  expect(await pass()).toMatchObject({ points: [point], problem: undefined });
  expect(told).toBe(1);
});

it('looks ever less often while there is nothing, and not with every pass', async () => {
  for (let passed = 0; passed < 60; passed += 1) {
    await pass();
    await clock.advance(seconds(30));
  }

  // After 0, 30 s, 1 m 30 s, 3 m 30 s, 7 m 30 s, 15 m 30 s and 25 m 30 s.
  expect(looks).toBe(7);
});

it('says why a store cannot be looked through, and finds the points once it can', async () => {
  stored = new StoreError('StoreUnavailable', 'bucket points does not answer');
  expect(await pass()).toMatchObject({ points: [], problem: 'bucket points does not answer' });

  stored = [point];
  await clock.advance(minutes(1));

  expect(await pass()).toMatchObject({ points: [point], problem: undefined });
});

it('looks at once into a store that is new to the scenario', async () => {
  await pass();
  const store = { filesystem: { path: '/other' } };
  await pass({ ...wish, spec: { ...shopSpec, replication: { ...shopSpec.replication, store } } });

  expect(looks).toBe(2);
});

it('forgets what it has found when points are listed, as they may be gone when none is listed again', async () => {
  stored = [point];
  await pass();
  finds.ask(key, undefined);
  stored = [];

  expect(await pass()).toMatchObject({ points: [] });
});

it('is asked for while status tells of no point at all', () => {
  const { name, capturedAt, objects, bytes, digest } = point;
  const listed = { name, capturedAt, objects, bytes, digest };
  const now = { tick: tick(0), instant: instant(0) };
  const wished = (status: object) => {
    const world = aWorld({ status });
    return findWishOf(world, decide(world, nothingRemembered, now).inForce);
  };

  expect(wished({})).toMatchObject({ scenario: wish.scenario });
  expect(wished({ recoveryPoints: [listed] })).toBeUndefined();
  expect(wished({ missingPoints: [{ name: 'p0' }] })).toBeUndefined();
});
