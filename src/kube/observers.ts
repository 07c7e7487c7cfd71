/**
 * What this folder reports about its own work, for whoever keeps metrics. Called
 * synchronously on hot paths: an observer only counts, and never throws.
 */
import type { Millis } from '../domain/time.ts';

export interface ClientObserver {
  /** One call, retries included. `code` is `OK`, the code of the KubeError, or `Cancelled` when the caller gave up. */
  request(call: {
    readonly cluster: string;
    readonly verb: string;
    readonly code: string;
    readonly millis: Millis;
  }): void;
  /** A watch ended and another begins. `reason` is `TimedOut` for the planned end, else an error's code. */
  watchRestart(restart: { readonly cluster: string; readonly kind: string; readonly reason: string }): void;
}

export interface QueueObserver {
  /** Keys ready and not yet taken. */
  depth(queue: string, length: number): void;
  added(queue: string): void;
  /** Added again with backoff, after a failure. */
  retried(queue: string): void;
}

export interface ReconcileObserver extends QueueObserver {
  reconciled(run: {
    readonly queue: string;
    readonly result: 'succeeded' | 'failed';
    /** Time the key was ready before it was taken. */
    readonly waited: Millis;
    /** Time its reconcile took. */
    readonly took: Millis;
  }): void;
}

const nothing = (): void => undefined;
export const unobservedClient: ClientObserver = { request: nothing, watchRestart: nothing };
export const unobservedReconciles: ReconcileObserver = {
  depth: nothing,
  added: nothing,
  retried: nothing,
  reconciled: nothing,
};
