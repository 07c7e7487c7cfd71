/** What a scenario's reconcile knows (read once) and remembers between runs. */

import type { KubeObject } from '../../api/object.ts';
import type { DRExecutionSpec, DRExecutionStatus } from '../../api/v1alpha1/dr-execution.ts';
import type { DRScenarioSpec, DRScenarioStatus } from '../../api/v1alpha1/dr-scenario.ts';
import type { Parsed } from '../../api/v1alpha1/parse.ts';

import type { RegionFacts } from '../../domain/execution/admit.ts';
import type { Millis, Tick } from '../../domain/time.ts';
import type { FeasibilityMemory } from './feasible.ts';

export interface RegionView extends RegionFacts {
  readonly providerRegion: string;
}

export interface ExecutionView {
  readonly name: string;
  readonly spec: DRExecutionSpec;
  readonly status: DRExecutionStatus;
}

export interface ScenarioWorld {
  readonly kind: 'present';
  readonly object: KubeObject;
  readonly parsed: Parsed<DRScenarioSpec, DRScenarioStatus>;
  readonly regions: ReadonlyMap<string, RegionView>;
  readonly objectiveRegion: string | undefined;
  /** Of this scenario only. */
  readonly executions: readonly ExecutionView[];
}

/**
 * What this process remembers of a scenario: moments on its own monotonic
 * clock. Lost with the process, and then only a capture is made too early.
 */
export interface ScenarioMemory {
  readonly lastCaptureStartedAt: Tick | undefined;
  readonly lastCaptureEndedAt: Tick | undefined;
  /** Of successful captures, newest last; at most ten. */
  readonly captureDurations: readonly Millis[];
  readonly consecutiveFailures: number;
  readonly feasibility: FeasibilityMemory | undefined;
}

export const emptyMemory: ScenarioMemory = {
  lastCaptureStartedAt: undefined,
  lastCaptureEndedAt: undefined,
  captureDurations: [],
  consecutiveFailures: 0,
  feasibility: undefined,
};

export const isEnded = (execution: ExecutionView): boolean =>
  execution.status.phase === 'Succeeded' ||
  execution.status.phase === 'Failed' ||
  execution.status.phase === 'Refused';
