/**
 * Whether a failed source region starts a failover by itself, and if not, which
 * rule holds it. One failure episode starts at most one execution: its name is
 * derived from the moment of the verdict, so that creating it again is harmless.
 */
import type { DRScenarioSpec, PointStatus } from '../../api/v1alpha1/dr-scenario.ts';
import type { Verdict } from '../../api/v1alpha1/region-health.ts';
import { elapsed, formatDuration, fromRfc3339, type Instant, millis, parseDuration } from '../time.ts';

export interface FailoverFacts {
  readonly scenarioName: string;
  readonly spec: DRScenarioSpec;
  readonly activeRegion: string;
  readonly source: { readonly verdict: Verdict; readonly since: Instant | undefined };
  readonly recovery: { readonly verdict: Verdict; readonly message: string };
  /** Newest verified recovery point. */
  readonly point: PointStatus | undefined;
  /** Names of the scenario's executions that have not ended. */
  readonly running: readonly string[];
  /** Names of all its executions. */
  readonly existing: ReadonlySet<string>;
}

export type FailoverDecision =
  | { readonly kind: 'manual' }
  | { readonly kind: 'armed' }
  | { readonly kind: 'started'; readonly name: string }
  | { readonly kind: 'start'; readonly name: string; readonly reason: string }
  | { readonly kind: 'denied'; readonly rule: string; readonly message: string };

const denied = (rule: string, message: string): FailoverDecision => ({ kind: 'denied', rule, message });

export function decideFailover(facts: FailoverFacts): FailoverDecision {
  const { spec, source, recovery } = facts;
  if (spec.failover.mode === 'Manual') return { kind: 'manual' };
  if (
    facts.activeRegion !== spec.source.region ||
    source.verdict !== 'Failed' ||
    source.since === undefined
  ) {
    return { kind: 'armed' };
  }
  const name = executionName(facts.scenarioName, source.since);
  if (facts.existing.has(name)) return { kind: 'started', name };
  const [other] = facts.running;
  if (other !== undefined) return denied('OneExecutionAtATime', `execution ${other} is still running`);
  if (recovery.verdict !== 'Healthy' && recovery.verdict !== 'Degraded') {
    return denied(
      'RecoveryRegionHealthy',
      `recovery region ${spec.recovery.region} is ${recovery.verdict}: ${recovery.message}`,
    );
  }
  return (
    checkLoss(facts, source.since) ?? {
      kind: 'start',
      name,
      reason: `region ${spec.source.region} was judged Failed`,
    }
  );
}

function checkLoss({ spec, point }: FailoverFacts, failedAt: Instant): FailoverDecision | undefined {
  const capturedAt = point === undefined ? undefined : fromRfc3339(point.capturedAt);
  if (point === undefined || capturedAt === undefined) {
    return denied('VerifiedRecoveryPoint', 'there is no verified recovery point to fail over to');
  }
  const rpo = parseDuration(spec.objectives.rpo) ?? millis(0);
  const budget = parseDuration(spec.failover.maxDataLoss ?? '') ?? millis(2 * rpo);
  const loss = elapsed(capturedAt, failedAt);
  if (loss <= budget) return undefined;
  return denied(
    'MaxDataLoss',
    `recovery point ${point.name} would lose ${formatDuration(loss)}, more than the ${formatDuration(budget)} allowed by failover.maxDataLoss; create a DRExecution by hand to accept it`,
  );
}

/** `<scenario>-failover-<moment of the verdict in base 36>`. */
export function executionName(scenario: string, failedAt: Instant): string {
  return `${scenario}-failover-${Math.floor(failedAt / 1000).toString(36)}`;
}
