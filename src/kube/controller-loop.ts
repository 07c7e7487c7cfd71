/**
 * Drives a controller: takes keys from a queue and reconciles several at a time.
 * A run that takes long gives its place to another key, so that keys which wait
 * for an unreachable cluster never keep the others waiting; a run that takes too
 * long is cut off and tried again later.
 */
import { type Clock, between as elapsedBetween, type Millis, minutes, seconds } from '../domain/time.ts';
import { onAbort, withDeadline } from './deadline.ts';
import { describeError, type Log } from './log.ts';
import type { ReconcileObserver } from './observers.ts';
import { keyFromText, type Reconcile } from './reconciler.ts';
import type { WorkQueue } from './work-queue.ts';

/** A run is cut off after this; steps that take longer are spread over several runs. */
export const RUN_DEADLINE = minutes(2);
/** A run that lasts longer is waiting for something far away: its place is given to another key. */
export const SLOW_AFTER = seconds(1);

export interface Controller {
  /** For logs and metrics. */
  readonly name: string;
  readonly queue: WorkQueue;
  /** Keys worked on at a time, not counting those that are slow. */
  readonly workers: number;
  readonly reconcile: Reconcile;
  readonly log: Log;
  readonly clock: Clock;
  readonly observer: ReconcileObserver;
  /** Default {@link RUN_DEADLINE}. */
  readonly runDeadline?: Millis;
  /** Default {@link SLOW_AFTER}. */
  readonly slowAfter?: Millis;
}

/** Runs until `signal` aborts; resolves when every run that was under way has ended. Never rejects. */
export async function runController(controller: Controller, signal: AbortSignal): Promise<void> {
  const { queue, workers } = controller;
  const undo = onAbort(signal, () => queue.shutDown());
  const slow = new Set<Promise<void>>();
  await Promise.all(Array.from({ length: workers }, () => work(controller, slow, signal)));
  await Promise.all(slow);
  undo();
}

async function work(controller: Controller, slow: Set<Promise<void>>, signal: AbortSignal): Promise<void> {
  const { queue, clock, slowAfter = SLOW_AFTER } = controller;
  for (;;) {
    const taken = await queue.take();
    if (taken === undefined || signal.aborted) return;
    const ended = new AbortController();
    const run = reconcileOne(controller, taken.key, taken.waited, signal).finally(() => ended.abort());
    slow.add(run);
    const forget = (): void => void slow.delete(run);
    run.then(forget, forget);
    // Rejects when the run ends first: either way this place is free.
    await clock.sleep(slowAfter, ended.signal).catch(() => undefined);
  }
}

async function reconcileOne(
  { name, queue, reconcile, log, clock, observer, runDeadline = RUN_DEADLINE }: Controller,
  key: string,
  waited: Millis,
  signal: AbortSignal,
): Promise<void> {
  const start = clock.tick();
  const report = (result: 'succeeded' | 'failed'): void =>
    observer.reconciled({ queue: name, result, waited, took: elapsedBetween(start, clock.tick()) });
  try {
    const next = await withDeadline(clock, runDeadline, signal, (bounded) =>
      reconcile(keyFromText(key), bounded),
    );
    queue.forget(key);
    if (next.kind === 'after') queue.addAfter(key, next.delay);
    report('succeeded');
  } catch (error) {
    // Stopping is no failure of the key; whoever starts next looks at every key anyway.
    if (signal.aborted) return;
    log.warn({ controller: name, key, error: describeError(error) }, 'reconcile failed, will be tried again');
    queue.addRateLimited(key);
    report('failed');
  } finally {
    queue.done(key);
  }
}
