/**
 * As of when a recovery point is what the source has. Apart from the instant it
 * was captured at: a source that has not changed since needs no new point, and
 * what would be lost is counted from the last look that found it so.
 */
import { fromRfc3339, type Instant, type Millis, minutes } from '../time.ts';

export interface DatedPoint {
  /** RFC 3339. */
  readonly capturedAt: string;
  /** RFC 3339, of this very point: the last instant as of which the source was found to be the same. */
  readonly confirmedAt?: string | undefined;
}

/**
 * The last look at it, whatever its capture is dated: the clock of that may have
 * been ahead. Undefined when the point has no time that can be read.
 */
export function currentAsOf({ capturedAt, confirmedAt }: DatedPoint): Instant | undefined {
  const captured = fromRfc3339(capturedAt);
  const confirmed = confirmedAt === undefined ? undefined : fromRfc3339(confirmedAt);
  return captured === undefined ? undefined : (confirmed ?? captured);
}

/** By how much the clocks of two replicas may differ without any harm. */
const CLOCK_TOLERANCE = minutes(1);

/** Whether an age shows that the clock which dated the point was ahead of ours: then nobody knows how old it is. */
export const isAhead = (age: Millis): boolean => age + CLOCK_TOLERANCE < 0;
