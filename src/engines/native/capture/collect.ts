/**
 * Everything of the source that belongs to a scenario, as it is now: what is
 * selected in its namespaces, what that refers to, what that refers to in
 * turn, and the bindings that give it rights. Capture and verification see the
 * source through this same eye.
 */
import { type KubeObject, objectKey, refKey } from '../../../api/object.ts';
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { inclusions } from '../../../domain/graph/inclusions.ts';
import { kindName } from '../../../domain/graph/kinds.ts';
import { leavingOut } from '../../../domain/graph/left-out.ts';
import { exclusion, select } from '../../../domain/graph/select.ts';
import { servingOf } from '../../../domain/graph/serving.ts';
import {
  ANSWERING_KINDS,
  CLUSTER_WIDE_SERVING_KINDS,
  NAMESPACED_SERVING_KINDS,
} from '../../../domain/graph/serving-kinds.ts';
import { beyondReach, nextReferences, type SupportOptions } from '../../../domain/graph/support.ts';
import type { Inclusion, LeftOut, Reference } from '../../../domain/graph/types.ts';
import { unansweredServices } from '../../../domain/graph/unanswered.ts';
import { compiledRules } from '../../../domain/graph/user-rules/compiled.ts';
import type { Cluster, ResourceType } from '../../../kube/cluster.ts';
import { directSight, type Kinds, type Sight } from '../source/sight.ts';
import {
  type Found,
  keyOf,
  type Listed,
  listClusterWide,
  listKinds,
  listNamespaces,
  readAll,
} from '../source/source.ts';

export interface Collection {
  /** What is to be copied, by refKey. */
  readonly included: ReadonlyMap<string, Found>;
  /** Keys of `included` that the selection itself names; the others only support them. */
  readonly chosen: ReadonlySet<string>;
  readonly leftOut: readonly LeftOut[];
  /** refKeys of what is in the namespaces, neither chosen nor left out, and supports nothing. Sorted. */
  readonly notChosen: readonly string[];
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
  /** refKeys of Services that only support, and that nothing in the point answers. */
  readonly unanswered: readonly string[];
}

export function evidenceOf({ included, chosen, leftOut, support }: Collection): Evidence {
  const settled = new Set(leftOut.map(({ key }) => key));
  const objects = objectsOf(included);
  return {
    why: inclusions(objects, chosen, support),
    dangling: nextReferences(objects, settled, support).filter(({ optional }) => !optional),
    beyond: beyondReach(objects, settled, support),
    unanswered: support.infer ? unansweredServices(objects, chosen, support.lookup) : [],
  };
}

/**
 * References are followed this deep: far more than real chains need (workload,
 * Service, Ingress, other Services, their workloads, account, binding, role),
 * and an end for whatever is not real.
 */
const ROUNDS = 64;

/** Asks the cluster for everything. @throws KubeError, InvalidRulesError */
export async function collect(
  spec: DRScenarioSpec,
  source: Cluster,
  signal: AbortSignal,
): Promise<Collection> {
  return collectFrom(spec, await directSight(source, signal), signal);
}

