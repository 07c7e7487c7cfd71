/**
 * Publishes the graph of a scenario in a ConfigMap beside it, where its users
 * can read it: the manifest itself is in a store that only the operator sees.
 * Written only when the graph changed. Apart from status because it is large,
 * and because protection does not depend on it: what goes wrong is logged.
 */
import { createHash } from 'node:crypto';
import type { KubeObject } from '../../../api/object.ts';
import { FIELD_MANAGER, isOurs, SCENARIO_LABEL, scenarioLabel } from '../../../api/ownership.ts';
import {
  CONFIG_MAPS,
  GRAPH_DIGEST_ANNOTATION,
  GRAPH_KEY,
  graphConfigMapName,
} from '../../../api/v1alpha1/graph-config-map.ts';
import { essenceOf, recordOf } from '../../../domain/graph/render/record.ts';
import { pack } from '../../../domain/graph/render/record-codec.ts';
import type { PointManifest } from '../../../domain/protection/point.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { KubeError } from '../../../kube/errors.ts';
import type { Log } from '../../../kube/log.ts';
import type { CaptureOutcome } from './outcome.ts';

export interface GraphRecordDeps {
  readonly objective: Cluster;
  readonly log: Log;
  /** Throws when this replica no longer leads. */
  readonly assertLeading: () => void;
}

export type GraphRecordOutcome =
  | { readonly kind: 'nothing-captured' }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'written' }
  /** The scenario is protected all the same; `message` is for people. */
  | { readonly kind: 'not-written'; readonly message: string };

/** Publishes the graph of what was captured just now, and logs why when it cannot. */
export async function recordGraph(
  scenario: KubeObject,
  captured: CaptureOutcome | undefined,
  deps: GraphRecordDeps,
  signal: AbortSignal,
): Promise<GraphRecordOutcome> {
  if (captured?.kind !== 'succeeded') return { kind: 'nothing-captured' };
  const outcome = await publishGraph(scenario, captured.point.manifest, deps, signal);
  const { namespace = '', name } = scenario.metadata;
  if (outcome.kind === 'not-written')
    deps.log.warn({ scenario: `${namespace}/${name}` }, `the graph is not published: ${outcome.message}`);
  return outcome;
}

async function publishGraph(
  scenario: KubeObject,
  manifest: PointManifest,
  { objective, assertLeading }: GraphRecordDeps,
  signal: AbortSignal,
): Promise<GraphRecordOutcome> {
  const { namespace = '', name } = scenario.metadata;
  const record = recordOf(manifest);
  const digest = `sha256:${createHash('sha256').update(essenceOf(record)).digest('hex')}`;
  const key = { namespace, name: graphConfigMapName(name) };
  try {
    const present = await objective.get(CONFIG_MAPS, key, signal);
    if (present !== undefined && !isOurs(present, { namespace, name }))
      return notWritten(`ConfigMap ${namespace}/${key.name} is somebody else's: rename or delete it`);
    if (present?.metadata.annotations?.[GRAPH_DIGEST_ANNOTATION] === digest) return { kind: 'unchanged' };
    const packed = await pack(record);
    if (packed.kind === 'too-large')
      return notWritten(`${record.units.length} units do not fit into a ConfigMap, even without evidence`);
    assertLeading();
    const configMap = configMapOf(scenario, digest, packed.text);
    await objective.apply(configMap, { fieldManager: FIELD_MANAGER, force: true }, signal);
    return { kind: 'written' };
  } catch (error) {
    if (error instanceof KubeError) return notWritten(error.message);
    throw error;
  }
}

const notWritten = (message: string): GraphRecordOutcome => ({ kind: 'not-written', message });

function configMapOf(scenario: KubeObject, digest: string, graph: string): KubeObject {
  const { namespace = '', name, uid } = scenario.metadata;
  const owner = { apiVersion: scenario.apiVersion, kind: scenario.kind, name };
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: graphConfigMapName(name),
      namespace,
      labels: { [SCENARIO_LABEL]: scenarioLabel({ namespace, name }) },
      annotations: { [GRAPH_DIGEST_ANNOTATION]: digest },
      // It goes with its scenario.
      ...(uid === undefined ? {} : { ownerReferences: [{ ...owner, uid }] }),
    },
    data: { [GRAPH_KEY]: graph },
  };
}
