/**
 * Drives a controller: takes keys from a queue and reconciles several at a time.
 * Places are limited for runs that compute, not for runs that wait: one that
 * lasts gives its place to another key, and a key whose last run lasted takes no
 * place at all. So however many keys wait for an unreachable cluster, the others
 * do not. A run that takes too long is cut off and tried again later.
 */
import { type Clock, between as elapsedBetween, type Millis, millis, minutes } from '../domain/time.ts';
import { onAbort, withDeadline } from './deadline.ts';
import { describeError, type Log } from './log.ts';
import type { ReconcileObserver } from './observers.ts';
import { keyFromText, type Reconcile } from './reconciler.ts';
import type { WorkQueue } from './work-queue.ts';

/** A run is cut off after this; steps that take longer are spread over several runs. */
export const RUN_DEADLINE = minutes(2);
/**
 * A run that lasts longer is waiting for something far away. Short, because when
 * a cluster vanishes every key of it holds a place for so long, once.
 */
export const SLOW_AFTER = millis(100);

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
  const runs: Runs = { underWay: new Set(), slowKeys: new Set() };
  await Promise.all(Array.from({ length: workers }, () => work(controller, runs, signal)));
  await Promise.all(runs.underWay);
  undo();
}

interface Runs {
  readonly underWay: Set<Promise<void>>;
  /** Keys whose last run outlasted its place. */
  readonly slowKeys: Set<string>;
}

/** One place. */
async function work(
  controller: Controller,
  { underWay, slowKeys }: Runs,
  signal: AbortSignal,
): Promise<void> {
  const { queue, clock, slowAfter = SLOW_AFTER } = controller;
  for (;;) {
    const taken = await queue.take();
    if (taken === undefined || signal.aborted) return;
    const { key, waited } = taken;
    const ended = new AbortController();
    const run = reconcileOne(controller, key, waited, signal).finally(() => {
      underWay.delete(run);
      ended.abort();
    });
    underWay.add(run);
    const lasting = clock.sleep(slowAfter, ended.signal).then(
      () => slowKeys.add(key),
      // Rejects when the run ends first.
      () => slowKeys.delete(key),
    );
    if (!slowKeys.has(key)) await lasting;
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
