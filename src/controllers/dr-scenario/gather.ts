/** Reads everything a scenario's decision needs from the objective cluster, once. */

import type { KubeObject } from '../../api/object.ts';
import { drExecutionKind, drExecutionSpec, drExecutionStatus } from '../../api/v1alpha1/dr-execution.ts';
import { drScenarioKind, drScenarioSpec, drScenarioStatus } from '../../api/v1alpha1/dr-scenario.ts';
import { parseResource } from '../../api/v1alpha1/parse.ts';
import { regionHealthKind, regionHealthSpec, regionHealthStatus } from '../../api/v1alpha1/region-health.ts';
import type { Cluster } from '../../kube/cluster.ts';
import type { Key } from '../../kube/reconciler.ts';
import { regionFactsOf } from '../region-facts.ts';
import { resourceOf } from '../resources.ts';
import type { ExecutionView, RegionView, ScenarioWorld } from './world.ts';

export interface GatherDeps {
  readonly objective: Cluster;
  /** The region the operator runs in, from its nodes' labels; undefined when they have none. */
  readonly objectiveRegion: (signal: AbortSignal) => Promise<string | undefined>;
}

/** @throws KubeError when the objective cluster cannot be read */
export async function gather(
  key: Key,
  { objective, objectiveRegion }: GatherDeps,
  signal: AbortSignal,
): Promise<ScenarioWorld | { readonly kind: 'gone' }> {
  const object = await objective.get(resourceOf(drScenarioKind), key, signal);
  if (object === undefined || object.metadata.deletionTimestamp !== undefined) return { kind: 'gone' };
  const inNamespace = key.namespace === undefined ? {} : { namespace: key.namespace };
  const [regions, executions, region] = await Promise.all([
    objective.list(resourceOf(regionHealthKind), {}, signal),
    objective.list(resourceOf(drExecutionKind), inNamespace, signal),
    objectiveRegion(signal),
  ]);
  return {
    kind: 'present',
    object,
    parsed: parseResource(object, { spec: drScenarioSpec, status: drScenarioStatus }),
    regions: new Map(regions.items.flatMap(regionView)),
    objectiveRegion: region,
    executions: executions.items.flatMap(executionView).filter(({ spec }) => spec.scenario === key.name),
  };
}

function regionView(object: KubeObject): readonly (readonly [string, RegionView])[] {
  const parsed = parseResource(object, { spec: regionHealthSpec, status: regionHealthStatus });
  if (parsed.kind === 'invalid') return [];
  const { spec, status } = parsed;
  const view: RegionView = { providerRegion: spec.region, ...regionFactsOf(status) };
  return [[object.metadata.name, view]];
}

function executionView(object: KubeObject): readonly ExecutionView[] {
  const parsed = parseResource(object, { spec: drExecutionSpec, status: drExecutionStatus });
  return parsed.kind === 'invalid'
    ? []
    : [{ name: object.metadata.name, spec: parsed.spec, status: parsed.status }];
}
