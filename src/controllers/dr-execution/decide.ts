/**
 * The statuses an execution goes through, as values: refused, started, and one
 * pass further. Everything that is decided is decided here or in the reducer;
 * nothing here reads or writes.
 */
import type { DRExecutionStatus, StepStatus } from '../../api/v1alpha1/dr-execution.ts';
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import type { StoreSpec } from '../../api/v1alpha1/dr-scenario-store.ts';
import type { DRExecutionReason } from '../../api/v1alpha1/reasons/dr-execution.ts';
import { type ConditionUpdate, withConditions } from '../../domain/conditions.ts';
import { counted } from '../../domain/counted.ts';
import type { Refusal } from '../../domain/execution/admit.ts';
import { type ChosenPoint, describeUnproven } from '../../domain/execution/choose-point.ts';
import { subjectOf } from '../../domain/execution/plan.ts';
import { type Limits, type Outcome, outcomeOf } from '../../domain/execution/reducer.ts';
import { type ExecutionPlan, reportOf } from '../../domain/execution/report.ts';
import { firstFew } from '../../domain/first-few.ts';
import type { PointManifest } from '../../domain/protection/point.ts';
import {
  fromRfc3339,
  type Instant,
  type Millis,
  minutes,
  parseDuration,
  toRfc3339,
} from '../../domain/time.ts';
import type { AdmissionWorld, Execution, RunningWorld } from './gather.ts';

const condition = (
  type: 'Admitted' | 'Complete',
  status: ConditionUpdate['status'],
  reason: DRExecutionReason,
  message: string,
): ConditionUpdate => ({ type, status, reason, message });

export function refusedStatus(
  { generation, status }: Execution,
  { rule, message }: Refusal,
  now: Instant,
): DRExecutionStatus {
  const updates = [condition('Admitted', 'False', rule, message)];
  return {
    observedGeneration: generation,
    phase: 'Refused',
    message: `refused (${rule}): ${message}`,
    finishedAt: toRfc3339(now),
    conditions: withConditions(status.conditions ?? [], updates, generation, now),
  };
}

/** What an execution waits for before it is admitted or refused. */
export interface Waiting {
  readonly kind: 'waiting';
  readonly reason: DRExecutionReason;
  readonly message: string;
  /** When to look again. */
  readonly again: Millis;
}

/** The point is being read, or something may pass that is in the way; the execution waits for it rather than giving up. */
export function waitingStatus(
  { generation, status }: Execution,
  { reason, message }: Waiting,
  now: Instant,
): DRExecutionStatus {
  const updates = [condition('Admitted', 'Unknown', reason, message)];
  return {
    observedGeneration: generation,
    phase: 'Pending',
    message,
    conditions: withConditions(status.conditions ?? [], updates, generation, now),
  };
}

/** @param store where the point was read from */
export function freezePlan(
  { facts, scenarioUid }: AdmissionWorld,
  { spec, point }: { readonly spec: DRScenarioSpec; readonly point: ChosenPoint },
  store: StoreSpec,
): ExecutionPlan {
  const { verdict, since, failingSince = since } = facts.source;
  const { readiness } = spec.dependencies;
  const { transforms } = spec.replication;
  const hooks = spec.replication.hooks.filter(({ when }) => when === 'AfterRestore');
  return {
    scenarioUid,
    sourceRegion: spec.source.region,
    recoveryRegion: spec.recovery.region,
    recoveryPoint: point.name,
    pointDigest: point.digest,
    pointCapturedAt: point.capturedAt,
    ...(point.confirmedAt === undefined ? {} : { pointConfirmedAt: point.confirmedAt }),
    ...(point.unproven === undefined ? {} : { pointUnproven: describeUnproven(point.name, point.unproven) }),
    store,
    ...(verdict === 'Failed' && since !== undefined ? { verdictAt: toRfc3339(since) } : {}),
    ...(verdict === 'Failed' && failingSince !== undefined ? { lostAt: toRfc3339(failingSince) } : {}),
    sourceVerdict: verdict,
    stepTimeout: spec.failover.stepTimeout,
    dnsTimeout: spec.dns.timeout,
    ...(readiness.length === 0 ? {} : { readiness: [...readiness] }),
    ...(transforms.length === 0 ? {} : { transforms: [...transforms] }),
    ...(hooks.length === 0 ? {} : { hooks }),
  };
}

