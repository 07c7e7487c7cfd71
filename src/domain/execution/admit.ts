/**
 * The safety rules an execution must pass before anything is touched. The first
 * rule that is broken is the answer, with what to do about it. A refusal is final
 * for who asked by hand, because the world it was judged in is gone when they
 * read it; one that nobody asked for waits for as long as its cause lasts.
 */
import type { DRExecutionSpec } from '../../api/v1alpha1/dr-execution.ts';
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import type { DRExecutionReason } from '../../api/v1alpha1/reasons/dr-execution.ts';
import type { Verdict } from '../../api/v1alpha1/region-health.ts';
import { typeChange } from '../dns/desired.ts';
import { currentAsOf, isAhead } from '../protection/point-age.ts';
import { elapsed, formatDuration, type Instant, millis, parseDuration } from '../time.ts';
import { type ChosenPoint, choosePoint, type FoundPoint, type PointFacts } from './choose-point.ts';

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

export interface ScenarioFacts {
  /** Undefined while none has come into force. */
  readonly acceptedSpec: DRScenarioSpec | undefined;
  /** Region that serves now; undefined before the first protection. */
  readonly activeRegion: string | undefined;
  /** Those that status lists. */
  readonly points: readonly PointFacts[];
  /** Those that are in the store of the spec; undefined while it was not asked. */
  readonly found?: readonly FoundPoint[] | undefined;
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
  | { readonly kind: 'admitted'; readonly spec: DRScenarioSpec; readonly point: ChosenPoint }
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
  const over = facts.automatic ? checkCause(facts, spec) : undefined;
  if (over !== undefined) return over;
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
  const wanted = {
    scenario: name,
    recoveryPoint: facts.spec.recoveryPoint,
    sourceRegion: spec.source.region,
    recoveryRegion: spec.recovery.region,
  };
  // Nobody looks at what an automatic one is about to restore.
  const choice = choosePoint(wanted, scenario.points, facts.automatic ? undefined : scenario.found);
  if (choice.kind === 'none') return refuse('NoVerifiedRecoveryPoint', choice.message);
  const { point } = choice;
  const problem = checkNames(spec) ?? (facts.automatic ? checkAutomatic(facts, spec, point) : undefined);
  return problem ?? { kind: 'admitted', spec, point };
}

export type Refusal = Extract<Admission, { kind: 'refused' }>;

export const refuse = (rule: DRExecutionReason, message: string): Refusal => ({
  kind: 'refused',
  rule,
  message,
});

/** A name cannot move between an address and an alias without a gap in which it does not exist. */
function checkNames(spec: DRScenarioSpec): Refusal | undefined {
  for (const record of spec.dns.records) {
    const problem = typeChange(record);
    if (problem !== undefined) return refuse('DNSTypesMixed', problem);
  }
  return undefined;
}

/** Before all rules that may be waited for: without its cause an automatic execution must not wait for them. */
function checkCause({ source }: AdmissionFacts, spec: DRScenarioSpec): Refusal | undefined {
  if (spec.failover.mode === 'Manual') {
    const message = 'spec.failover.mode is Manual by now: create a DRExecution by hand';
    return refuse('ManualMode', message);
  }
  if (source.verdict === 'Failed') return undefined;
  const message = `the source region ${spec.source.region} is ${source.verdict} (${source.message}), not Failed: nothing is moved without need`;
  return refuse('SourceNotFailed', message);
}

/** What an automatic execution was created for is over, or done: a new failure makes a new one. */
const OVER: ReadonlySet<DRExecutionReason> = new Set([
  'ScenarioNotFound',
  'AlreadyFailedOver',
  'ManualMode',
  'SourceNotFailed',
]);

/** Whether what is in the store may have another answer: it is asked only for who has nothing verified to take. */
export const mayFind = ({ automatic, scenario }: AdmissionFacts, { rule }: Refusal): boolean =>
  rule === 'NoVerifiedRecoveryPoint' && !automatic && scenario !== undefined && scenario.found === undefined;

/**
 * Whether a refusal is waited out instead of being final: an automatic execution
 * is the only one of its failure, so what is in its way for a moment (a region
 * that does not answer, a store, a point) must not end it.
 */
export const mayPass = ({ automatic }: Pick<AdmissionFacts, 'automatic'>, { rule }: Refusal): boolean =>
  automatic && !OVER.has(rule);

function checkAutomatic(
  { source, recovery, now }: AdmissionFacts,
  spec: DRScenarioSpec,
  point: PointFacts,
): Refusal | undefined {
  if (recovery.verdict !== 'Healthy' && recovery.verdict !== 'Degraded') {
    const message = `the recovery region ${spec.recovery.region} is ${recovery.verdict}: ${recovery.message}`;
    return refuse('RecoveryRegionUnhealthy', message);
  }
  const current = currentAsOf(point);
  const rpo = parseDuration(spec.objectives.rpo) ?? millis(0);
  const budget = parseDuration(spec.failover.maxDataLoss ?? '') ?? millis(2 * rpo);
  const isKnown = current !== undefined && !isAhead(elapsed(current, now));
  const loss = isKnown ? elapsed(current, source.failingSince ?? source.since ?? now) : undefined;
  if (loss !== undefined && loss <= budget) return undefined;
  const allowed = `${formatDuration(budget)} that failover.maxDataLoss allows; create a DRExecution by hand to accept it`;
  const message =
    loss === undefined
      ? `what recovery point ${point.name} would lose is not known, as its instant ${point.capturedAt} is ahead of the operator's clock or cannot be read: it may be more than the ${allowed}`
      : `recovery point ${point.name} would lose ${formatDuration(loss)}, more than the ${allowed}`;
  return refuse('MaxDataLoss', message);
}
