/**
 * What an execution achieved, in the terms the user wished for: how much was
 * lost (RPO), how long it took (RTO), and what it did *not* do. Whatever could
 * not be prevented or copied is said here plainly rather than left to be found.
 */
import type { DRExecutionStatus, StepStatus } from '../../api/v1alpha1/dr-execution.ts';
import { counted } from '../counted.ts';
import { firstFew } from '../first-few.ts';
import type { PointManifest } from '../protection/point.ts';
import { currentAsOf, isAhead } from '../protection/point-age.ts';
import { elapsed, formatDuration, fromRfc3339, type Instant, type Millis, millis } from '../time.ts';
import { subjectOf } from './plan.ts';

export type ExecutionPlan = NonNullable<DRExecutionStatus['plan']>;
export type ExecutionReport = NonNullable<DRExecutionStatus['report']>;

export interface ReportFacts {
  readonly plan: ExecutionPlan;
  /** Undefined when the point could not be read again. */
  readonly manifest: PointManifest | undefined;
  readonly steps: readonly StepStatus[];
  readonly startedAt: Instant;
  readonly now: Instant;
  /** What is to be said of the data of claims, one sentence each. */
  readonly dataNotes?: readonly string[];
}

/**
 * The loss is counted from the instant as of which the point was what the source had to the moment the failure
 * of the source was first seen (else the start of the execution); the time taken
 * from the verdict (else the start) to the last unit ready and the last name
 * answering. Neither is ever negative: the moments may come from two machines.
 * The loss is not known when the point is dated well after the start.
 */
export function reportOf({
  plan,
  manifest,
  steps,
  startedAt,
  now,
  dataNotes = [],
}: ReportFacts): ExecutionReport {
  const verdictAt = plan.verdictAt === undefined ? undefined : fromRfc3339(plan.verdictAt);
  const begunAt = verdictAt ?? startedAt;
  const lossAt = (plan.lostAt === undefined ? undefined : fromRfc3339(plan.lostAt)) ?? begunAt;
  const point = { capturedAt: plan.pointCapturedAt, confirmedAt: plan.pointConfirmedAt };
  const current = currentAsOf(point) ?? lossAt;
  const loss = span(current, lossAt);
  const isKnown = !isAhead(elapsed(current, startedAt));
  const took = span(begunAt, lastOutcome(steps) ?? now);
  return {
    ...(isKnown ? { achievedRpoMillis: loss } : {}),
    achievedRtoMillis: took,
    lost: isKnown ? formatDuration(loss) : 'an unknown time',
    took: formatDuration(took),
    objectsRestored: steps.reduce(
      (sum, step) => sum + (step.phase === 'Succeeded' ? (step.objects ?? 0) : 0),
      0,
    ),
    warnings: [
      ...missing(steps),
      ...(isKnown ? [] : [aheadWarning(plan)]),
      ...warningsOf(plan, manifest),
      ...dataNotes.slice(0, NAMED),
      ...changed(steps),
    ],
  };
}

const aheadWarning = ({ recoveryPoint, pointCapturedAt }: ExecutionPlan): string =>
  `How much was lost is NOT known: the instant of recovery point ${recoveryPoint}, ${pointCapturedAt}, is ahead of the clock by which it was restored. Compare what was restored with what the source had.`;

/** Of a run that failed, the units that are not there or not ready. */
function missing(steps: readonly StepStatus[]): string[] {
  const units = steps.filter(({ kind, phase }) => kind === 'Restore' && phase !== 'Succeeded').map(subjectOf);
  if (units.length === 0) return [];
  return [
    `${counted(units.length, 'unit')} NOT recovered, see the steps for why: ${firstFew(units, NAMED)}.`,
  ];
}

/** What is there and not as it was. */
function changed(steps: readonly StepStatus[]): string[] {
  const notes = steps.flatMap((step) => step.notes ?? []);
  if (notes.length === 0) return [];
  return [
    `Not everything could be kept as it was, see the notes of the steps: ${notes.slice(0, 3).join('; ')}`,
  ];
}

const span = (from: Instant, to: Instant): Millis => millis(Math.max(0, Math.round(elapsed(from, to))));

function lastOutcome(steps: readonly StepStatus[]): Instant | undefined {
  const moments = steps
    .filter((step) => step.kind !== 'Report' && step.finishedAt !== undefined)
    .map((step) => fromRfc3339(step.finishedAt ?? ''))
    .filter((moment) => moment !== undefined);
  return moments.toSorted((a, b) => a - b).at(-1);
}

/** Reasons for which an object was left out that its owner may not expect; the others are recreated by the cluster. */
const UNEXPECTED = new Set(['Completed', 'BeingDeleted', 'ExcludedByUser']);
const NAMED = 20;

function warningsOf(plan: ExecutionPlan, manifest: PointManifest | undefined): string[] {
  const { pointUnproven } = plan;
  const warnings = [unfencedWarning(plan), ...(pointUnproven === undefined ? [] : [pointUnproven])];
  if (manifest === undefined) {
    const message = `Recovery point ${plan.recoveryPoint} could not be read again, so what it did not hold is not listed here.`;
    return [...warnings, message];
  }
  const empty = manifest.volumesWithoutData;
  if (empty.length > 0) {
    warnings.push(
      `The data of ${counted(empty.length, 'volume claim')} was NOT restored; empty now: ${firstFew(empty, NAMED)}. Restore it by other means before relying on these workloads.`,
    );
  }
  for (const reason of UNEXPECTED) {
    const keys = manifest.leftOut.filter((left) => left.reason === reason).map((left) => left.key);
    if (keys.length > 0) {
      warnings.push(
        `${counted(keys.length, 'object')} not in the recovery point (${reason}): ${firstFew(keys, NAMED)}.`,
      );
    }
  }
  return warnings;
}

/** The source is never fenced yet: in which danger that leaves users depends on how it was last seen. */
function unfencedWarning({ sourceRegion, recoveryRegion, sourceVerdict = 'Unknown' }: ExecutionPlan): string {
  const both = `workloads may be active in ${sourceRegion} and ${recoveryRegion} at once`;
  if (sourceVerdict === 'Failed') {
    return `${sourceRegion} was judged Failed and has NOT been fenced: when it returns, ${both}. Scale them down there before it serves again.`;
  }
  if (sourceVerdict === 'Healthy' || sourceVerdict === 'Degraded') {
    return `${sourceRegion} was still ${sourceVerdict} and has NOT been fenced: ${both}. Stop them there now.`;
  }
  return `It is not known whether ${sourceRegion} still serves (${sourceVerdict}), and it has NOT been fenced: ${both}. Check, and stop them there.`;
}
