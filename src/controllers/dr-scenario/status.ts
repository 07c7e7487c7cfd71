/** The status of a scenario, built from what was known, decided and done. Pure. */
import type { DRScenarioStatus, PointStatus } from '../../api/v1alpha1/dr-scenario.ts';
import { type ConditionUpdate, withConditions } from '../../domain/conditions.ts';
import { elapsed, fromRfc3339, type Instant, instant, toRfc3339 } from '../../domain/time.ts';
import type { PublishedPoint } from '../../engines/engine.ts';
import type { CaptureOutcome } from './act.ts';
import {
  type Announcement,
  acceptedCondition,
  announcementCondition,
  failoverCondition,
  protectedCondition,
  replicatedCondition,
  volumesCondition,
} from './conditions.ts';
import type { Decision } from './decide.ts';
import { type FeasibilityView, feasibilityStatus, feasibleCondition } from './feasible-view.ts';
import { isEnded, type ScenarioWorld } from './world.ts';

export interface Outcome {
  readonly capture: CaptureOutcome | undefined;
  /** Undefined when announcing was not due. */
  readonly announcements: readonly Announcement[] | undefined;
  /** Undefined when there is nothing new to say about it. */
  readonly feasibility?: FeasibilityView | undefined;
}

export function statusFor(
  world: ScenarioWorld,
  decision: Decision,
  outcome: Outcome,
  now: Instant,
): DRScenarioStatus {
  const before = world.parsed.status;
  const points = pointsAfter(before, outcome.capture);
  const recoveryPoint = points.find(({ verifiedAt }) => verifiedAt !== undefined) ?? before.recoveryPoint;
  const updates = conditionUpdates(decision, outcome, recoveryPoint, now);
  const { feasibility, rto } = feasibilityStatus(before, outcome.feasibility);
  return {
    ...before,
    observedGeneration: world.parsed.generation,
    acceptedGeneration: decision.acceptedGeneration,
    acceptedSpec: decision.inForce,
    activeRegion: decision.activeRegion,
    phase: phaseOf(decision, updates),
    recoveryPoint,
    recoveryPoints: points,
    replication: replicationAfter(before, outcome.capture, now),
    graph: graphOf(outcome.capture) ?? before.graph,
    feasibility,
    ...lastExecution(world, { ...before, rto }),
    conditions: withConditions(before.conditions ?? [], updates, world.parsed.generation, now),
  };
}

/** Before a capture starts: that it does. */
export function statusBeforeCapture(
  world: ScenarioWorld,
  decision: Decision,
  now: Instant,
): DRScenarioStatus {
  const before = statusFor(world, decision, { capture: undefined, announcements: undefined }, now);
  return { ...before, replication: { ...before.replication, lastStartedAt: toRfc3339(now) } };
}

function conditionUpdates(
  decision: Decision,
  outcome: Outcome,
  point: PointStatus | undefined,
  now: Instant,
): readonly ConditionUpdate[] {
  const accepted = acceptedCondition(decision, outcome.capture);
  const { inForce } = decision;
  if (inForce === undefined) return [accepted];
  const optional = [
    replicatedCondition(decision, outcome.capture),
    volumesCondition(outcome.capture),
    announcementCondition(inForce, outcome.announcements),
    outcome.feasibility === undefined ? undefined : feasibleCondition(outcome.feasibility),
  ];
  return [
    accepted,
    protectedCondition(decision, inForce, point, ageOf(point, now)),
    failoverCondition(decision),
    ...optional.filter((update) => update !== undefined),
  ];
}

const ageOf = (point: PointStatus | undefined, now: Instant) => {
  const capturedAt = point === undefined ? undefined : fromRfc3339(point.capturedAt);
  return capturedAt === undefined ? undefined : elapsed(capturedAt, now);
};

function phaseOf(decision: Decision, updates: readonly ConditionUpdate[]): DRScenarioStatus['phase'] {
  if (decision.inForce === undefined) return 'Pending';
  if (decision.running !== undefined) return 'FailingOver';
  if (decision.activeRegion !== decision.inForce.source.region) return 'FailedOver';
  const protection = updates.find(({ type }) => type === 'Protected');
  if (protection?.status === 'True') return 'Protected';
  return protection?.reason === 'NoRecoveryPoint' ? 'Protecting' : 'AtRisk';
}

function pointsAfter(before: DRScenarioStatus, capture: CaptureOutcome | undefined): PointStatus[] {
  const known = before.recoveryPoints ?? [];
  if (capture?.kind !== 'succeeded') return known;
  const verifiedAt = new Map(known.map((point) => [point.name, point.verifiedAt]));
  verifiedAt.set(capture.point.manifest.name, toRfc3339(capture.verifiedAt));
  return capture.points.map((point) => pointStatus(point, verifiedAt.get(point.manifest.name)));
}

function pointStatus({ manifest, digest }: PublishedPoint, verifiedAt: string | undefined): PointStatus {
  const point = {
    name: manifest.name,
    capturedAt: manifest.capturedAt,
    objects: manifest.objects.length,
    bytes: manifest.archive.bytes,
    digest,
  };
  return verifiedAt === undefined ? point : { ...point, verifiedAt };
}

function replicationAfter(before: DRScenarioStatus, capture: CaptureOutcome | undefined, now: Instant) {
  if (capture === undefined) return before.replication;
  const succeeded = capture.kind === 'succeeded';
  const failures = succeeded ? 0 : (before.replication?.consecutiveFailures ?? 0) + 1;
  return {
    lastStartedAt: toRfc3339(instant(now - capture.took)),
    lastFinishedAt: toRfc3339(now),
    lastDurationMillis: Math.round(capture.took),
    lastResult: succeeded ? ('Succeeded' as const) : ('Failed' as const),
    lastMessage: succeeded
      ? `${capture.point.manifest.objects.length} objects captured and verified`
      : capture.message,
    consecutiveFailures: failures,
  };
}

function graphOf(capture: CaptureOutcome | undefined): DRScenarioStatus['graph'] {
  if (capture?.kind !== 'succeeded') return undefined;
  const { manifest } = capture.point;
  return {
    objects: manifest.objects.length,
    units: manifest.units.length,
    edges: manifest.edges.length,
    leftOut: manifest.leftOut.length,
    longestPath: manifest.longestPath.slice(0, 64),
    ...warningsOf(manifest.warnings ?? []),
  };
}

/** As many as the schema takes; the whole list is in the recovery point. */
function warningsOf(warnings: readonly string[]): { warnings?: string[] } {
  return warnings.length === 0
    ? {}
    : { warnings: warnings.slice(0, 16).map((warning) => warning.slice(0, 1024)) };
}

/** The newest execution, and what the newest successful one achieved. */
function lastExecution(world: ScenarioWorld, before: DRScenarioStatus) {
  const ordered = world.executions.toSorted((a, b) =>
    (a.status.startedAt ?? '').localeCompare(b.status.startedAt ?? ''),
  );
  const last = ordered.at(-1);
  const report = ordered.findLast((execution) => isEnded(execution) && execution.status.report !== undefined)
    ?.status.report;
  return {
    lastExecution:
      last === undefined
        ? before.lastExecution
        : { name: last.name, kind: last.spec.kind, phase: last.status.phase ?? 'Pending' },
    rpo: report === undefined ? before.rpo : { achievedMillis: report.achievedRpoMillis },
    rto: report === undefined ? before.rto : { ...before.rto, achievedMillis: report.achievedRtoMillis },
  };
}
