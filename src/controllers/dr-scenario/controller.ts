/**
 * Keeps one scenario protected: capture often enough for the RPO, verify, keep
 * DNS announced, start a failover when the source is lost and the user said so.
 */
import type { DnsRecordSpec, DRScenarioSpec, DRScenarioStatus } from '../../api/v1alpha1/dr-scenario.ts';
import { findCondition } from '../../domain/conditions.ts';
import { fromRfc3339, type Millis, millis, parseDuration, seconds, type Tick } from '../../domain/time.ts';
import { KubeError } from '../../kube/errors.ts';
import type { EventRecorder } from '../../kube/events.ts';
import type { Log } from '../../kube/log.ts';
import { after, done, type Key, keyText, type Next, type Reconcile } from '../../kube/reconciler.ts';
import type { Metrics } from '../../metrics/metrics.ts';
import { publishStatus } from '../resources.ts';
import { type ActDeps, type CaptureOutcome, capture, identityOf, startFailover } from './act.ts';
import type { Announcement } from './conditions.ts';
import { type Decision, decide } from './decide.ts';
import { isUnderWay, noteCapture, review } from './feasible.ts';
import { feasibilityView } from './feasible-view.ts';
import { type GatherDeps, gather } from './gather.ts';
import { recordGraph } from './graph-record.ts';
import { statusBeforeCapture, statusFor } from './status.ts';
import { emptyMemory, type ScenarioMemory, type ScenarioWorld } from './world.ts';

export interface DRScenarioDeps extends ActDeps, GatherDeps {
  readonly log: Log;
  readonly events: EventRecorder;
  readonly metrics: Pick<Metrics, 'scenario' | 'forgetScenario' | 'capture'>;
  /** Throws when this replica no longer leads; called before every effect. */
  readonly assertLeading: () => void;
}

/** Without a capture due or a change seen, a scenario is looked at this often. */
const IDLE = seconds(10);
const REMEMBERED_DURATIONS = 10;

export function drScenarioReconciler(deps: DRScenarioDeps): Reconcile {
  const memories = new Map<string, ScenarioMemory>();
  return async (key, signal) => {
    const world = await gather(key, deps, signal);
    if (world.kind === 'gone') {
      memories.delete(keyText(key));
      deps.metrics.forgetScenario(keyText(key));
      return done;
    }
    const memory = memories.get(keyText(key)) ?? emptyMemory;
    const decision = decide(world, memory, { tick: deps.clock.tick(), instant: deps.clock.now() });
    const outcome = await act(world, decision, deps, signal);
    const captured = remember(memory, outcome.capture, deps.clock.tick());
    const asked = await review(world, decision, captured.feasibility, deps, signal);
    memories.set(keyText(key), { ...captured, feasibility: asked });
    const feasibility = feasibilityView(world, decision, captured.captureDurations, asked);
    const status = statusFor(world, decision, { ...outcome, feasibility }, deps.clock.now());
    await publishStatus(deps.objective, world.object, status, signal);
    await recordGraph(world.object, outcome.capture, deps, signal);
    report(key, world, decision, outcome.capture, status, deps);
    return isUnderWay(asked, decision) ? after(millis(100)) : next(decision, outcome.capture);
  };
}

async function act(world: ScenarioWorld, decision: Decision, deps: DRScenarioDeps, signal: AbortSignal) {
  const { inForce, failover } = decision;
  if (failover.kind === 'start') {
    deps.assertLeading();
    await startFailover(world, failover, deps.objective, signal);
  }
  if (inForce === undefined || decision.capture.kind !== 'now') {
    return { capture: undefined, announcements: undefined };
  }
  deps.assertLeading();
  const intent = statusBeforeCapture(world, decision, deps.clock.now());
  await publishStatus(deps.objective, world.object, intent, signal);
  const [captured, announcements] = await Promise.all([
    capture(world, inForce, deps, signal),
    announce(world, inForce, deps, signal),
  ]);
  return { capture: captured, announcements };
}

/** Tells external-dns the source's addresses of every record; repeating it mends what somebody changed. */
function announce(world: ScenarioWorld, spec: DRScenarioSpec, deps: DRScenarioDeps, signal: AbortSignal) {
  const region = deps.clusters.region(spec.source.region);
  const scenario = identityOf(world);
  const announceOne = async (record: DnsRecordSpec): Promise<Announcement> => {
    try {
      const result = await deps.announcer.announce({ scenario, record, side: 'source', region }, signal);
      return { hostname: record.hostname, problem: result.kind === 'announced' ? undefined : result.message };
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      return { hostname: record.hostname, problem: error.message };
    }
  };
  return Promise.all(spec.dns.records.map(announceOne));
}

function remember(memory: ScenarioMemory, outcome: CaptureOutcome | undefined, now: Tick): ScenarioMemory {
  if (outcome === undefined) return memory;
  const attempt = {
    lastCaptureStartedAt: outcome.startedAt,
    lastCaptureEndedAt: now,
    feasibility: noteCapture(memory.feasibility, outcome),
  };
  return outcome.kind === 'succeeded'
    ? {
        ...attempt,
        captureDurations: [...memory.captureDurations, outcome.took].slice(-REMEMBERED_DURATIONS),
        consecutiveFailures: 0,
      }
    : { ...memory, ...attempt, consecutiveFailures: memory.consecutiveFailures + 1 };
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
  for (const condition of status.conditions ?? []) {
    const before = findCondition(world.parsed.status.conditions ?? [], condition.type);
    if (before?.status === condition.status && before.reason === condition.reason) continue;
    const good = condition.status === 'True' || condition.reason === 'ManualMode';
    deps.events.record(
      world.object,
      good ? 'Normal' : 'Warning',
      condition.reason,
      `${condition.type} is ${condition.status}: ${condition.message}`,
    );
  }
}

function factsOf(spec: DRScenarioSpec, status: DRScenarioStatus) {
  const { recoveryPoint, replication, rpo, rto } = status;
  const duration = replication?.lastDurationMillis;
  return {
    rpo: parseDuration(spec.objectives.rpo) ?? millis(0),
    rto: parseDuration(spec.objectives.rto) ?? millis(0),
    capturedAt: recoveryPoint === undefined ? undefined : fromRfc3339(recoveryPoint.capturedAt),
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
