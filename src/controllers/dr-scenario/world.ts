/** What a scenario's reconcile knows, read once. */

import type { KubeObject } from '../../api/object.ts';
import type { DRExecutionSpec, DRExecutionStatus } from '../../api/v1alpha1/dr-execution.ts';
import type { DRScenarioSpec, DRScenarioStatus } from '../../api/v1alpha1/dr-scenario.ts';
import type { Parsed } from '../../api/v1alpha1/parse.ts';
import type { AnnouncedName } from '../../dns/external-dns.ts';
import type { RegionFacts } from '../../domain/execution/admit.ts';
import type { ScenarioIdentity } from '../../engines/engine.ts';

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
  /** What the names of this scenario are announced with, by hostname; empty when it has none. */
  readonly names: ReadonlyMap<string, AnnouncedName>;
}

export const isEnded = (execution: ExecutionView): boolean =>
  execution.status.phase === 'Succeeded' ||
  execution.status.phase === 'Failed' ||
  execution.status.phase === 'Refused';

export function identityOf(world: ScenarioWorld): ScenarioIdentity {
  const { namespace, name, uid } = world.object.metadata;
  return { namespace: namespace ?? '', name, uid: uid ?? '' };
}
