/**
 * The graph a spec would have, found as a capture finds it but without writing
 * anything: reads the source with the kubeconfig that its RegionHealth names, if
 * the user may read that Secret. What cannot be known is an outcome, with the
 * reason.
 */

import { refKey } from '../api/object.ts';
import type { DRScenarioSpec } from '../api/v1alpha1/dr-scenario.ts';
import { regionHealthKind } from '../api/v1alpha1/region-health.ts';
import { resourceOf } from '../controllers/resources.ts';
import type { Compared } from '../domain/graph/diff/plan-diff.ts';
import { describeCycle, describeUnknownEdge } from '../domain/graph/explain.ts';
import { buildGraph } from '../domain/graph/order.ts';
import { InvalidRulesError } from '../domain/graph/user-rules/compiled.ts';
import type { Clock } from '../domain/time.ts';
import { type Collection, collect, evidenceOf } from '../engines/native/capture/collect.ts';
import type { Cluster } from '../kube/cluster.ts';
import { KubeError } from '../kube/errors.ts';
import type { Connection } from '../kube/kubeconfig.ts';
import {
  kubeconfigText,
  type RegionConnection,
  regionConnection,
  regionNotFound,
  secretPlace,
} from '../kube/region-access.ts';
import { SECRETS } from '../kube/secrets.ts';
import { explainFailure } from './outcome.ts';
import { type TransformReport, transformReport } from './plan-transforms.ts';

export const REGIONS = resourceOf(regionHealthKind);

export interface SourceDeps {
  readonly objective: Cluster;
  /** Where the kubeconfig Secrets are. */
  readonly operatorNamespace: string;
  /** Makes the client of a region; it must not be able to write. */
  readonly connect: (connection: Connection, name: string) => Cluster;
  readonly clock: Clock;
}

export type SourceGraph =
  | {
      readonly kind: 'graph';
      readonly graph: Compared;
      readonly missingNamespaces: readonly string[];
      /** What people should know of the graph: doubtful dependencies that were not followed. */
      readonly warnings: readonly string[];
      /** Undefined when the spec has no transforms. */
      readonly transforms: TransformReport | undefined;
    }
  /** The spec would not be accepted, or would protect nothing. */
  | { readonly kind: 'impossible'; readonly message: string }
  /** It could not be found out from here. */
  | { readonly kind: 'unknown'; readonly message: string };

export async function sourceGraph(
  spec: DRScenarioSpec,
  deps: SourceDeps,
  signal: AbortSignal,
): Promise<SourceGraph> {
  try {
    const connection = await connectionOf(spec.source.region, deps, signal);
    if (connection.kind === 'unavailable') return { kind: 'unknown', message: connection.message };
    const source = deps.connect(connection.connection, spec.source.region);
    try {
      return graphOf(spec, await collect(spec, source, signal));
    } finally {
      await source.close();
    }
  } catch (error) {
    if (error instanceof KubeError) return { kind: 'unknown', message: explainFailure(error) };
    // Of a scenario that was never accepted: what is planned was looked at before.
    if (error instanceof InvalidRulesError) return { kind: 'impossible', message: error.message };
    throw error;
  }
}

/** @throws KubeError */
async function connectionOf(
  name: string,
  { objective, operatorNamespace, clock }: SourceDeps,
  signal: AbortSignal,
): Promise<RegionConnection> {
  const region = await objective.get(REGIONS, { name }, signal);
  if (region === undefined) return regionNotFound(name);
  const place = secretPlace(region, operatorNamespace);
  if ('kind' in place) return place;
  const key = { namespace: place.namespace, name: place.secretName };
  const text = kubeconfigText(await objective.get(SECRETS, key, signal), place);
  return text.kind === 'unavailable' ? text : regionConnection(text.text, place, clock.now());
}

function graphOf(spec: DRScenarioSpec, collection: Collection): SourceGraph {
  const { included, leftOut, missingNamespaces, support } = collection;
  const { dangling } = evidenceOf(collection);
  const objects = [...included.values()].map(({ object }) => object);
  if (objects.every(({ kind }) => kind === 'Namespace'))
    return { kind: 'impossible', message: nothing(missingNamespaces) };
  const { infer, edges } = spec.dependencies;
  const result = buildGraph(objects, edges, infer, leftOut, support.rules);
  if (result.kind === 'refused-rules') return { kind: 'impossible', message: result.messages.join('; ') };
  if (result.kind === 'cycle') return { kind: 'impossible', message: describeCycle(result) };
  if (result.kind === 'unknown-edge') return { kind: 'impossible', message: describeUnknownEdge(result) };
  const { graph } = result;
  return {
    kind: 'graph',
    missingNamespaces,
    warnings: result.warnings,
    transforms: transformReport(objects, spec),
    graph: {
      objects: [...included].map(([key, { object }]) => ({
        key,
        bytes: Buffer.byteLength(JSON.stringify(object)),
      })),
      units: graph.units.map(({ id, objects: members }) => ({ id, objects: [...members] })),
      edges: graph.edges.map(({ from, to, because }) => ({ from, to, because: [...because] })),
      longestPath: [...graph.longestPath],
      leftOut: [...leftOut],
      dangling: dangling.map(({ optional: _optional, to, ...evidence }) => ({ ...evidence, to: refKey(to) })),
    },
  };
}

function nothing(missingNamespaces: readonly string[]): string {
  return missingNamespaces.length === 0
    ? 'no object matches spec.resources'
    : `the source has no namespace ${missingNamespaces.join(', ')}: correct spec.resources.namespaces`;
}
