/**
 * Bounding work in time. Signals are linked by hand and unlinked when the work
 * ends: `AbortSignal.any` on a signal that lives as long as the process would
 * keep a reference for every call ever made.
 */
import { setMaxListeners } from 'node:events';
import type { Clock, Millis } from '../domain/time.ts';
import { formatDuration } from '../domain/time.ts';

/** The work was not finished in the time it had. */
export class DeadlineExceededError extends Error {
  override readonly name = 'DeadlineExceededError';
  readonly code = 'DeadlineExceeded';
  readonly retry = 'backoff';
  readonly limit: Millis;

  constructor(limit: Millis) {
    super(`not finished within ${formatDuration(limit)}`);
    this.limit = limit;
  }
}

/** Calls `listener` once when `signal` aborts, at once when it has; call the result to undo it. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  // The signal of the process has hundreds of listeners, all of them removed again: no leak to warn of.
  setMaxListeners(0, signal);
  if (signal.aborted) listener();
  else signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}

/** Aborts `controller` when `parent` is or becomes aborted; call the result to undo it. */
export function follow(parent: AbortSignal, controller: AbortController): () => void {
  return onAbort(parent, () => controller.abort(parent.reason));
}

/** One for all calls: a reason made anew, with its stack, would cost as much as the rest of a call. */
const FINISHED = new Error('finished');

/**
 * Runs `work` with a signal that aborts after `limit` (with a
 * {@link DeadlineExceededError} as reason) or when `signal` does. It waits for
 * the work to settle: work that ignores its signal is not abandoned.
 */
export async function withDeadline<T>(
  clock: Clock,
  limit: Millis,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const bounded = new AbortController();
  const finished = new AbortController();
  const unfollow = follow(signal, bounded);
  clock.sleep(limit, finished.signal).then(
    () => bounded.abort(new DeadlineExceededError(limit)),
    // The sleep rejects only because the work finished first.
    () => undefined,
  );
  try {
    return await work(bounded.signal);
  } finally {
    unfollow();
    finished.abort(FINISHED);
  }
}

/**
 * As {@link withDeadline}; what work throws when its time is over is how it took
 * that, and the reason is told in its place.
 * @throws DeadlineExceededError
 */
export const withinDeadline = <T>(
  clock: Clock,
  limit: Millis,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> =>
  withDeadline(clock, limit, signal, (bounded) =>
    work(bounded).catch((error: unknown) => {
      throw bounded.reason instanceof DeadlineExceededError ? bounded.reason : error;
    }),
  );

/** Waits for `promise`, but not longer than until `signal` aborts. @throws the signal's reason */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const undo = onAbort(signal, () =>
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted')),
    );
    promise.then(resolve, reject).finally(undo);
  });
}
