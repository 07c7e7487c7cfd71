/**
 * Keeps one scenario protected: capture often enough for the RPO, verify, keep
 * DNS announced, start a failover when the source is lost and the user said so.
 */
import type { DRScenarioSpec, DRScenarioStatus } from '../../api/v1alpha1/dr-scenario.ts';
import type { DRScenarioReason } from '../../api/v1alpha1/reasons/dr-scenario.ts';
import { findCondition } from '../../domain/conditions.ts';
import {
  afterAttempt,
  type CaptureMemory,
  nothingRemembered,
} from '../../domain/protection/capture-memory.ts';
import { currentAsOf } from '../../domain/protection/point-age.ts';
import { type Millis, millis, parseDuration, seconds } from '../../domain/time.ts';
import type { Engines } from '../../engines/engines.ts';
import { KubeError } from '../../kube/errors.ts';
import type { EventRecorder } from '../../kube/events.ts';
import type { Log } from '../../kube/log.ts';
import { after, done, type Key, keyText, type Next, type Reconcile } from '../../kube/reconciler.ts';
import type { Metrics } from '../../metrics/metrics.ts';
import { publishStatus } from '../resources.ts';
import type { Subject } from './capture/capture.ts';
import type { Captures } from './capture/captures.ts';
import { recordGraph } from './capture/graph-record.ts';
import type { CaptureOutcome } from './capture/outcome.ts';
import type { CaptureEnd } from './capture/run-capture.ts';
import { type Decision, decide } from './decide.ts';
import type { ActDeps } from './deps.ts';
import { startFailover } from './failover/start-failover.ts';
import { questionOf } from './feasibility/feasible.ts';
import type { Reviews } from './feasibility/feasible-reviews.ts';
import { feasibilityView } from './feasibility/feasible-view.ts';
import { type GatherDeps, gather } from './gather.ts';
import { type Finds, findWishOf } from './points/finds.ts';
import type { Garbage } from './points/garbage.ts';
import type { Offer } from './points/offer.ts';
import { standbyWishOf } from './standby/standby.ts';
import { standbyView } from './standby/standby-view.ts';
import type { Standbys } from './standby/standbys.ts';
import { statusFor } from './status.ts';
import { identityOf, type ScenarioWorld } from './world.ts';

export interface DRScenarioDeps extends ActDeps, GatherDeps {
  readonly log: Log;
  readonly events: EventRecorder;
  readonly metrics: Pick<Metrics, 'scenario' | 'forgetScenario' | 'capture'>;
  readonly captures: Omit<Captures, 'reconcile'>;
  readonly reviews: Pick<Reviews, 'ask' | 'forget'>;
  readonly standbys: Pick<Standbys, 'ask' | 'forget'>;
  readonly garbage: Pick<Garbage, 'ask' | 'forget'>;
  readonly finds: Pick<Finds, 'ask' | 'forget'>;
  readonly engines: Pick<Engines, 'forget'>;
  /** Throws when this replica no longer leads; called before every effect. */
  readonly assertLeading: () => void;
}

/** Without a capture due or a change seen, a scenario is looked at this often. */
const IDLE = seconds(10);
/** Of conditions that are False by the user's own wish. */
const GOOD_REASONS: ReadonlySet<string> = new Set(['ManualMode', 'NoStandby']);

export function drScenarioReconciler(deps: DRScenarioDeps): Reconcile {
  const memories = new Map<string, CaptureMemory>();
  return async (key, signal) => {
    const world = await gather(key, deps, signal);
    if (world.kind === 'gone') {
      memories.delete(keyText(key));
      deps.captures.withdraw(key);
      deps.reviews.forget(key);
      deps.standbys.forget(key);
      deps.garbage.forget(key);
      deps.finds.forget(key);
      deps.engines.forget({ ...key, namespace: key.namespace ?? '' });
      deps.metrics.forgetScenario(keyText(key));
      return done;
    }
    const memory = memories.get(keyText(key)) ?? nothingRemembered;
    const judged = deps.captures.outcome(key)?.capture.judged;
    const decision = decide(world, memory, { tick: deps.clock.tick(), instant: deps.clock.now() }, judged);
    const ended = await act(key, world, decision, deps, signal);
    const capture = ended?.capture;
    const captured = capture === undefined ? memory : afterAttempt(memory, capture, deps.clock.tick());
    const asked = deps.reviews.ask(key, questionOf(world, decision, capture));
    const feasibility = feasibilityView(world, decision, captured.durations, asked);
    const looked = deps.standbys.ask(key, standbyWishOf(world, decision, capture));
    const outcome = {
      capture,
      announcements: ended?.announcements,
      feasibility,
      standby: standbyView(world, decision, looked),
      found: deps.finds.ask(key, findWishOf(world, decision.inForce)),
      replication: deps.captures.state(key),
    };
    const status = statusFor(world, decision, outcome, deps.clock.now());
    const isPublished = await publish(world, status, deps, signal);
    memories.set(keyText(key), captured);
    if (ended !== undefined) deps.captures.acknowledge(key, ended);
    if (!isPublished) return next(decision, capture);
    await recordGraph(world.object, capture, deps, signal);
    report(key, world, decision, capture, status, deps);
    return next(decision, capture);
  };
}

