/**
 * Which of two recovery points of a scenario is the newer one. Not that with
 * the later instant: each instant is the word of the clock of whichever replica
 * made the point, and a clock that was once ahead would make every later point
 * look old. So points are counted, and instants decide only between points of
 * the same count: those of versions that did not count, and of two operators
 * that made theirs at once.
 */
import { fromRfc3339, type Instant, instant } from '../time.ts';

export interface CountedPoint {
  readonly name: string;
  /** One more than the highest in the store when it was made; absent in points of earlier versions. */
  readonly sequence?: number | undefined;
}

interface InstantPoint extends CountedPoint {
  readonly capturedAt: Instant;
}

interface TextPoint extends CountedPoint {
  /** RFC 3339; a point whose instant cannot be read is as old as can be. */
  readonly capturedAt: string;
}

/** For sorting; points that are not counted are older than all that are. */
export const byNewest = (a: InstantPoint, b: InstantPoint): number =>
  countOf(b) - countOf(a) || b.capturedAt - a.capturedAt || (a.name < b.name ? 1 : -1);

export const newestFirst = <Point extends TextPoint>(points: readonly Point[]): Point[] =>
  points.toSorted((a, b) => byNewest(dated(a), dated(b)));

const dated = ({ name, sequence, capturedAt }: TextPoint): InstantPoint => ({
  name,
  sequence,
  capturedAt: fromRfc3339(capturedAt) ?? instant(0),
});

/** That of a point which is made beside these. */
export const nextSequence = (points: readonly CountedPoint[]): number =>
  points.reduce((highest, point) => Math.max(highest, countOf(point)), 0) + 1;

const countOf = ({ sequence = 0 }: CountedPoint): number => sequence;
