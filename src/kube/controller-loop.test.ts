import { expect, test } from 'vitest';
import { minutes, seconds } from '../domain/time.ts';
import { manualClock } from '../testing/manual-clock.ts';
import { runController } from './controller-loop.ts';
import { orAborted } from './deadline.ts';
import { unobservedReconciles } from './observers.ts';
import { after, done, type Key, type Reconcile } from './reconciler.ts';
import { recordingLog } from './testing/recording-log.ts';
import { createWorkQueue } from './work-queue.ts';

/** Waits until the run is cut off. */
const forever = (signal: AbortSignal): Promise<never> =>
  orAborted(new Promise<never>(() => undefined), signal);

function start(reconcile: Reconcile, workers = 2) {
  const clock = manualClock();
  const stop = new AbortController();
  const queue = createWorkQueue({ name: 'test', clock, random: () => 0, observer: unobservedReconciles });
  const log = recordingLog();
  const running = runController(
    { name: 'test', queue, workers, reconcile, log, clock, observer: unobservedReconciles },
    stop.signal,
  );
  return { clock, queue, log, stop, running };
}

test('a reconcile is told its key, and comes again after the delay it asked for', async () => {
  const runs: [Key, number][] = [];
  const { clock, queue, stop, running } = start(async (key) => {
    runs.push([key, clock.tick()]);
    return runs.length < 2 ? after(seconds(30)) : done;
  });
  queue.add('shop/web');
  await clock.advance(minutes(5));
  stop.abort();
  await running;
  const key = { namespace: 'shop', name: 'web' };
  expect(runs).toEqual([
    [key, 0],
    [key, 30_000],
  ]);
});

test('a failing reconcile is tried again with growing backoff, and logged without its stack', async () => {
  const moments: number[] = [];
  const { clock, queue, log, stop, running } = start(async () => {
    moments.push(clock.tick());
    if (moments.length < 4) throw new TypeError('no such thing');
    return done;
  });
  queue.add('eu-west');
  await clock.advance(minutes(5));
  stop.abort();
  await running;
  const waits = moments.slice(1).map((moment, index) => moment - (moments[index] ?? 0));
  expect(waits).toEqual([100, 200, 400]);
  expect(log.lines.map(({ level, fields }) => [level, fields])).toEqual(
    Array.from({ length: 3 }, () => [
      'warn',
      { controller: 'test', key: 'eu-west', error: 'TypeError: no such thing' },
    ]),
  );
});

test('keys that wait for something far away do not keep the others waiting, and the second time not even once', async () => {
  const delays: number[] = [];
  let due = 0;
  const { clock, queue, stop, running } = start(async ({ name }, signal) => {
    if (name.startsWith('dead')) return forever(signal);
    delays.push(clock.tick() - due);
    return done;
  });
  const round = async (): Promise<void> => {
    for (let index = 0; index < 10; index += 1) queue.add(`dead-${index}`);
    due = clock.tick();
    queue.add('alive');
    await clock.advance(minutes(4));
  };
  await round();
  await round();
  // Ten keys, two places, a tenth of a second each; then none.
  expect(delays).toEqual([500, 0]);
  stop.abort();
  await running;
});

test('a run that takes too long is cut off and tried again', async () => {
  const ends: unknown[] = [];
  const { clock, queue, stop, running } = start(async (_, signal) => {
    if (ends.length > 0) return done;
    return forever(signal).catch((error: unknown) => {
      ends.push(error);
      throw error;
    });
  });
  queue.add('a');
  await clock.advance(minutes(3));
  expect(ends).toMatchObject([{ code: 'DeadlineExceeded' }]);
  expect(queue.depth()).toBe(0);
  stop.abort();
  await running;
});

test('stopping tells the runs under way and waits for them', async () => {
  let cleaned = false;
  const { clock, queue, stop, running } = start(async (_, signal) => {
    try {
      return await forever(signal);
    } finally {
      await Promise.resolve();
      cleaned = true;
    }
  });
  queue.add('a');
  await clock.advance(seconds(5));
  stop.abort();
  await running;
  expect(cleaned).toBe(true);
  expect(clock.sleeping()).toBe(0);
});
