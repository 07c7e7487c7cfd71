/**
 * The safety rules an execution must pass before anything is touched. The first
 * rule that is broken is the answer, with what to do about it; a refusal is
 * final, because the world it was judged in is gone when somebody reads it.
 */
import type { DRExecutionSpec } from '../../api/v1alpha1/dr-execution.ts';
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import type { DRExecutionReason } from '../../api/v1alpha1/reasons/dr-execution.ts';
import type { Verdict } from '../../api/v1alpha1/region-health.ts';
import { typeChange } from '../dns/desired.ts';
import { elapsed, formatDuration, fromRfc3339, type Instant, millis, parseDuration } from '../time.ts';

/** Label of executions that no person asked for: the stricter rules apply to them. */
export const AUTOMATIC_LABEL = 'antipode.dev/automatic';

export interface RegionFacts {
  readonly verdict: Verdict;
  /** When that verdict began. */
  readonly since: Instant | undefined;
  /** Of a failed region: when the failure was first seen, before the verdict. */
  readonly failingSince?: Instant | undefined;
  readonly message: string;
}

/** A recovery point as the scenario's status lists it. */
export interface PointFacts {
  readonly name: string;
  /** The instant the copy is of. RFC 3339. */
  readonly capturedAt: string;
  readonly verifiedAt?: string | undefined;
  readonly digest: string;
}

export interface ScenarioFacts {
  /** Undefined while none has come into force. */
  readonly acceptedSpec: DRScenarioSpec | undefined;
  /** Region that serves now; undefined before the first protection. */
  readonly activeRegion: string | undefined;
  readonly points: readonly PointFacts[];
}

export interface AdmissionFacts {
  readonly spec: DRExecutionSpec;
  readonly automatic: boolean;
  /** Undefined when there is no scenario of that name. */
  readonly scenario: ScenarioFacts | undefined;
  /** Names of the scenario's other executions that are running. */
  readonly running: readonly string[];
  readonly source: RegionFacts;
  readonly recovery: RegionFacts;
  readonly now: Instant;
}

export type Admission =
  | { readonly kind: 'admitted'; readonly spec: DRScenarioSpec; readonly point: PointFacts }
  | { readonly kind: 'refused'; readonly rule: DRExecutionReason; readonly message: string };

export function admit(facts: AdmissionFacts): Admission {
  const { scenario } = facts;
  const name = facts.spec.scenario;
  if (scenario === undefined) {
    return refuse(
      'ScenarioNotFound',
      `there is no DRScenario ${name} in this namespace: correct spec.scenario`,
    );
  }
  const spec = scenario.acceptedSpec;
  if (spec === undefined) {
    const message = `DRScenario ${name} has not been accepted: see its condition Accepted, then create another DRExecution`;
    return refuse('ScenarioNotAccepted', message);
  }
  const [other] = facts.running;
  if (other !== undefined) {
    return refuse('OneExecutionAtATime', `DRExecution ${other} is running on ${name}: wait for it to end`);
  }
  if (scenario.activeRegion === spec.recovery.region) {
    return refuse(
      'AlreadyFailedOver',
      `${name} already runs in ${spec.recovery.region}: restoring a recovery point over it would undo what was changed there since`,
    );
  }
  const point = choosePoint(facts.spec, scenario.points);
  if (point.kind === 'refused') return point;
  return (
    checkNames(spec) ??
    (facts.automatic ? checkAutomatic(facts, spec, point.point) : undefined) ?? {
      kind: 'admitted',
      spec,
      point: point.point,
    }
  );
}

export type Refusal = Extract<Admission, { kind: 'refused' }>;
type Choice = { readonly kind: 'chosen'; readonly point: PointFacts } | Refusal;

export const refuse = (rule: DRExecutionReason, message: string): Refusal => ({
  kind: 'refused',
  rule,
  message,
});

function choosePoint(spec: DRExecutionSpec, points: readonly PointFacts[]): Choice {
  const verified = points
    .filter((point) => point.verifiedAt !== undefined)
    .toSorted((a, b) => (fromRfc3339(b.capturedAt) ?? 0) - (fromRfc3339(a.capturedAt) ?? 0));
  if (spec.recoveryPoint === 'latest') {
    const [newest] = verified;
    if (newest !== undefined) return { kind: 'chosen', point: newest };
    const message = `${spec.scenario} has no verified recovery point yet: there is nothing to fail over to; see its condition Protected`;
    return refuse('NoVerifiedRecoveryPoint', message);
  }
  const named = verified.find((point) => point.name === spec.recoveryPoint);
  if (named !== undefined) return { kind: 'chosen', point: named };
  const state = points.some((point) => point.name === spec.recoveryPoint)
    ? 'is not verified'
    : 'does not exist';
  const choice = verified.map((point) => point.name).join(', ') || 'none';
  return refuse(
    'NoVerifiedRecoveryPoint',
    `recovery point ${spec.recoveryPoint} of ${spec.scenario} ${state}; verified ones: ${choice}`,
  );
}

/** A name cannot move between an address and an alias without a gap in which it does not exist. */
function checkNames(spec: DRScenarioSpec): Refusal | undefined {
  for (const record of spec.dns.records) {
    const problem = typeChange(record);
    if (problem !== undefined) return refuse('DNSTypesMixed', problem);
  }
  return undefined;
}

function checkAutomatic(
  { source, recovery, now }: AdmissionFacts,
  spec: DRScenarioSpec,
  point: PointFacts,
): Refusal | undefined {
  if (source.verdict !== 'Failed') {
    const message = `the source region ${spec.source.region} is ${source.verdict} (${source.message}), not Failed: nothing is moved without need`;
    return refuse('SourceNotFailed', message);
  }
  if (recovery.verdict !== 'Healthy' && recovery.verdict !== 'Degraded') {
    const message = `the recovery region ${spec.recovery.region} is ${recovery.verdict}: ${recovery.message}`;
    return refuse('RecoveryRegionUnhealthy', message);
  }
  const capturedAt = fromRfc3339(point.capturedAt);
  const rpo = parseDuration(spec.objectives.rpo) ?? millis(0);
  const budget = parseDuration(spec.failover.maxDataLoss ?? '') ?? millis(2 * rpo);
  const loss =
    capturedAt === undefined ? undefined : elapsed(capturedAt, source.failingSince ?? source.since ?? now);
  if (loss !== undefined && loss <= budget) return undefined;
  const lost = loss === undefined ? 'an unknown time' : formatDuration(loss);
  return refuse(
    'MaxDataLoss',
    `recovery point ${point.name} would lose ${lost}, more than the ${formatDuration(budget)} that failover.maxDataLoss allows; create a DRExecution by hand to accept it`,
  );
}
