/**
 * Groups objects into units: a workload with what only it needs and what serves
 * it alone. People follow units, and replay waits for readiness between them,
 * not inside. Whatever is shared, or active by itself, is a unit of its own; so
 * is what a user wants to be waited for.
 */
import { groupOf, type KubeObject } from '../../api/object.ts';
import { EXPLICIT_RULE } from './explicit-edges.ts';
import { isCustom, kindOf } from './kinds.ts';
import { labelsAt } from './labels.ts';
import { WORKLOAD_KINDS } from './pod-template.ts';
import type { ObjectEdge } from './types.ts';
import { isByUserRule } from './user-rules/apply.ts';
import type { World } from './world.ts';

/** The unit id of each object; the id is the key of the unit's main object. */
export type Grouping = ReadonlyMap<string, string>;

/**
 * Units as people would draw them. They may need each other in a circle where
 * their objects do not: see apart.ts.
 * @param order all keys, each after what it needs
 * @param edges between objects, without cycles
 * @param infer whether what a Service selects counts, which is no edge
 * @param judged the keys of what the user's rules of readiness are about
 */
export function groupObjects(
  world: World,
  order: readonly string[],
  edges: readonly ObjectEdge[],
  infer: boolean,
  judged: ReadonlySet<string>,
): Grouping {
  const unitOf = new Map<string, string>();
  for (const [key, object] of world.objects) {
    if (judged.has(key) || standsAlone(object)) unitOf.set(key, key);
  }
  const near = neighboursOf(edges, judged);
  const unitsOf = (keys: readonly string[] = []) => keys.map((key) => unitOf.get(key));
  const assign = (key: string, unit: string) => {
    // A user who wants one to be ready before the other wants them apart.
    const isApart = unitsOf(near.apart.get(key)).includes(unit);
    unitOf.set(key, isApart ? key : unit);
  };
  const serving = infer ? order.flatMap((key) => servingOf(key, world, near) ?? []) : [];
  for (const { key, targets } of serving.toSorted((a, b) => a.rank - b.rank)) {
    if (judged.has(key)) continue;
    const unit = onlyOne(unitsOf(targets));
    if (unit !== undefined) assign(key, unit);
  }
  for (const key of order.toReversed()) {
    if (!unitOf.has(key)) assign(key, onlyOne(unitsOf(near.dependants.get(key))) ?? key);
  }
  return unitOf;
}

const WORKLOADS: ReadonlySet<string> = new Set(WORKLOAD_KINDS);

/**
 * Workloads, and what others may wait for by itself: namespaces, definitions
 * and instances of custom kinds, and what belongs to the cluster rather than to
 * an application. Cluster-wide rights do belong to an application.
 */
export function standsAlone(object: KubeObject): boolean {
  const group = groupOf(object.apiVersion);
  const isClusterWide = object.metadata.namespace === undefined && group !== 'rbac.authorization.k8s.io';
  return WORKLOADS.has(kindOf(object)) || isCustom(group) || isClusterWide;
}

interface Serving {
  readonly key: string;
  /** Services are placed first: where an Ingress belongs follows from them. */
  readonly rank: number;
  readonly targets: readonly string[];
}

/** Rules whose edges lead from something that serves to what it serves. */
const SERVING_RULES: ReadonlySet<string> = new Set(['scale-target', 'disruption-budget', 'ingress-backend']);

/** @returns undefined when the object is not of a kind that serves another */
function servingOf(key: string, world: World, near: Neighbours): Serving | undefined {
  const object = world.objects.get(key);
  if (object !== undefined && kindOf(object) === 'Service') {
    const matchLabels = labelsAt(object, 'spec', 'selector');
    const { namespace } = object.metadata;
    if (namespace === undefined || Object.keys(matchLabels).length === 0) return undefined;
    return { key, rank: 0, targets: world.workloadsMatching(namespace, { matchLabels }) };
  }
  const targets = near.served.get(key);
  return targets === undefined ? undefined : { key, rank: 1, targets };
}

interface Neighbours {
  /** What needs an object. */
  readonly dependants: ReadonlyMap<string, readonly string[]>;
  readonly served: ReadonlyMap<string, readonly string[]>;
  /** Both ends of edges of which the user wants the one to be ready before the other. */
  readonly apart: ReadonlyMap<string, readonly string[]>;
}

function neighboursOf(edges: readonly ObjectEdge[], judged: ReadonlySet<string>): Neighbours {
  const dependants = new Map<string, string[]>();
  const served = new Map<string, string[]>();
  const apart = new Map<string, string[]>();
  for (const edge of edges) {
    const { from, to, rule } = edge;
    append(dependants, to, from);
    if (SERVING_RULES.has(rule)) append(served, from, to);
    if (rule !== EXPLICIT_RULE && !isByUserRule(edge) && !judged.has(to)) continue;
    append(apart, from, to);
    append(apart, to, from);
  }
  return { dependants, served, apart };
}

export function append(lists: Map<string, string[]>, key: string, value: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** The one unit that all of them are in; undefined when there is none, or more, or one is not placed. */
function onlyOne(units: readonly (string | undefined)[]): string | undefined {
  const [first] = units;
  return units.every((unit) => unit === first) ? first : undefined;
}
