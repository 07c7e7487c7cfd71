/** How long to wait before trying again. Pure: the randomness is passed in. */
import { type Millis, millis } from '../domain/time.ts';

export interface BackoffPolicy {
  /** The longest first delay. */
  readonly base: Millis;
  /** No delay is longer. */
  readonly max: Millis;
}

/** A number in [0, 1); `Math.random` in production. */
export type Random = () => number;

/**
 * Exponential backoff with equal jitter: half of the delay is fixed, so that
 * retries never bunch at zero, half is random, so that clients that failed
 * together do not return together.
 * @param attempt number of failures before this delay, from 0
 */
export function backoffDelay(policy: BackoffPolicy, attempt: number, random: Random): Millis {
  // 2^30 times any base exceeds any sensible maximum, and stays a finite number.
  const ceiling = Math.min(policy.max, policy.base * 2 ** Math.min(attempt, 30));
  return millis(ceiling / 2 + (ceiling / 2) * random());
}

/** A duration drawn evenly from [low, high). */
export function between(low: Millis, high: Millis, random: Random): Millis {
  return millis(low + (high - low) * random());
}