/** @param stuck why names cannot be moved: no reason not to bring the workload up, and better known before it is */
export function startedStatus(
  { generation, status }: Execution,
  plan: ExecutionPlan,
  steps: readonly StepStatus[],
  now: Instant,
  stuck: readonly string[] = [],
): DRExecutionStatus {
  const unproven = plan.pointUnproven === undefined ? '' : ', which was not compared with the source';
  const doing = `restoring recovery point ${plan.recoveryPoint}${unproven} in ${plan.recoveryRegion}`;
  const message =
    stuck.length === 0
      ? doing
      : `${doing}; warning: not every name can be moved: ${firstFew(stuck, 3, '; ')}`;
  const updates = [
    condition('Admitted', 'True', 'SafetyRulesHold', message),
    condition('Complete', 'Unknown', 'StepsRunning', doing),
  ];
  return {
    observedGeneration: generation,
    phase: 'Running',
    message,
    startedAt: toRfc3339(now),
    plan,
    steps: [...steps],
    progress: progressOf(steps),
    conditions: withConditions(status.conditions ?? [], updates, generation, now),
  };
}

/** @param manifest undefined when the point could not be read any more; needed only at the end */
export function nextStatus(
  { execution, plan }: RunningWorld,
  steps: readonly StepStatus[],
  manifest: PointManifest | undefined,
  now: Instant,
  dataNotes: readonly string[] = [],
): DRExecutionStatus {
  const { status, generation } = execution;
  const running = { ...status, steps: [...steps], progress: progressOf(steps) };
  const outcome = outcomeOf(steps);
  if (outcome.kind === 'unfinished') return { ...running, message: activityOf(steps) };
  const ended = { ...running, finishedAt: toRfc3339(now) };
  const conditions = (update: ConditionUpdate) =>
    withConditions(status.conditions ?? [], [update], generation, now);
  const startedAt = fromRfc3339(status.startedAt ?? '') ?? now;
  const report = reportOf({ plan, manifest, steps, startedAt, now, dataNotes });
  if (outcome.kind === 'failed') {
    const update = condition('Complete', 'False', 'StepsFailed', outcome.message);
    return { ...ended, phase: 'Failed', message: outcome.message, report, conditions: conditions(update) };
  }
  const message = `recovered in ${plan.recoveryRegion}: lost ${report.lost}, took ${report.took}; ${counted(report.warnings.length, 'warning')} in the report`;
  const update = condition('Complete', 'True', 'Recovered', message);
  return { ...ended, phase: 'Succeeded', message, report, conditions: conditions(update) };
}

/** The scenario is gone, and with it the names to switch and the wish itself. */
export function abandonedStatus({ execution, steps }: RunningWorld, now: Instant): DRExecutionStatus {
  const moment = toRfc3339(now);
  const message = `DRScenario ${execution.spec.scenario} was deleted while this ran; what was restored stays`;
  const closed = steps.map((step): StepStatus => {
    if (step.phase === 'Running') return { ...step, phase: 'Failed', finishedAt: moment, message };
    return step.phase === 'Pending' ? { ...step, phase: 'Skipped', finishedAt: moment, message } : step;
  });
  const update = condition('Complete', 'False', 'ScenarioDeleted', message);
  return {
    ...execution.status,
    phase: 'Failed',
    message,
    finishedAt: moment,
    steps: closed,
    progress: progressOf(closed),
    conditions: withConditions(execution.status.conditions ?? [], [update], execution.generation, now),
  };
}

export const isOver = (steps: readonly StepStatus[]): boolean =>
  (outcomeOf(steps) satisfies Outcome).kind !== 'unfinished';

const progressOf = (steps: readonly StepStatus[]): string =>
  `${steps.filter((step) => step.phase === 'Succeeded').length}/${steps.length}`;

function activityOf(steps: readonly StepStatus[]): string {
  const running = steps.filter((step) => step.phase === 'Running');
  const named = running.slice(0, 3).map((step) => {
    const said = step.message === undefined ? '' : ` (${step.message})`;
    return (
      `${VERBS[step.kind]} ${step.kind === 'Restore' || step.kind === 'DNS' ? subjectOf(step) : ''}`.trim() +
      said
    );
  });
  const more = running.length > named.length ? ` and ${running.length - named.length} more` : '';
  return `${named.join('; ')}${more}`;
}

const VERBS = { Prepare: 'preparing', Restore: 'restoring', DNS: 'switching', Report: 'reporting' } as const;

export function limitsOf(plan: ExecutionPlan): Limits {
  return {
    step: parseDuration(plan.stepTimeout) ?? minutes(5),
    dns: parseDuration(plan.dnsTimeout) ?? minutes(2),
  };
}

/** Plans of earlier versions name a directory only. */
export function storeOf({ store, storePath }: ExecutionPlan): StoreSpec {
  return store ?? (storePath === undefined ? {} : { filesystem: { path: storePath } });
}
