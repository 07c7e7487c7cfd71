/** Reads everything a scenario's decision needs from the objective cluster, once. */

import type { KubeObject } from '../../api/object.ts';
import { drExecutionKind, drExecutionSpec, drExecutionStatus } from '../../api/v1alpha1/dr-execution.ts';
import { drScenarioKind, drScenarioSpec, drScenarioStatus } from '../../api/v1alpha1/dr-scenario.ts';
import { parseResource } from '../../api/v1alpha1/parse.ts';
import { regionHealthKind, regionHealthSpec, regionHealthStatus } from '../../api/v1alpha1/region-health.ts';
import { announcedNames } from '../../dns/external-dns.ts';
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
  const identity = { namespace: key.namespace ?? '', name: key.name };
  const parsed = parseResource(object, { spec: drScenarioSpec, status: drScenarioStatus });
  const [regions, executions, names, region] = await Promise.all([
    objective.list(resourceOf(regionHealthKind), {}, signal),
    objective.list(resourceOf(drExecutionKind), inNamespace, signal),
    hasNames(parsed) ? announcedNames(objective, identity, signal) : [],
    objectiveRegion(signal),
  ]);
  return {
    kind: 'present',
    object,
    parsed,
    regions: new Map(regions.items.flatMap(regionView)),
    objectiveRegion: region,
    executions: executions.items.flatMap(executionView).filter(({ spec }) => spec.scenario === key.name),
    names: new Map(names.map((name) => [name.hostname, name])),
  };
}

/** Most scenarios have none, and need not be asked for. */
function hasNames(parsed: ScenarioWorld['parsed']): boolean {
  const specs = [parsed.status.acceptedSpec, parsed.kind === 'valid' ? parsed.spec : undefined];
  return specs.some((spec) => spec !== undefined && spec.dns.records.length > 0);
}

function regionView(object: KubeObject): readonly (readonly [string, RegionView])[] {
  const parsed = parseResource(object, { spec: regionHealthSpec, status: regionHealthStatus });
  if (parsed.kind === 'invalid') return [];
  const { spec, status } = parsed;
  const view: RegionView = { providerRegion: spec.region, ...regionFactsOf(status) };
  return [[object.metadata.name, view]];
}

/** Empty for an execution that cannot be read. */
export function executionView(object: KubeObject): readonly ExecutionView[] {
  const parsed = parseResource(object, { spec: drExecutionSpec, status: drExecutionStatus });
  return parsed.kind === 'invalid'
    ? []
    : [{ name: object.metadata.name, spec: parsed.spec, status: parsed.status }];
}
