/** What the execution controller is given, and what it remembers of an execution between passes. */
import type { StepStatus } from '../../api/v1alpha1/dr-execution.ts';
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import type { Authority } from '../../dns/authoritative.ts';
import type { Announcer } from '../../dns/external-dns.ts';
import { between, type Clock, type Millis, millis, type Tick } from '../../domain/time.ts';
import type { Engine, OpenPoint } from '../../engines/engine.ts';
import type { Cluster, Clusters } from '../../kube/cluster.ts';
import type { EventRecorder } from '../../kube/events.ts';
import type { Log } from '../../kube/log.ts';

export interface ExecutionObserver {
  /** `scenario` is `namespace/name`. */
  executionStep(
    scenario: string,
    kind: string,
    result: 'succeeded' | 'failed' | 'skipped',
    took: Millis,
  ): void;
  execution(scenario: string, kind: string, phase: string): void;
}

export interface ExecutionDeps {
  readonly objective: Cluster;
  readonly clusters: Clusters;
  readonly engine: (spec: DRScenarioSpec) => Engine;
  /** Where recovery points are when the scenario names no store; recorded in the plan. */
  readonly defaultStorePath: string;
  readonly announcer: Announcer;
  readonly authority: Authority;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventRecorder;
  readonly observer: ExecutionObserver;
  /** @throws when this process does not hold the lease any more; called before every effect */
  readonly assertLeading: () => void;
}

/**
 * What this process knows of a running execution beyond its journal. Losing it
 * costs a second look and a longer patience, never correctness.
 */
export interface Memory {
  point: OpenPoint | undefined;
  /** When this process first found the step running. */
  readonly runningSince: Map<string, Tick>;
  readonly lastTried: Map<string, Tick>;
  /** By unit: keys of the objects that were not ready when last seen. Absent: none was looked at yet. */
  readonly unready: Map<string, readonly string[]>;
}

export const emptyMemory = (): Memory => ({
  point: undefined,
  runningSince: new Map(),
  lastTried: new Map(),
  unready: new Map(),
});

export function noteRunning(memory: Memory, steps: readonly StepStatus[], tick: Tick): void {
  for (const { id, phase } of steps) {
    if (phase === 'Running' && !memory.runningSince.has(id)) memory.runningSince.set(id, tick);
  }
}

export function ageOf(memory: Memory, stepId: string, tick: Tick): Millis {
  const since = memory.runningSince.get(stepId);
  return since === undefined ? millis(0) : between(since, tick);
}
