/**
 * Keys to be worked on, with the semantics of client-go's queue: a key waits at
 * most once, is never worked on twice at a time, and one that is added while
 * being worked on comes back when that is done. What to do with a key, and how
 * many at a time, is the business of `controller-loop.ts`.
 */
import {
  type Clock,
  between as elapsedBetween,
  type Millis,
  millis,
  seconds,
  type Tick,
} from '../domain/time.ts';
import { type BackoffPolicy, backoffDelay, type Random } from './backoff.ts';
import type { QueueObserver } from './observers.ts';

/** After the first failure up to 200 ms, then doubling; a minute at most, because a region's recovery must be noticed. */
export const RETRY_BACKOFF: BackoffPolicy = { base: millis(200), max: seconds(60) };

export interface Taken {
  readonly key: string;
  /** How long it was ready before it was taken. */
  readonly waited: Millis;
}

export interface WorkQueue {
  /** Makes a key ready; nothing when it is ready already. */
  add(key: string): void;
  /** Makes a key ready after `delay`; of several delays of one key the earliest end counts. */
  addAfter(key: string, delay: Millis): void;
  /** Makes a key ready after its backoff, which grows each time until {@link forget}. */
  addRateLimited(key: string): void;
  /** Ends the backoff of a key that succeeded. */
  forget(key: string): void;
  /** Waits for a ready key; undefined once the queue is shut down and empty. Ends with {@link done}. */
  take(): Promise<Taken | undefined>;
  /** Every taken key must be given back, or it is never handed out again. */
  done(key: string): void;
  /** Nothing is added any more; takers get what is ready, then undefined. */
  shutDown(): void;
  /** Number of ready keys. */
  depth(): number;
}

export interface QueueOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly observer: QueueObserver;
  /** Default {@link RETRY_BACKOFF}. */
  readonly backoff?: BackoffPolicy;
}

export function createWorkQueue(options: QueueOptions): WorkQueue {
  const { name, clock, random, observer, backoff = RETRY_BACKOFF } = options;
  /** Ready keys in order, with the moment they became ready. */
  const ready = new Map<string, Tick>();
  /** Taken and not done. */
  const processing = new Set<string>();
  /** Added while processing. */
  const again = new Set<string>();
  const failures = new Map<string, number>();
  /** Per key, what cancels its delay and when that ends. */
  const delayed = new Map<string, { readonly at: number; readonly cancel: AbortController }>();
  const takers: ((taken: Taken | undefined) => void)[] = [];
  let shut = false;

  const hand = (): void => {
    while (takers.length > 0 && ready.size > 0) {
      const [first] = ready;
      const taker = takers.shift();
      if (first === undefined || taker === undefined) return;
      const [key, since] = first;
      ready.delete(key);
      processing.add(key);
      taker({ key, waited: elapsedBetween(since, clock.tick()) });
    }
    if (shut && ready.size === 0) for (const taker of takers.splice(0)) taker(undefined);
    observer.depth(name, ready.size);
  };
  const add = (key: string): void => {
    if (shut || ready.has(key) || again.has(key)) return;
    observer.added(name);
    if (processing.has(key)) again.add(key);
    else ready.set(key, clock.tick());
    hand();
  };
  const addAfter = (key: string, delay: Millis): void => {
    if (shut) return;
    if (delay <= 0) {
      add(key);
      return;
    }
    const at = clock.tick() + delay;
    const waiting = delayed.get(key);
    if (waiting !== undefined && waiting.at <= at) return;
    waiting?.cancel.abort();
    const cancel = new AbortController();
    delayed.set(key, { at, cancel });
    const arrive = (): void => {
      delayed.delete(key);
      add(key);
    };
    // Rejects only when an earlier moment or the end of the queue replaced it.
    clock.sleep(delay, cancel.signal).then(arrive, () => undefined);
  };

  return {
    add,
    addAfter,
    addRateLimited: (key) => {
      const before = failures.get(key) ?? 0;
      failures.set(key, before + 1);
      observer.retried(name);
      addAfter(key, backoffDelay(backoff, before, random));
    },
    forget: (key) => {
      failures.delete(key);
    },
    take: () =>
      new Promise((resolve) => {
        takers.push(resolve);
        hand();
      }),
    done: (key) => {
      processing.delete(key);
      if (!again.delete(key) || shut) return;
      ready.set(key, clock.tick());
      hand();
    },
    shutDown: () => {
      shut = true;
      for (const { cancel } of delayed.values()) cancel.abort();
      delayed.clear();
      hand();
    },
    depth: () => ready.size,
  };
}
