/**
 * Whether a failed source region starts a failover by itself, and if not, which
 * safety rule holds it. The rules are those of every execution; asking them
 * before one is created lets the failover start as soon as the obstacle is gone.
 * One failure starts at most one execution: its name is derived from the moment
 * of the verdict, so creating it again is harmless. What comes into its way
 * afterwards it waits for itself (mayPass in admit.ts).
 */
import type { DRExecutionSpec, DRExecutionStatus } from '../../api/v1alpha1/dr-execution.ts';
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import { admit, type RegionFacts } from '../execution/admit.ts';
import type { PointFacts } from '../execution/choose-point.ts';
import type { Instant } from '../time.ts';

export interface FailoverFacts {
  readonly scenarioName: string;
  readonly spec: DRScenarioSpec;
  /** Undefined while it is not known. */
  readonly activeRegion: string | undefined;
  readonly source: RegionFacts;
  readonly recovery: RegionFacts;
  readonly points: readonly PointFacts[];
  /** Names of the scenario's executions that have not ended. */
  readonly running: readonly string[];
  /** All its executions, by name. */
  readonly existing: ReadonlyMap<string, Pick<DRExecutionStatus, 'phase' | 'message'>>;
  readonly now: Instant;
}

export type FailoverDecision =
  | { readonly kind: 'manual' }
  | { readonly kind: 'armed' }
  | {
      readonly kind: 'started';
      readonly name: string;
      readonly phase: NonNullable<DRExecutionStatus['phase']>;
      readonly message: string | undefined;
    }
  | { readonly kind: 'start'; readonly name: string; readonly spec: DRExecutionSpec }
  | { readonly kind: 'denied'; readonly rule: string; readonly message: string };

export function decideFailover(facts: FailoverFacts): FailoverDecision {
  const { spec, source } = facts;
  if (spec.failover.mode === 'Manual') return { kind: 'manual' };
  if (
    facts.activeRegion !== spec.source.region ||
    source.verdict !== 'Failed' ||
    source.since === undefined
  ) {
    return { kind: 'armed' };
  }
  const name = executionName(facts.scenarioName, source.since);
  const existing = facts.existing.get(name);
  if (existing !== undefined)
    return { kind: 'started', name, phase: existing.phase ?? 'Pending', message: existing.message };
  const execution: DRExecutionSpec = {
    scenario: facts.scenarioName,
    kind: 'Failover',
    recoveryPoint: 'latest',
    reason: `region ${spec.source.region} was judged Failed: ${source.message}`.slice(0, 1024),
  };
  const admission = admit({
    spec: execution,
    automatic: true,
    scenario: { acceptedSpec: spec, activeRegion: facts.activeRegion, points: facts.points },
    running: facts.running,
    source,
    recovery: facts.recovery,
    now: facts.now,
  });
  return admission.kind === 'admitted'
    ? { kind: 'start', name, spec: execution }
    : { kind: 'denied', rule: admission.rule, message: admission.message };
}

/** `<scenario>-failover-<second of the verdict in base 36>`. */
export function executionName(scenario: string, failedAt: Instant): string {
  return `${scenario}-failover-${Math.floor(failedAt / 1000).toString(36)}`;
}
