/**
 * What to expect of one thing that takes time: from measurements when there are
 * enough, from a prior when there are none, from both in between. A prior is a
 * guess with a reason, and whatever rests on one says so.
 */
import { type Millis, millis } from '../time.ts';
import type { Samples } from './durations.ts';

/** A share of all cases: 0.5 is the median. */
export type Quantile = 0.5 | 0.95;

/** Expected until measured. */
export interface Prior {
  readonly p50: Millis;
  /** Not less than `p50`. */
  readonly p95: Millis;
}

export type Basis = 'measured' | 'prior' | 'mixed';

/** With this many measurements the prior has no say any more. */
export const ENOUGH = 5;

/**
 * Nearest rank (the smallest sample that at least this share of the samples
 * does not exceed). Fewer than {@link ENOUGH} samples are weighed against the
 * prior, which counts as the samples that are missing. Never falls when a
 * sample grows, nor when `quantile` does.
 */
export function expected(samples: Samples, prior: Prior, quantile: Quantile): Millis {
  const guess = quantile === 0.5 ? prior.p50 : prior.p95;
  const measured = nearestRank(samples, quantile);
  if (measured === undefined) return guess;
  const weight = Math.min(samples.length, ENOUGH) / ENOUGH;
  return millis(weight * measured + (1 - weight) * guess);
}

/** @returns undefined without samples */
export function nearestRank(samples: Samples, share: number): Millis | undefined {
  const rank = Math.max(1, Math.ceil(share * samples.length));
  return samples.toSorted((a, b) => a - b)[rank - 1];
}

export function basisOf(samples: Samples): Basis {
  if (samples.length === 0) return 'prior';
  return samples.length < ENOUGH ? 'mixed' : 'measured';
}

/** What a whole rests on, from what its parts rest on. Nothing at all is nothing measured. */
export function commonBasis(parts: readonly Basis[]): Basis {
  const [first = 'prior', ...others] = parts;
  return others.every((basis) => basis === first) ? first : 'mixed';
}