/** Starts what the decision asks for; what ended since the last look is taken along. */
async function act(
  key: Key,
  world: ScenarioWorld,
  decision: Decision,
  deps: DRScenarioDeps,
  signal: AbortSignal,
): Promise<CaptureEnd | undefined> {
  const { inForce, failover, capture } = decision;
  if (failover.kind === 'start') {
    deps.assertLeading();
    await startFailover(world, failover, deps.objective, signal);
  }
  if (inForce === undefined || capture.kind === 'held') {
    deps.captures.withdraw(key);
    deps.garbage.ask(key, undefined);
    // The source is another one from here on.
    if (capture.kind === 'held' && capture.reason === 'FailedOver') deps.engines.forget(identityOf(world));
    return undefined;
  }
  const ended = deps.captures.outcome(key);
  const { points = [], missing = [] } = ended?.capture.offer ?? {};
  const [newest] = points;
  if (newest !== undefined) {
    const listed = new Set([...points.map(({ name }) => name), ...missing]);
    deps.garbage.ask(key, { scenario: identityOf(world), spec: inForce, point: newest.name, listed });
  }
  if (ended === undefined && capture.kind === 'now') {
    const { deadline, length } = capture;
    deps.captures.request(key, { ...subjectOf(world, decision, inForce), deadline, length });
  }
  return ended;
}

/**
 * False when the API server will not take this status, however often it is sent: what it told of the last capture
 * is lost then, since waiting for it would be the end of all captures. @throws KubeError when it is worth another try
 */
async function publish(
  { object }: ScenarioWorld,
  status: DRScenarioStatus,
  deps: DRScenarioDeps,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await publishStatus(deps.objective, object, status, signal);
    return true;
  } catch (error) {
    if (!(error instanceof KubeError) || error.retry !== 'never' || error.code === 'NotFound') throw error;
    const { namespace = '', name } = object.metadata;
    const message = `the status of this scenario is older than it says, because a newer one is refused: ${error.message}`;
    deps.log.error({ scenario: `${namespace}/${name}`, error: error.message }, 'the status is refused');
    deps.events.record(object, 'Warning', 'StatusRefused' satisfies DRScenarioReason, message);
    return false;
  }
}

function subjectOf(world: ScenarioWorld, decision: Decision, spec: DRScenarioSpec): Subject {
  const { candidate, acceptedGeneration } = decision;
  const { generation } = world.parsed;
  return {
    world,
    spec,
    generation: acceptedGeneration,
    candidate: candidate === undefined ? undefined : { spec: candidate, generation },
  };
}

function report(
  key: Key,
  world: ScenarioWorld,
  decision: Decision,
  outcome: CaptureOutcome | undefined,
  status: DRScenarioStatus,
  deps: DRScenarioDeps,
): void {
  const name = keyText(key);
  const fields = { scenario: name, cluster: decision.inForce?.source.region };
  if (decision.inForce !== undefined) deps.metrics.scenario(name, factsOf(decision.inForce, status));
  if (outcome !== undefined) deps.metrics.capture(name, outcome.kind);
  if (outcome?.kind === 'succeeded') {
    const { manifest } = outcome.point;
    deps.log.info(
      { ...fields, point: manifest.name, objects: manifest.objects.length, millis: Math.round(outcome.took) },
      'recovery point verified',
    );
  }
  if (outcome?.kind === 'failed') deps.log.warn({ ...fields, reason: outcome.reason }, outcome.message);
  if (outcome?.offer !== undefined) reportOffer(world, outcome.offer, fields, deps);
  for (const warning of outcome?.warnings ?? []) {
    deps.log.warn(fields, warning);
    if (world.parsed.status.graph?.warnings?.includes(warning) === true) continue;
    deps.events.record(world.object, 'Warning', 'UnknownDependency', warning);
  }
  for (const condition of status.conditions ?? []) {
    const before = findCondition(world.parsed.status.conditions ?? [], condition.type);
    if (before?.status === condition.status && before.reason === condition.reason) continue;
    const good = condition.status === 'True' || GOOD_REASONS.has(condition.reason);
    deps.events.record(
      world.object,
      good ? 'Normal' : 'Warning',
      condition.reason,
      `${condition.type} is ${condition.status}: ${condition.message}`,
    );
  }
}

/** What is missing is an event once, and a line of the log with each capture. */
function reportOffer(
  { object, parsed }: ScenarioWorld,
  { missing = [], problem }: Offer,
  fields: object,
  { log, events }: Pick<DRScenarioDeps, 'log' | 'events'>,
): void {
  if (problem === undefined) return;
  log.warn(fields, problem);
  const told = new Set(parsed.status.missingPoints?.map(({ name }) => name));
  if (missing.some((name) => !told.has(name)))
    events.record(object, 'Warning', 'RecoveryPointsMissing', problem);
}

function factsOf(spec: DRScenarioSpec, status: DRScenarioStatus) {
  const { recoveryPoint, replication, rpo, rto } = status;
  const duration = replication?.lastCaptureMillis;
  return {
    rpo: parseDuration(spec.objectives.rpo) ?? millis(0),
    rto: parseDuration(spec.objectives.rto) ?? millis(0),
    currentAsOf: recoveryPoint === undefined ? undefined : currentAsOf(recoveryPoint),
    achievedRpo: optionalMillis(rpo?.achievedMillis),
    achievedRto: optionalMillis(rto?.achievedMillis),
    predictedRto: optionalMillis(rto?.predictedP50Millis),
    lastCapture:
      recoveryPoint === undefined || duration === undefined
        ? undefined
        : { duration: millis(duration), objects: recoveryPoint.objects, bytes: recoveryPoint.bytes },
  };
}

const optionalMillis = (value: number | undefined): Millis | undefined =>
  value === undefined ? undefined : millis(value);

function next(decision: Decision, outcome: CaptureOutcome | undefined): Next {
  if (decision.inForce === undefined) return after(IDLE);
  if (outcome !== undefined) return after(millis(200));
  return after(decision.capture.kind === 'wait' ? millis(Math.min(decision.capture.delay, IDLE)) : IDLE);
}