/** @throws KubeError, InvalidRulesError */
export async function collectFrom(
  spec: DRScenarioSpec,
  source: Sight,
  signal: AbortSignal,
): Promise<Collection> {
  const { resources, dependencies } = spec;
  const rules = compiledRules(spec);
  const { kinds } = source;
  const excluded = exclusion(resources);
  const { includeKinds } = resources;
  const isExcluded = ({ group, kind }: ResourceType): boolean => excluded({ group, kind, name: '' });
  const isWanted = ({ group, kind }: ResourceType): boolean =>
    includeKinds === undefined ||
    includeKinds.includes(kind) ||
    includeKinds.includes(kindName(group, kind)) ||
    (dependencies.infer && NAMESPACED_SERVING_KINDS.has(kindName(group, kind)));
  const wanted = (type: ResourceType): boolean => !isExcluded(type) && isWanted(type);
  const listed = await listNamespaces(source, resources.namespaces, wanted, signal);
  const options = { infer: dependencies.infer, lookup: kinds.lookup, excluded, rules };
  const selection = select(
    [...listed.objects.values()].map(({ object }) => object),
    resources,
  );
  const chosen = new Map(selection.included.flatMap((object) => entryOf(listed, object)));
  const { supported, leftOut } = await addSupport(
    { chosen, listed, leftOut: selection.leftOut },
    source,
    options,
    signal,
  );
  return {
    included: supported,
    chosen: new Set(chosen.keys()),
    leftOut,
    notChosen: selection.notChosen.map((object) => objectKey(object)).filter((key) => !supported.has(key)),
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

/** What is known while support is looked for. */
interface Closing {
  readonly supported: Map<string, Found>;
  readonly left: LeftOut[];
  /** Everything that was read, whatever became of it: what owns what is seen in it. */
  readonly seen: Map<string, Found>;
  /** Keys that need not be looked for again. */
  readonly asked: Set<string>;
  /** What may serve: see {@link candidatesOf}. */
  readonly candidates: Map<string, Found>;
  /** Namespaces that the candidates are from. */
  readonly looked: Set<string>;
}

/** Adds to the chosen what supports them, until nothing new is referred to and nothing more serves them. */
async function addSupport(
  { chosen, listed, leftOut }: Start,
  source: Sight,
  options: SupportOptions,
  signal: AbortSignal,
): Promise<{ readonly supported: ReadonlyMap<string, Found>; readonly leftOut: readonly LeftOut[] }> {
  const closing: Closing = {
    supported: new Map(chosen),
    left: [...leftOut],
    seen: new Map(listed.objects),
    asked: new Set(leftOut.map(({ key }) => key)),
    candidates: options.infer ? await candidatesOf(source, listed, signal) : new Map(),
    looked: new Set(listed.namespaces),
  };
  const { supported, left, asked, candidates } = closing;
  for (let round = 0; round < ROUNDS; round += 1) {
    if (options.infer) await lookAround(closing, source, options, signal);
    const known = objectsOf(supported);
    const wanted = nextReferences(known, asked, options).map(({ to }) => to);
    const serving = servingOf(known, objectsOf(candidates), options.excluded, options.lookup);
    const found = [
      ...(await readAll(source, wanted, signal)),
      ...serving.flatMap(({ object }) => candidates.get(keyOf({ object })) ?? []),
    ].filter((candidate) => !supported.has(keyOf(candidate)) && !asked.has(keyOf(candidate)));
    if (found.length === 0 && wanted.length === 0) break;
    take(closing, found);
    for (const ref of wanted) asked.add(refKey(ref));
  }
  return { supported: sortedByKey(supported), leftOut: left };
}

/** Lists what may answer in namespaces that were not selected, and into which references have led. */
async function lookAround(
  { supported, seen, candidates, looked }: Closing,
  source: Sight,
  { excluded }: SupportOptions,
  signal: AbortSignal,
): Promise<void> {
  const places = objectsOf(supported).flatMap(({ metadata: { namespace } }) => namespace ?? []);
  const joined = [...new Set(places)].filter((namespace) => !looked.has(namespace));
  if (joined.length === 0) return;
  const types = typesOf(source, [...ANSWERING_KINDS]);
  const wanted = types.filter(({ group, kind }) => !excluded({ group, kind, name: '' }));
  const { objects } = await listKinds(source, wanted, joined, signal);
  for (const [key, found] of objects) {
    seen.set(key, found);
    candidates.set(key, found);
  }
  for (const namespace of joined) looked.add(namespace);
}

/** Each is copied, or left out for a reason. */
function take({ supported, left, seen, asked }: Closing, found: readonly Found[]): void {
  for (const candidate of found) seen.set(keyOf(candidate), candidate);
  const reasonOf = leavingOut({ get: (neighbour) => seen.get(neighbour)?.object });
  for (const candidate of found) {
    const key = keyOf(candidate);
    asked.add(key);
    const reason = reasonOf(candidate.object);
    if (reason === undefined) supported.set(key, candidate);
    else left.push({ key, reason });
  }
}

/** What may serve the chosen without their referring to it: whole kinds of the cluster, and whatever is in the namespaces. */
async function candidatesOf(source: Sight, listed: Listed, signal: AbortSignal): Promise<Map<string, Found>> {
  const types = typesOf(source, CLUSTER_WIDE_SERVING_KINDS);
  const wide = await Promise.all(types.map((type) => listClusterWide(source, type, signal)));
  return new Map([...wide.flat(), ...listed.objects.values()].map((found) => [keyOf(found), found]));
}

/** Of these kinds, those that the source serves. */
function typesOf(source: Sight, kinds: readonly string[]): readonly ResourceType[] {
  return kinds.flatMap((name) => {
    const [kind = '', ...group] = name.split('.');
    return source.kinds.lookup(group.join('.'), kind) ?? [];
  });
}

/** The same collection is the same whatever order the lists came in. */
function sortedByKey(found: ReadonlyMap<string, Found>): ReadonlyMap<string, Found> {
  return new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
