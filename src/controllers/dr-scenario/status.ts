/** The status of a scenario, built from what was known, decided and done. Pure. */
import { fitted } from '../../api/fitted.ts';
import {
  type DRScenarioSpec,
  type DRScenarioStatus,
  drScenarioStatus,
} from '../../api/v1alpha1/dr-scenario.ts';
import type { PointStatus } from '../../api/v1alpha1/dr-scenario-points.ts';
import { MAX_VOLUME_STATUSES } from '../../api/v1alpha1/dr-scenario-volumes.ts';
import { type ConditionUpdate, withConditions } from '../../domain/conditions.ts';
import { currentAsOf } from '../../domain/protection/point-age.ts';
import { isVerifiedFor } from '../../domain/protection/point-data.ts';
import { newestFirst } from '../../domain/protection/point-order.ts';
import { elapsed, type Instant } from '../../domain/time.ts';
import type { CaptureState } from './capture/captures.ts';
import type { CaptureOutcome } from './capture/outcome.ts';
import { replicationStatus } from './capture/replication-status.ts';
import {
  type Announcement,
  acceptedCondition,
  announcementCondition,
  failoverCondition,
  isFailedOver,
  namesCondition,
  protectedCondition,
  replicatedCondition,
  volumesCondition,
} from './conditions.ts';
import type { Decision } from './decide.ts';
import { type FeasibilityView, feasibilityStatus, feasibleCondition } from './feasibility/feasible-view.ts';
import type { Find } from './points/finds.ts';
import { placing } from './points/former-store.ts';
import {
  elsewhereOnly,
  missingAfter,
  pointsAfter,
  pointsFound,
  unprovenOnly,
} from './points/listed-points.ts';
import type { StandbyView } from './standby/standby-view.ts';
import type { ScenarioWorld } from './world.ts';

export interface Outcome {
  readonly capture: CaptureOutcome | undefined;
  /** Undefined when announcing was not due. */
  readonly announcements: readonly Announcement[] | undefined;
  /** Undefined when there is nothing new to say about it. */
  readonly feasibility?: FeasibilityView | undefined;
  /** Undefined when there is nothing new to say about it. */
  readonly standby?: StandbyView;
  /** What the store has, while nothing is listed. Undefined when it was not asked, or has not answered. */
  readonly found?: Find | undefined;
  /** What of replication is under way. */
  readonly replication: CaptureState;
}

export function statusFor(
  world: ScenarioWorld,
  decision: Decision,
  outcome: Outcome,
  now: Instant,
): DRScenarioStatus {
  const before = world.parsed.status;
  const listed = pointsAfter(before, outcome.capture, decision.inForce, now);
  const isNew = listed.length === 0 && outcome.capture?.offer === undefined;
  const points = isNew && outcome.found !== undefined ? pointsFound(outcome.found) : listed;
  const recoveryPoint = pointInForce(before, points, decision);
  const updates = conditionUpdates(world, decision, outcome, { points, recoveryPoint }, now);
  const { feasibility, rto } = feasibilityStatus(before, outcome.feasibility);
  return fitted(drScenarioStatus, {
    ...before,
    observedGeneration: world.parsed.generation,
    acceptedGeneration: decision.acceptedGeneration,
    acceptedSpec: decision.inForce,
    activeRegion: decision.activeRegion,
    phase: phaseOf(decision, updates),
    recoveryPoint,
    recoveryPoints: points,
    missingPoints: missingAfter(before, outcome.capture, decision.inForce),
    replication: replicationStatus(before, decision, outcome.capture, outcome.replication, now),
    graph: graphOf(outcome.capture) ?? before.graph,
    volumes: volumesOf(outcome.capture) ?? before.volumes,
    feasibility,
    ...standbyOf(outcome.standby),
    ...lastExecution(world, { ...before, rto }),
    conditions: withConditions(before.conditions ?? [], updates, world.parsed.generation, now),
  });
}

/** The newest one that counts for the recovery region. */
function pointInForce(
  { recoveryPoint, acceptedSpec }: DRScenarioStatus,
  points: readonly PointStatus[],
  { inForce }: Decision,
): PointStatus | undefined {
  // What is not listed is not to be had any more.
  const candidates =
    points.length === 0 && recoveryPoint !== undefined
      ? [placing({ acceptedSpec }, inForce)(recoveryPoint)]
      : points;
  return newestFirst(candidates).find(
    (point) => inForce === undefined || isVerifiedFor(point, inForce.recovery.region),
  );
}

