/**
 * Applies the rules to all objects: what refers to what among them, and what
 * they refer to that is not among them.
 */
import { type KubeObject, refKey } from '../../api/object.ts';
import { judgedEdges } from './infer/judged.ts';
import { makerOf } from './infer/operators.ts';
import type { Found, Rule } from './infer/rule.ts';
import { ruleTable } from './infer/rules.ts';
import type { KindLookup } from './kinds.ts';
import { compareEdges, compareText } from './sorting.ts';
import type { ObjectEdge, Reference } from './types.ts';
import { type World, worldOf } from './world.ts';

export interface References {
  /** `to` is among the objects. Sorted; never from an object to itself. */
  readonly edges: readonly ObjectEdge[];
  /** `to` is not among the objects, nor made by one of them. Sorted. */
  readonly missing: readonly Reference[];
}

/**
 * @param infer false: only namespaces, definitions of custom kinds and owners
 * @param lookup names the definitions and owners that are not among the objects; without it they stay unknown
 */
export function references(
  objects: readonly KubeObject[],
  { infer, lookup }: { readonly infer: boolean; readonly lookup?: KindLookup },
): References {
  return referencesIn(worldOf(objects, lookup), infer);
}

/** {@link references} of objects that are indexed already. */
export function referencesIn(world: World, infer: boolean): References {
  const rulesFor = ruleTable(infer);
  // Sorting objects first, and then the few references of each, is much cheaper than sorting all references.
  const objects = [...world.objects].toSorted(([a], [b]) => compareText(a, b));
  const found = objects.flatMap(([from, object]) =>
    rulesFor(object)
      .flatMap((rule) => rule.find(object, world).map((one) => reading(from, rule, one, world)))
      .toSorted((a, b) => compareEdges(a.edge, b.edge)),
  );
  const edges = found.filter((one) => one.isOrdered && one.isThere && one.edge.to !== one.edge.from);
  const inferred = edges.map(({ edge }) => edge);
  const judged = infer ? judgedEdges(world, inferred) : [];
  return {
    edges: judged.length === 0 ? inferred : [...inferred, ...judged].toSorted(compareEdges),
    missing: found.filter(({ isThere }) => !isThere).map(({ reference }) => reference),
  };
}

interface Reading {
  readonly edge: ObjectEdge;
  readonly reference: Reference;
  /** Whether what is referred to, or what makes it, is among the objects. */
  readonly isThere: boolean;
  /** Whether the referrer waits for it. */
  readonly isOrdered: boolean;
}

function reading(
  from: string,
  rule: Rule,
  { to, field, matched, optional = false }: Found,
  world: World,
): Reading {
  const evidence = {
    rule: rule.name,
    field,
    certainty: rule.certainty,
    ...(matched === undefined ? {} : { matched }),
  };
  const key = refKey(to);
  // What is not in the copy is made there by its operator: then that is what to wait for.
  const maker = world.objects.has(key) ? undefined : makerOf(key, world);
  return {
    edge: { from, to: maker === undefined ? key : refKey(maker), ...evidence },
    reference: { from, to, ...evidence, optional },
    isThere: world.objects.has(key) || maker !== undefined,
    isOrdered: rule.only === undefined,
  };
}
