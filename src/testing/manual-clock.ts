/**
 * A clock that a test moves by hand. Sleepers wake in the order of their
 * moments, each with the clock standing exactly at its own, and everything a
 * sleeper starts has settled before the next one wakes. So a test of hours runs
 * in milliseconds and always the same way.
 */
import { setMaxListeners } from 'node:events';
import { type Clock, type Instant, instant, type Millis, tick } from '../domain/time.ts';

export interface ManualClock extends Clock {
  /** Moves both clocks forward, waking on the way whoever sleeps. */
  advance(by: Millis): Promise<void>;
  /** Moves only the wall clock, as when an administrator sets it. */
  setWall(to: Instant): void;
  /** Number of sleepers. */
  sleeping(): number;
}

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** Lets everything that is already resolved run on. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function manualClock(start: Instant = instant(1_800_000_000_000)): ManualClock {
  const sleepers = new Set<Sleeper>();
  let monotonic = 0;
  let wall: number = start;

  const moveTo = (moment: number): void => {
    wall += moment - monotonic;
    monotonic = moment;
  };
  const earliest = (): Sleeper | undefined => {
    let first: Sleeper | undefined;
    for (const sleeper of sleepers) if (first === undefined || sleeper.at < first.at) first = sleeper;
    return first;
  };

  return {
    now: () => instant(wall),
    tick: () => tick(monotonic),
    sleep: (delay, signal) =>
      new Promise((resolve, reject) => {
        setMaxListeners(0, signal);
        const abort = (): void => {
          sleepers.delete(sleeper);
          reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
        };
        const sleeper: Sleeper = {
          at: monotonic + Math.max(delay, 0),
          wake: () => {
            signal.removeEventListener('abort', abort);
            resolve();
          },
        };
        sleepers.add(sleeper);
        if (signal.aborted) abort();
        else signal.addEventListener('abort', abort, { once: true });
      }),
    advance: async (by) => {
      const target = monotonic + by;
      await settle();
      for (let next = earliest(); next !== undefined && next.at <= target; next = earliest()) {
        moveTo(Math.max(next.at, monotonic));
        sleepers.delete(next);
        next.wake();
        await settle();
      }
      moveTo(target);
    },
    setWall: (to) => {
      wall = to;
    },
    sleeping: () => sleepers.size,
  };
}