interface Points {
  readonly points: readonly PointStatus[];
  /** The one that counts, if any does. */
  readonly recoveryPoint: PointStatus | undefined;
}

function conditionUpdates(
  world: ScenarioWorld,
  decision: Decision,
  outcome: Outcome,
  { points, recoveryPoint: point }: Points,
  now: Instant,
): readonly ConditionUpdate[] {
  const update = acceptedCondition(decision, outcome.capture, world.parsed);
  const accepted = update === undefined ? [] : [update];
  const { inForce } = decision;
  if (inForce === undefined) return accepted;
  const elsewhere = elsewhereOnly(points, inForce.recovery.region);
  const optional = [
    replicatedCondition(decision, outcome.capture),
    volumesCondition(outcome.capture, elsewhere),
    namesCondition(world, decision, inForce) ?? announcementCondition(inForce, outcome.announcements),
    outcome.feasibility === undefined ? undefined : feasibleCondition(outcome.feasibility),
    outcome.standby?.condition,
  ];
  return [
    ...accepted,
    protectedCondition(
      decision,
      inForce,
      point,
      ageOf(point, now),
      elsewhere ?? whyNone(points, outcome, inForce),
    ),
    failoverCondition(decision),
    ...optional.filter((one) => one !== undefined),
  ];
}

function whyNone(
  points: readonly PointStatus[],
  { found }: Outcome,
  { recovery }: DRScenarioSpec,
): string | undefined {
  const problem = points.length === 0 ? found?.problem : undefined;
  return problem === undefined
    ? unprovenOnly(points, recovery.region)
    : `no recovery point has been captured and verified yet, and whether the store has any is not known: ${problem}`;
}

const standbyOf = (view: StandbyView | undefined) => (view === undefined ? {} : { standby: view.status });

const ageOf = (point: PointStatus | undefined, now: Instant) => {
  const current = point === undefined ? undefined : currentAsOf(point);
  return current === undefined ? undefined : elapsed(current, now);
};

function phaseOf(decision: Decision, updates: readonly ConditionUpdate[]): DRScenarioStatus['phase'] {
  if (decision.inForce === undefined) return 'Pending';
  if (decision.running !== undefined) return 'FailingOver';
  if (isFailedOver(decision, decision.inForce)) return 'FailedOver';
  const protection = updates.find(({ type }) => type === 'Protected');
  if (protection?.status === 'True') return 'Protected';
  return protection?.reason === 'NoRecoveryPoint' ? 'Protecting' : 'AtRisk';
}

/** Undefined when this run says nothing new of volumes. */
function volumesOf(capture: CaptureOutcome | undefined): DRScenarioStatus['volumes'] {
  if (capture?.kind !== 'succeeded') return undefined;
  const { volumes = [], volumesWithoutData } = capture.point.manifest;
  const missing = new Set(volumesWithoutData);
  const isMissing = ({ claim }: { readonly claim: string }): number => (missing.has(claim) ? 0 : 1);
  return volumes
    .toSorted((a, b) => isMissing(a) - isMissing(b))
    .slice(0, MAX_VOLUME_STATUSES)
    .map(({ claim, strategy, reason, instant: at }) => ({
      claim,
      strategy,
      reason,
      ...(at === undefined ? {} : { instant: at }),
    }));
}

function graphOf(capture: CaptureOutcome | undefined): DRScenarioStatus['graph'] {
  if (capture?.kind !== 'succeeded') return undefined;
  const { manifest } = capture.point;
  return {
    objects: manifest.objects.length,
    units: manifest.units.length,
    edges: manifest.edges.length,
    leftOut: manifest.leftOut.filter(({ reason }) => reason !== 'NotChosen').length,
    longestPath: manifest.longestPath.slice(0, 64),
    ...warningsOf([...(capture.warnings ?? []), ...(manifest.warnings ?? [])]),
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
  // A failed run has a report too, but achieved nothing to measure.
  const report = ordered.findLast(({ status }) => status.phase === 'Succeeded' && status.report !== undefined)
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
