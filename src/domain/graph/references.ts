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
  const inferred: ObjectEdge[] = [];
  const missing: Reference[] = [];
  for (const [from, object] of objects) {
    const found = rulesFor(object).flatMap((rule) =>
      rule.find(object, world).map((one) => readingOf(from, rule, one, world)),
    );
    for (const { edge, absent, isOrdered } of found.toSorted((a, b) => compareEdges(a.edge, b.edge))) {
      if (absent !== undefined) missing.push(absent);
      else if (isOrdered && edge.to !== from) inferred.push(edge);
    }
  }
  const judged = infer ? judgedEdges(world, inferred) : [];
  return { edges: judged.length === 0 ? inferred : [...inferred, ...judged].toSorted(compareEdges), missing };
}

interface Reading {
  readonly edge: ObjectEdge;
  /** Present when neither what is referred to, nor what makes it, is among the objects. */
  readonly absent: Reference | undefined;
  /** Whether the referrer waits for it. */
  readonly isOrdered: boolean;
}

function readingOf(from: string, rule: Rule, found: Found, world: World): Reading {
  const { to, field, matched, optional = false } = found;
  const { name, certainty, only } = rule;
  const key = refKey(to);
  const isThere = world.objects.has(key);
  // What is not in the copy is made there by its operator: then that is what to wait for.
  const maker = isThere ? undefined : makerOf(key, world);
  const target = maker === undefined ? key : refKey(maker);
  const text = matched === undefined ? undefined : { matched };
  const edge = { from, to: target, rule: name, field, certainty, ...text };
  const isAbsent = !isThere && maker === undefined;
  const absent = isAbsent ? { from, to, rule: name, field, certainty, ...text, optional } : undefined;
  return { edge, absent, isOrdered: only === undefined };
}
