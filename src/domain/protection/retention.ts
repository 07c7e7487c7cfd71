/**
 * Which recovery points are kept, and why. Counted in points and not in days
 * wherever it can be: an outage in which nothing is captured must not shrink
 * what there is to go back to, and a clock that was ahead must not make what is
 * captured later look old. The clock decides about `maxAge` only, and the
 * instants of points about which period they stand for.
 */
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import { elapsed, formatDuration, type Instant, instant, type Millis, parseDuration } from '../time.ts';
import { byNewest } from './point-order.ts';

export interface RetainedPoint {
  readonly name: string;
  /** See {@link byNewest}. */
  readonly sequence?: number | undefined;
  readonly capturedAt: Instant;
  /** It was read back and compared with the source. */
  readonly verified: boolean;
}

/** spec.replication.keep and spec.replication.retention. */
export interface RetentionPolicy {
  /** Newest points, and newest verified points; at least 1. */
  readonly keep: number;
  /** The newest point of each of so many hours (days, …) that have any. */
  readonly hourly: number;
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
  readonly maxAge: Millis | undefined;
}

export type KeptBecause =
  | { readonly kind: 'in-use'; readonly by: string }
  | { readonly kind: 'newest-verified' }
  /** Nothing is verified: it is the best there is. */
  | { readonly kind: 'newest' }
  | { readonly kind: 'count'; readonly keep: number }
  /** `bucket` as 2026-11-23T14, 2026-11-23, 2026-11-23 (a Monday), 2026-11. */
  | { readonly kind: 'period'; readonly period: Period; readonly bucket: string };

export type DroppedBecause =
  | { readonly kind: 'too-old'; readonly maxAge: Millis }
  | { readonly kind: 'not-wanted' };

export interface Retention {
  /** Newest first, each with every reason. */
  readonly kept: readonly { readonly name: string; readonly because: readonly KeptBecause[] }[];
  readonly dropped: readonly { readonly name: string; readonly because: DroppedBecause }[];
}

export type Period = 'hour' | 'day' | 'week' | 'month';

export function retentionPolicy({ replication }: DRScenarioSpec): RetentionPolicy {
  const { keep, retention } = replication;
  const { maxAge, ...counts } = retention;
  return { keep, ...counts, maxAge: maxAge === undefined ? undefined : parseDuration(maxAge) };
}

/**
 * A point is kept when it is among the newest `keep` of all or of the verified
 * ones, or stands for one of its periods, and is not older than `maxAge`. Kept
 * in any case: what is in use, the newest verified one, and the newest of all
 * when none is verified. Adding a point never brings back one that was dropped.
 * @param inUse names, each with what needs it
 */
export function retained(
  points: readonly RetainedPoint[],
  policy: RetentionPolicy,
  inUse: ReadonlyMap<string, string>,
  now: Instant,
): Retention {
  const newestFirst = points.toSorted(byNewest);
  const wanted = wantedBy(newestFirst, policy);
  const kept: { name: string; because: KeptBecause[] }[] = [];
  const dropped: { name: string; because: DroppedBecause }[] = [];
  for (const point of newestFirst) {
    const { name } = point;
    const by = inUse.get(name);
    const always: KeptBecause[] = by === undefined ? [] : [{ kind: 'in-use', by }];
    if (point === bestOf(newestFirst)) always.push({ kind: point.verified ? 'newest-verified' : 'newest' });
    const { maxAge } = policy;
    const tooOld = maxAge !== undefined && elapsed(point.capturedAt, now) > maxAge;
    const because = [...always, ...(tooOld ? [] : (wanted.get(name) ?? []))];
    if (because.length > 0) kept.push({ name, because });
    else dropped.push({ name, because: tooOld ? { kind: 'too-old', maxAge } : { kind: 'not-wanted' } });
  }
  return { kept, dropped };
}

/** What a failover would take. */
const bestOf = (newestFirst: readonly RetainedPoint[]): RetainedPoint | undefined =>
  newestFirst.find(({ verified }) => verified) ?? newestFirst[0];

function wantedBy(
  newestFirst: readonly RetainedPoint[],
  { keep, hourly, daily, weekly, monthly }: RetentionPolicy,
): ReadonlyMap<string, readonly KeptBecause[]> {
  const wanted = new Map<string, KeptBecause[]>();
  const want = ({ name }: RetainedPoint, because: KeptBecause): void => {
    wanted.set(name, [...(wanted.get(name) ?? []), because]);
  };
  const count = Math.max(keep, 1);
  const verified = newestFirst.filter((point) => point.verified);
  // Points that failed their proof must not push out those that passed it.
  for (const point of new Set([...newestFirst.slice(0, count), ...verified.slice(0, count)]))
    want(point, { kind: 'count', keep: count });
  const periods = { hour: hourly, day: daily, week: weekly, month: monthly } as const;
  for (const period of ['hour', 'day', 'week', 'month'] as const)
    for (const [bucket, point] of representatives(newestFirst, period).slice(0, periods[period]))
      want(point, { kind: 'period', period, bucket });
  return wanted;
}

/** Per period that has points, latest period first: its newest verified point, else its newest. */
function representatives(
  newestFirst: readonly RetainedPoint[],
  period: Period,
): readonly (readonly [string, RetainedPoint])[] {
  const chosen = new Map<string, RetainedPoint>();
  for (const point of newestFirst) {
    const bucket = bucketOf(point.capturedAt, period);
    const before = chosen.get(bucket);
    if (before === undefined || (point.verified && !before.verified)) chosen.set(bucket, point);
  }
  return [...chosen].toSorted(([a], [b]) => (a < b ? 1 : -1));
}

const DAY_MILLIS = 86_400_000;

/** In UTC; a week is named by its Monday. */
function bucketOf(moment: Instant, period: Period): string {
  const at = period === 'week' ? instant(moment - daysSinceMonday(moment) * DAY_MILLIS) : moment;
  const length = { hour: '2026-11-23T14', day: '2026-11-23', week: '2026-11-23', month: '2026-11' }[period]
    .length;
  return new Date(at).toISOString().slice(0, length);
}

const daysSinceMonday = (moment: Instant): number => (new Date(moment).getUTCDay() + 6) % 7;

export function describeKept(because: KeptBecause): string {
  switch (because.kind) {
    case 'in-use':
      return `in use by ${because.by}`;
    case 'newest-verified':
      return 'the newest verified point';
    case 'newest':
      return 'the newest point, while none is verified';
    case 'count':
      return because.keep === 1 ? 'the newest one' : `among the newest ${because.keep}`;
    case 'period':
      return `the newest of the ${because.period} ${because.bucket}`;
  }
}

export function describeDropped(because: DroppedBecause): string {
  return because.kind === 'too-old'
    ? `older than ${formatDuration(because.maxAge)}`
    : 'not among those that spec.replication keeps';
}
