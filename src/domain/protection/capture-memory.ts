/**
 * What is remembered of a scenario's captures, to plan the next one: how the
 * last attempt went, and how long copies took lately. Moments are of one
 * process's monotonic clock; lost with it, and then only a capture comes early.
 */
import { type Millis, millis, type Tick } from '../time.ts';
import { nearestRank } from './forecast-quantile.ts';

export interface Attempt {
  /** What the copy is of: its start, or somewhat before. */
  readonly startedAt: Tick;
  readonly endedAt: Tick;
  /** From its real start. */
  readonly took: Millis;
}

export interface CaptureMemory {
  /** The latest, successful or not; undefined before the first. */
  readonly last: Attempt | undefined;
  /** Of captures that made a point, start to verified; newest last, at most {@link REMEMBERED}. */
  readonly durations: readonly Millis[];
  /** Failed attempts since the last success. */
  readonly consecutiveFailures: number;
}

export const nothingRemembered: CaptureMemory = { last: undefined, durations: [], consecutiveFailures: 0 };

/** So many that the p95 of all of them is not the slowest one. */
const REMEMBERED = 20;

/** How an attempt ended. */
export interface Ended extends Pick<Attempt, 'startedAt' | 'took'> {
  readonly kind: 'succeeded' | 'unchanged' | 'failed';
}

/**
 * An attempt that found nothing to copy says nothing of how long a copy takes,
 * but lets the oldest go: else what was slow once would count for as long as the
 * source is quiet.
 */
export function afterAttempt(
  { durations, consecutiveFailures }: CaptureMemory,
  { kind, startedAt, took }: Ended,
  endedAt: Tick,
): CaptureMemory {
  const last = { startedAt, endedAt, took };
  switch (kind) {
    case 'succeeded':
      return { last, durations: [...durations, took].slice(-REMEMBERED), consecutiveFailures: 0 };
    case 'unchanged':
      return {
        last,
        durations: durations.length > 1 ? durations.slice(1) : durations,
        consecutiveFailures: 0,
      };
    case 'failed':
      return { last, durations, consecutiveFailures: consecutiveFailures + 1 };
  }
}

/** What 19 of 20 copies do not exceed; 0 when none was measured. */
export const usualDuration = (durations: readonly Millis[]): Millis =>
  nearestRank(durations, 0.95) ?? millis(0);
