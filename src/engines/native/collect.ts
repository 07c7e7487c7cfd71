/**
 * Everything of the source that belongs to a scenario, as it is now: what is
 * selected in its namespaces, what that refers to, what that refers to in
 * turn, and the bindings that give it rights. Capture and verification see the
 * source through this same eye.
 */
import { type KubeObject, refKey } from '../../api/object.ts';
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import { inclusions } from '../../domain/graph/inclusions.ts';
import { reasonToLeaveOut } from '../../domain/graph/left-out.ts';
import { exclusion, select } from '../../domain/graph/select.ts';
import { SERVING_KINDS, servingOf } from '../../domain/graph/serving.ts';
import { beyondReach, nextReferences, type SupportOptions } from '../../domain/graph/support.ts';
import type { Inclusion, LeftOut, Reference } from '../../domain/graph/types.ts';
import { compiledRules } from '../../domain/graph/user-rules/compiled.ts';
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
  readonly resourceVersions: Readonly<Record<string, string>>;
  readonly missingNamespaces: readonly string[];
  readonly kinds: Kinds;
  /** How support was looked for; its rules are the user's, for building the graph. */
  readonly support: SupportOptions;
}

/** What a recovery point says of its objects; verification, which asks nothing of it, goes without. */
export interface Evidence {
  /** Why each object is included, by refKey. */
  readonly why: ReadonlyMap<string, Inclusion>;
  /** What is referred to, needed, and not in the source. */
  readonly dangling: readonly Reference[];
  /** What is referred to and not looked for: it lies in namespaces that are not protected. */
  readonly beyond: readonly Reference[];
}

export function evidenceOf({ included, chosen, leftOut, support }: Collection): Evidence {
  const settled = new Set(leftOut.map(({ key }) => key));
  const objects = objectsOf(included);
  return {
    why: inclusions(objects, chosen, support),
    dangling: nextReferences(objects, settled, support).filter(({ optional }) => !optional),
    beyond: beyondReach(objects, settled, support),
  };
}

/**
 * References are followed this deep: far more than real chains need (Ingress,
 * Service, workload, account, binding, role), and an end for whatever is not real.
 */
const ROUNDS = 16;

/** @throws KubeError, InvalidRulesError */
export async function collect(
  spec: DRScenarioSpec,
  source: Cluster,
  signal: AbortSignal,
): Promise<Collection> {
  const { resources, dependencies } = spec;
  const rules = compiledRules(spec);
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
  const options = { infer: dependencies.infer, lookup: kinds.lookup, excluded, rules };
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
  return {
    included: supported,
    chosen: new Set(chosen.keys()),
    leftOut,
    resourceVersions: listed.resourceVersions,
    missingNamespaces: listed.missingNamespaces,
    kinds,
    support: options,
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
  const candidates = options.infer
    ? await candidatesOf(source, kinds, listed, signal)
    : new Map<string, Found>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const known = objectsOf(supported);
    const wanted = nextReferences(known, asked, options).map(({ to }) => to);
    const serving = servingOf(known, objectsOf(candidates), options.excluded);
    const found = [
      ...(await readAll(source, kinds, wanted, signal)),
      ...serving.flatMap(({ object }) => candidates.get(keyOf({ object })) ?? []),
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

/** What may serve the chosen without their referring to it: whole kinds of the cluster, and whatever is in the namespaces. */
async function candidatesOf(
  source: Cluster,
  kinds: Kinds,
  listed: Listed,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Found>> {
  const types = SERVING_KINDS.map((name) => {
    const dot = name.indexOf('.');
    return kinds.lookup(name.slice(dot + 1), name.slice(0, dot));
  });
  const wide = await Promise.all(types.map((type) => listClusterWide(source, type, signal)));
  return new Map([...wide.flat(), ...listed.objects.values()].map((found) => [keyOf(found), found]));
}

/** The same collection is the same whatever order the lists came in. */
function sortedByKey(found: ReadonlyMap<string, Found>): ReadonlyMap<string, Found> {
  return new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
