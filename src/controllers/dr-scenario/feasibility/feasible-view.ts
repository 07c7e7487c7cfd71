/** What is said of a scenario's feasibility: forecast and answers put together, for condition and status. Pure. */
import type { DRScenarioSpec, DRScenarioStatus } from '../../../api/v1alpha1/dr-scenario.ts';
import type { ConditionUpdate } from '../../../domain/conditions.ts';
import { hostnamesOf } from '../../../domain/dns/desired.ts';
import type { CaptureMemory } from '../../../domain/protection/capture-memory.ts';
import { measuredDurations } from '../../../domain/protection/durations.ts';
import {
  type Feasibility,
  judgeFeasibility,
  type Rehearsed,
} from '../../../domain/protection/feasibility.ts';
import { type Forecast, forecast } from '../../../domain/protection/forecast.ts';
import { planFindings } from '../../../domain/protection/plan-findings.ts';
import { storeFindings } from '../../../domain/protection/store-place.ts';
import { type Millis, millis, parseDuration } from '../../../domain/time.ts';
import type { Decision } from '../decide.ts';
import { newestVerified } from '../points/listed-points.ts';
import type { ScenarioWorld } from '../world.ts';
import type { FeasibilityMemory } from './feasible.ts';

export interface FeasibilityView {
  readonly verdict: Feasibility;
  readonly forecast: Forecast | undefined;
  readonly recovery: Rehearsed;
}

/** Room in status; more findings than a person reads. */
const LISTED = 64;

/**
 * @returns undefined when nothing new can be said: no spec in force, an execution has the recovery region for
 * itself, or this process has not asked yet, and what an earlier one said holds until then
 */
export function feasibilityView(
  world: ScenarioWorld,
  decision: Decision,
  captures: CaptureMemory['durations'],
  memory: FeasibilityMemory | undefined,
): FeasibilityView | undefined {
  const { inForce, activeRegion, running } = decision;
  if (inForce === undefined || running !== undefined) return undefined;
  if (memory === undefined && newestVerified(world.parsed.status) !== undefined) return undefined;
  const isAway = activeRegion !== inForce.source.region;
  const graph = memory?.graph;
  const predicted = graph === undefined ? undefined : predict(world, inForce, graph);
  const recovery = isAway ? away(activeRegion) : (memory?.answer ?? NO_POINT);
  const verdict = judgeFeasibility({
    rpo: parseDuration(inForce.objectives.rpo) ?? millis(0),
    rto: parseDuration(inForce.objectives.rto) ?? millis(0),
    captures: captures.length > 0 ? captures : lastCapture(world.parsed.status),
    forecast: predicted,
    recovery,
    plan:
      graph === undefined
        ? []
        : planFindings({ name: `recovery point ${memory?.point}`, ...graph }, hostnamesOf(inForce)),
    store: storeFindings(inForce, world.regions.get(inForce.source.region)?.providerRegion),
  });
  return { verdict, forecast: predicted, recovery };
}

const NO_POINT: Rehearsed = {
  kind: 'not-rehearsed',
  message: 'the recovery cluster is asked once there is a recovery point',
};

const away = (region: string | undefined): Rehearsed => ({
  kind: 'not-rehearsed',
  message: `the workload runs in ${region ?? 'an unknown region'} since a failover; nothing is rehearsed for it there`,
});

function predict(
  { executions }: ScenarioWorld,
  spec: DRScenarioSpec,
  graph: NonNullable<FeasibilityMemory['graph']>,
): Forecast {
  const journals = executions.map(({ status }) => status);
  return forecast({
    ...graph,
    hostnames: hostnamesOf(spec),
    durations: measuredDurations(journals, spec.recovery.region),
  });
}

/** Of an earlier process: one measurement is better than none. */
function lastCapture({ replication }: DRScenarioStatus): readonly Millis[] {
  const duration = replication?.lastCaptureMillis;
  return duration === undefined ? [] : [millis(duration)];
}

export function feasibleCondition({ verdict }: FeasibilityView): ConditionUpdate {
  const { status, reason, message } = verdict;
  return { type: 'Feasible', status, reason, message };
}

/** What of the status speaks of feasibility; what is not known now is left as it was, but for findings. */
export function feasibilityStatus(
  before: DRScenarioStatus,
  view: FeasibilityView | undefined,
): Pick<DRScenarioStatus, 'feasibility' | 'rto'> {
  if (view === undefined) return { feasibility: before.feasibility, rto: before.rto };
  const { recovery, verdict } = view;
  const counts =
    recovery.kind === 'rehearsed'
      ? {
          accepted: recovery.accepted,
          notRehearsed: recovery.notRehearsed.reduce((sum, { objects }) => sum + objects, 0),
        }
      : {};
  const findings = verdict.findings.slice(0, LISTED).map(({ object, reason, message, remedy }) => ({
    object,
    reason,
    message,
    remedy,
  }));
  return { feasibility: { ...counts, findings }, rto: { ...before.rto, ...predictions(view.forecast) } };
}

function predictions(predicted: Forecast | undefined) {
  return predicted === undefined
    ? {}
    : {
        predictedP50Millis: Math.round(predicted.p50.total),
        predictedP95Millis: Math.round(predicted.p95.total),
        basis: predicted.basis,
      };
}
