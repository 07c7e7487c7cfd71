/** Reads a scenario and its published graph from the objective cluster. */
import { textAt } from '../api/fields.ts';
import {
  type DRScenarioSpec,
  type DRScenarioStatus,
  drScenarioKind,
  drScenarioSpec,
  drScenarioStatus,
} from '../api/v1alpha1/dr-scenario.ts';
import { CONFIG_MAPS, GRAPH_KEY, graphConfigMapName } from '../api/v1alpha1/graph-config-map.ts';
import { type Parsed, parseResource } from '../api/v1alpha1/parse.ts';
import { resourceOf } from '../controllers/resources.ts';
import { findCondition } from '../domain/conditions.ts';
import type { GraphRecord } from '../domain/graph/render/record.ts';
import { unpack } from '../domain/graph/render/record-codec.ts';
import type { Cluster } from '../kube/cluster.ts';

export type Scenario = Parsed<DRScenarioSpec, DRScenarioStatus>;
export interface ScenarioKey {
  readonly namespace: string;
  readonly name: string;
}

export const SCENARIOS = resourceOf(drScenarioKind);

/** @returns undefined when there is no such scenario. @throws KubeError */
export async function readScenario(
  objective: Cluster,
  key: ScenarioKey,
  signal: AbortSignal,
): Promise<Scenario | undefined> {
  const object = await objective.get(SCENARIOS, key, signal);
  return object && parseResource(object, { spec: drScenarioSpec, status: drScenarioStatus });
}

export type PublishedGraph =
  | { readonly kind: 'graph'; readonly record: GraphRecord }
  /** `message` says why there is none, and what to do. */
  | { readonly kind: 'none'; readonly message: string };

/** @throws KubeError */
export async function readPublishedGraph(
  objective: Cluster,
  { namespace, name }: ScenarioKey,
  { status }: Scenario,
  signal: AbortSignal,
): Promise<PublishedGraph> {
  const place = `ConfigMap ${namespace}/${graphConfigMapName(name)}`;
  const object = await objective.get(CONFIG_MAPS, { namespace, name: graphConfigMapName(name) }, signal);
  const text = textAt(object, 'data', GRAPH_KEY);
  if (text === undefined) return { kind: 'none', message: whyNone(name, place, status) };
  const unpacked = await unpack(text);
  return unpacked.kind === 'record'
    ? { kind: 'graph', record: unpacked.record }
    : {
        kind: 'none',
        message:
          `the graph in ${place} cannot be read (${unpacked.message}): it is of another version of Antipode, ` +
          `or was changed. Delete the ConfigMap: the operator writes it again after its next capture`,
      };
}

function whyNone(name: string, place: string, status: DRScenarioStatus): string {
  if (status.recoveryPoint !== undefined)
    return (
      `${place} is missing, though ${name} has a recovery point: the operator's log says why it could not ` +
      'be written; it is written after the next capture'
    );
  const conditions = status.conditions ?? [];
  const reason = ['Accepted', 'Replicated', 'Protected']
    .map((type) => findCondition(conditions, type))
    .find((condition) => condition !== undefined && condition.status !== 'True');
  const because = reason === undefined ? '' : `: ${reason.reason}: ${reason.message}`;
  return `${name} has no recovery point yet, and with the first one its graph is published${because}`;
}
