/**
 * Everything of the source that belongs to a scenario, as it is now: what is
 * selected in its namespaces, what that refers to, what that refers to in
 * turn, and the bindings that give it rights. Capture and verification see the
 * source through this same eye.
 */
import { type KubeObject, refKey } from '../../api/object.ts';
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import { reasonToLeaveOut } from '../../domain/graph/left-out.ts';
import { exclusion, select } from '../../domain/graph/select.ts';
import { bindingsFor, nextReferences, type SupportOptions } from '../../domain/graph/support.ts';
import type { LeftOut, Reference } from '../../domain/graph/types.ts';
import type { Cluster } from '../../kube/cluster.ts';
import {
  type Found,
  type Kinds,
  keyOf,
  kindsOf,
  type Listed,
  listClusterWide,
  listNamespaces,
  readAll,
} from './source.ts';

export interface Collection {
  /** What is to be copied, by refKey. */
  readonly included: ReadonlyMap<string, Found>;
  /** Keys of `included` that the selection itself names; the others only support them. */
  readonly chosen: ReadonlySet<string>;
  readonly leftOut: readonly LeftOut[];
  /** What is referred to, needed, and not in the source. */
  readonly dangling: readonly Reference[];
  readonly resourceVersions: Readonly<Record<string, string>>;
  readonly missingNamespaces: readonly string[];
  readonly kinds: Kinds;
}

/**
 * References are followed this deep: far more than real chains need (Ingress,
 * Service, workload, account, binding, role), and an end for whatever is not real.
 */
const ROUNDS = 16;

/** @throws KubeError */
export async function collect(
  spec: DRScenarioSpec,
  source: Cluster,
  signal: AbortSignal,
): Promise<Collection> {
  const { resources, dependencies } = spec;
  const kinds = await kindsOf(source, signal);
  const excluded = exclusion(resources);
  const { includeKinds } = resources;
  const listed = await listNamespaces(
    source,
    kinds,
    resources.namespaces,
    ({ group, kind }) =>
      !excluded({ group, kind, name: '' }) &&
      (includeKinds === undefined ||
        includeKinds.includes(kind) ||
        includeKinds.includes(`${kind}.${group}`)),
    signal,
  );
  const options = { infer: dependencies.infer, lookup: kinds.lookup, excluded };
  const selection = select(
    [...listed.objects.values()].map(({ object }) => object),
    resources,
  );
  const chosen = new Map(selection.included.flatMap((object) => entryOf(listed, object)));
  const { supported, leftOut } = await addSupport(
    { chosen, listed, leftOut: selection.leftOut },
    source,
    kinds,
    options,
    signal,
  );
  const settled = new Set(leftOut.map(({ key }) => key));
  const dangling = nextReferences(objectsOf(supported), settled, options).filter(({ optional }) => !optional);
  return {
    included: supported,
    chosen: new Set(chosen.keys()),
    leftOut,
    dangling,
    resourceVersions: listed.resourceVersions,
    missingNamespaces: listed.missingNamespaces,
    kinds,
  };
}

function entryOf(listed: Listed, object: KubeObject): readonly (readonly [string, Found])[] {
  const key = keyOf({ object });
  const found = listed.objects.get(key);
  return found === undefined ? [] : [[key, found]];
}

const objectsOf = (found: ReadonlyMap<string, Found>): readonly KubeObject[] =>
  [...found.values()].map(({ object }) => object);

interface Start {
  readonly chosen: ReadonlyMap<string, Found>;
  readonly listed: Listed;
  readonly leftOut: readonly LeftOut[];
}

/** Adds to the chosen what supports them, until nothing new is referred to. */
async function addSupport(
  { chosen, listed, leftOut }: Start,
  source: Cluster,
  kinds: Kinds,
  options: SupportOptions,
  signal: AbortSignal,
): Promise<{ readonly supported: ReadonlyMap<string, Found>; readonly leftOut: readonly LeftOut[] }> {
  const supported = new Map(chosen);
  const left = [...leftOut];
  const asked = new Set(leftOut.map(({ key }) => key));
  const bindings = options.infer ? await bindingsOf(source, kinds, listed, signal) : new Map<string, Found>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const known = objectsOf(supported);
    const wanted = nextReferences(known, asked, options).map(({ to }) => to);
    const granting = bindingsFor(known, objectsOf(bindings), options.excluded);
    const found = [
      ...(await readAll(source, kinds, wanted, signal)),
      ...granting.flatMap((object) => bindings.get(keyOf({ object })) ?? []),
    ].filter((candidate) => !supported.has(keyOf(candidate)) && !asked.has(keyOf(candidate)));
    if (found.length === 0 && wanted.length === 0) break;
    for (const candidate of found) {
      const key = keyOf(candidate);
      asked.add(key);
      const reason = reasonToLeaveOut(candidate.object, {
        get: (neighbour) => (supported.get(neighbour) ?? listed.objects.get(neighbour))?.object,
      });
      if (reason === undefined) supported.set(key, candidate);
      else left.push({ key, reason });
    }
    for (const ref of wanted) asked.add(refKey(ref));
  }
  return { supported: sortedByKey(supported), leftOut: left };
}

/** Bindings of the whole cluster, and those listed: a selection by label or kind may have passed over them. */
async function bindingsOf(
  source: Cluster,
  kinds: Kinds,
  listed: Listed,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Found>> {
  const type = kinds.lookup('rbac.authorization.k8s.io', 'ClusterRoleBinding');
  const wide = await listClusterWide(source, type, signal);
  const near = [...listed.objects.values()].filter(({ object }) => object.kind === 'RoleBinding');
  return new Map([...wide, ...near].map((found) => [keyOf(found), found]));
}

/** The same collection is the same whatever order the lists came in. */
function sortedByKey(found: ReadonlyMap<string, Found>): ReadonlyMap<string, Found> {
  return new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
