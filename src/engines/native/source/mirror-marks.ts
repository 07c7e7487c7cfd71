/**
 * What a mirror can prove about how current it is. Pure.
 *
 * A mark is one small consistent read of the source: at `at`, on our own clock,
 * before the question was sent, nothing newer than `version` had been written.
 * A watch that has come to `version` or beyond has therefore delivered all that
 * was written before `at`. Nothing else is proof: a watch that is silent, an
 * open connection, even an event of long ago that arrives late, say nothing of
 * the present; and an API server that has lost its etcd cannot answer a mark.
 *
 *     mark (at, 310)          bookmark 314                now
 *         |----------------------->|------------------------|
 *         '-- all that was written before `at` has been heard: proven as of `at`
 */
import type { Tick } from '../../../domain/time.ts';
import { compareVersions } from '../../../kube/resource-version.ts';

export interface Mark {
  readonly at: Tick;
  /** resourceVersion of the source then. */
  readonly version: string;
}

/** Marks kept: at ten seconds apart, more than twenty minutes. Watches are heard about every minute. */
const KEPT = 128;

/**
 * @param marks oldest first
 * @returns undefined when the versions of the source went back: its etcd was replaced or restored, and
 *   whatever was heard before is of another history
 */
export function withMark(marks: readonly Mark[], next: Mark): readonly Mark[] | undefined {
  const last = marks.at(-1);
  const order = last === undefined ? 0 : compareVersions(last.version, next.version);
  if (order === undefined || order > 0) return undefined;
  return [...marks, next].slice(-KEPT);
}

/**
 * The latest moment as of which a watch at `position` has delivered everything;
 * undefined when no mark is old enough.
 */
export function provenAt(marks: readonly Mark[], position: string): Tick | undefined {
  return marks.findLast(({ version }) => isAtMost(version, position))?.at;
}

/**
 * Whether the versions of a kind are of the history that marks are of. Kinds
 * that another server keeps, or an etcd of their own, have versions that cannot
 * be compared; that shows when they do not lie between two marks.
 * @param before a mark made before the kind was first listed
 * @param position where the kind was before the mark `after` was made
 */
export function isOfOneHistory(before: Mark, position: string, after: Mark): boolean {
  return isAtMost(before.version, position) && isAtMost(position, after.version);
}

function isAtMost(a: string, b: string): boolean {
  const order = compareVersions(a, b);
  return order !== undefined && order <= 0;
}
