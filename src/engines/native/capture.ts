/**
 * Makes a recovery point: reads the source, decides what belongs to it and in
 * which order it goes back, and publishes it. Nothing is written before the
 * order is known: what cannot be replayed is no recovery point.
 */
import { refKey } from '../../api/object.ts';
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import { buildGraph } from '../../domain/graph/order.ts';
import { compareText } from '../../domain/graph/sorting.ts';
import type { Graph, Inclusion } from '../../domain/graph/types.ts';
import type { PointManifest, PointObject } from '../../domain/protection/point.ts';
import { type Clock, type Instant, toRfc3339 } from '../../domain/time.ts';
import type { Cluster } from '../../kube/cluster.ts';
import type { Log } from '../../kube/log.ts';
import type { Store } from '../../store/store.ts';
import type { CaptureResult, ScenarioIdentity } from '../engine.ts';
import { type Collection, collect, type Evidence, evidenceOf } from './collect.ts';
import { objectDigest } from './digest.ts';
import { type Draft, freeName, publish } from './publish.ts';
import type { Found } from './source.ts';

export interface CaptureDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Names of points this process is writing: never collected as half-written. */
  readonly busy: Set<string>;
}

/** See Engine.capture. @throws KubeError, StoreError, InvalidRulesError */
export async function capture(
  { store, clock, log, busy }: CaptureDeps,
  scenario: ScenarioIdentity,
  spec: DRScenarioSpec,
  source: Cluster,
  signal: AbortSignal,
): Promise<CaptureResult> {
  // Before the first read: whatever was there at this instant is in the point, or was deleted since.
  const capturedAt = clock.now();
  const collection = await collect(spec, source, signal);
  const { included, missingNamespaces } = collection;
  const found = [...included.values()];
  // A namespace by itself is a place without anything in it.
  if (found.every(({ object }) => object.kind === 'Namespace'))
    return { kind: 'nothing-selected', missingNamespaces };
  const { infer, edges } = spec.dependencies;
  const objects = found.map(({ object }) => object);
  const order = buildGraph(objects, edges, infer, collection.leftOut, collection.support.rules);
  if (order.kind !== 'graph') return { kind: 'unorderable', problem: order };
  const evidence = evidenceOf(collection);
  const warnings = [...order.warnings, ...evidence.beyond.map(describeBeyond)];
  const name = await freeName(store, scenario, toRfc3339(capturedAt), signal);
  const draft = draftOf({
    name,
    scenario,
    spec,
    collection,
    evidence,
    graph: order.graph,
    warnings,
    capturedAt,
    clock,
  });
  busy.add(name);
  try {
    const { namespaces } = spec.resources;
    const point = await publish({ draft, objects: found, namespaces }, store, log, signal);
    return { kind: 'captured', point };
  } finally {
    busy.delete(name);
  }
}

/** Somebody else's object, probably: it is not copied, and whether it will be there is not known. */
function describeBeyond({ from, to, rule, field }: Evidence['beyond'][number]): string {
  return `${from} refers to ${refKey(to)} (${rule}: ${field}), which is in a namespace that is not protected`;
}

interface DraftParts {
  readonly name: string;
  readonly scenario: ScenarioIdentity;
  readonly spec: DRScenarioSpec;
  readonly collection: Collection;
  readonly evidence: Evidence;
  readonly graph: Graph;
  readonly warnings: readonly string[];
  readonly capturedAt: Instant;
  readonly clock: Clock;
}

function draftOf({
  name,
  scenario,
  spec,
  collection,
  evidence,
  graph,
  warnings,
  capturedAt,
  clock,
}: DraftParts): Draft {
  const { included, leftOut, missingNamespaces, resourceVersions } = collection;
  const { why, dangling } = evidence;
  const keys = [...included.keys()];
  return {
    formatVersion: 1,
    name,
    scenario: { namespace: scenario.namespace, name: scenario.name, uid: scenario.uid },
    sourceRegion: spec.source.region,
    capturedAt: toRfc3339(capturedAt),
    finishedAt: toRfc3339(clock.now()),
    resourceVersions: Object.fromEntries(
      Object.entries(resourceVersions).toSorted(([a], [b]) => compareText(a, b)),
    ),
    objects: [...included].map(([key, found]) => pointObject(key, found, why.get(key))),
    leftOut: leftOut.map(({ key, reason }) => ({ key, reason })),
    ...(missingNamespaces.length === 0 ? {} : { missingNamespaces: [...missingNamespaces] }),
    ...(dangling.length === 0 ? {} : { dangling: dangling.map(danglingEdge) }),
    ...orderOf(graph),
    ...(warnings.length === 0 ? {} : { warnings: [...warnings] }),
    volumesWithoutData: keys.filter((key) => key.startsWith('PersistentVolumeClaim/')),
  };
}

function pointObject(key: string, { object }: Found, why: Inclusion | undefined): PointObject {
  return {
    key,
    apiVersion: object.apiVersion,
    digest: objectDigest(object),
    resourceVersion: object.metadata.resourceVersion ?? '',
    bytes: Buffer.byteLength(JSON.stringify(object)),
    ...(why?.kind === 'supports' ? { why: { by: why.by, rule: why.rule, field: why.field } } : {}),
  };
}

function danglingEdge({ optional: _optional, to, ...evidence }: Evidence['dangling'][number]) {
  return { ...evidence, to: refKey(to) };
}

function orderOf(graph: Graph): Pick<PointManifest, 'units' | 'edges' | 'longestPath'> {
  return {
    units: graph.units.map(({ id, objects }) => ({ id, objects: [...objects] })),
    edges: graph.edges.map(({ from, to, because }) => ({
      from,
      to,
      because: because.map((edge) => ({ ...edge })),
    })),
    longestPath: [...graph.longestPath],
  };
}
