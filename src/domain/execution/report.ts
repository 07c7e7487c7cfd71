/**
 * What an execution achieved, in the terms the user wished for: how much was
 * lost (RPO), how long it took (RTO), and what it did *not* do. Whatever could
 * not be prevented or copied is said here plainly rather than left to be found.
 */
import type { DRExecutionStatus, StepStatus } from '../../api/v1alpha1/dr-execution.ts';
import type { PointManifest } from '../protection/point.ts';
import { elapsed, formatDuration, fromRfc3339, type Instant, type Millis, millis } from '../time.ts';

export type ExecutionPlan = NonNullable<DRExecutionStatus['plan']>;
export type ExecutionReport = NonNullable<DRExecutionStatus['report']>;

export interface ReportFacts {
  readonly plan: ExecutionPlan;
  /** Undefined when the point could not be read again. */
  readonly manifest: PointManifest | undefined;
  readonly steps: readonly StepStatus[];
  readonly startedAt: Instant;
  readonly now: Instant;
}

/**
 * The loss is counted from the instant the point is of to the moment the failure
 * of the source was first seen (else the start of the execution); the time taken
 * from the verdict (else the start) to the last unit ready and the last name
 * answering. Neither is ever negative: the moments may come from two machines.
 */
export function reportOf({ plan, manifest, steps, startedAt, now }: ReportFacts): ExecutionReport {
  const verdictAt = plan.verdictAt === undefined ? undefined : fromRfc3339(plan.verdictAt);
  const begunAt = verdictAt ?? startedAt;
  const lossAt = (plan.lostAt === undefined ? undefined : fromRfc3339(plan.lostAt)) ?? begunAt;
  const capturedAt = fromRfc3339(plan.pointCapturedAt) ?? lossAt;
  const loss = span(capturedAt, lossAt);
  const took = span(begunAt, lastOutcome(steps) ?? now);
  return {
    achievedRpoMillis: loss,
    achievedRtoMillis: took,
    lost: formatDuration(loss),
    took: formatDuration(took),
    objectsRestored: steps.reduce(
      (sum, step) => sum + (step.phase === 'Succeeded' ? (step.objects ?? 0) : 0),
      0,
    ),
    warnings: warningsOf(plan, manifest),
  };
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
  const warnings = [unfencedWarning(plan)];
  if (manifest === undefined) {
    const message = `Recovery point ${plan.recoveryPoint} could not be read again, so what it did not hold is not listed here.`;
    return [...warnings, message];
  }
  const empty = manifest.volumesWithoutData;
  if (empty.length > 0) {
    warnings.push(
      `The data of ${empty.length} volume claims was NOT restored, they are empty: ${listOf(empty)}. Restore it by other means before relying on these workloads.`,
    );
  }
  for (const reason of UNEXPECTED) {
    const keys = manifest.leftOut.filter((left) => left.reason === reason).map((left) => left.key);
    if (keys.length > 0) {
      warnings.push(
        `${keys.length} objects were not part of the recovery point (${reason}): ${listOf(keys)}.`,
      );
    }
  }
  return warnings;
}

const listOf = (keys: readonly string[]): string =>
  keys.slice(0, NAMED).join(', ') + (keys.length > NAMED ? ` and ${keys.length - NAMED} more` : '');

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
