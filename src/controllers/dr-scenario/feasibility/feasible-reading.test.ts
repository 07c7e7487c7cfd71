import { expect, test } from 'vitest';
import { nothingRemembered } from '../../../domain/protection/capture-memory.ts';
import { type Millis, minutes, seconds } from '../../../domain/time.ts';
import { manualClock } from '../../../testing/manual-clock.ts';
import { partialCluster } from '../../../testing/region.ts';
import { silent } from '../../../testing/silent-log.ts';
import { engineOf, openPoint } from '../../dr-execution/testing/world.ts';
import { decide } from '../decide.ts';
import { aWorld, shopSpec } from '../testing/world.ts';
import { questionOf, review } from './feasible.ts';

const never = new AbortController().signal;
const recoveryPoint = {
  name: 'p1',
  capturedAt: '2026-03-01T11:59:50Z',
  verifiedAt: '2026-03-01T11:59:52Z',
  objects: 1,
  bytes: 1,
  digest: 'd',
};

/** One review of a protected scenario whose store takes its time to give the point; the recovery cluster answers at once. */
function reviewing(takes: Millis) {
  const clock = manualClock();
  const world = aWorld({ status: { recoveryPoint, acceptedSpec: shopSpec } });
  const decision = decide(world, nothingRemembered, { tick: clock.tick(), instant: clock.now() });
  const question = questionOf(world, decision, undefined);
  if (question === undefined) throw new Error('nothing is asked');
  const answer = { done: 0, total: 0, accepted: 0, notRehearsed: new Map(), findings: [], added: [] };
  const engine = {
    ...engineOf({}),
    open: async (_name: string, signal: AbortSignal) => {
      await clock.sleep(takes, signal);
      return openPoint();
    },
    rehearse: async () => answer,
  };
  const cluster = partialCluster('eu-north', {
    list: async () => ({ items: [], resourceVersion: '1' }),
    typeFor: async () => undefined,
  });
  const clusters = { objective: cluster, region: () => ({ kind: 'available' as const, cluster }) };
  const deps = { clock, engine: () => engine, clusters, log: silent };
  return { clock, reviewed: review(question, undefined, deps, never) };
}

test('a point that takes longer to read than the recovery cluster may take to answer is asked about all the same', async () => {
  const { clock, reviewed } = reviewing(minutes(4));
  await clock.advance(minutes(5));
  expect((await reviewed)?.answer.kind).toBe('rehearsed');
});

test('a store that never gives the point is told of, and not the recovery region', async () => {
  const { clock, reviewed } = reviewing(minutes(100_000));
  await clock.advance(minutes(30));
  await clock.advance(seconds(1));
  expect((await reviewed)?.answer).toEqual({
    kind: 'not-rehearsed',
    message: 'recovery point p1 was not read within 30m: see that its store answers and is fast enough',
  });
});
