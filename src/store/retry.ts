/** Trying again what a server failed at for a moment: few attempts, soon given up, since whoever called tries again later. */
import type { Clock } from '../domain/time.ts';
import { millis, seconds } from '../domain/time.ts';
import { backoffDelay, type Random } from '../kube/backoff.ts';

/** Attempts in all, about three seconds together. */
export const ATTEMPTS = 4;
const DELAYS = { base: millis(400), max: seconds(5) };

export interface RetryDeps {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly random: Random;
}

/**
 * The first result of `work`, repeated while it fails in a way that may pass.
 * @throws the last error, or the signal's reason when it aborts between attempts
 */
export async function retrying<T>(
  work: () => Promise<T>,
  mayPass: (error: unknown) => boolean,
  { clock, random }: RetryDeps,
  signal: AbortSignal,
): Promise<T> {
  for (let failures = 0; ; failures += 1) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (failures + 1 === ATTEMPTS || !mayPass(error)) throw error;
    }
    await clock.sleep(backoffDelay(DELAYS, failures, random), signal);
  }
}
