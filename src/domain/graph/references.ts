/**
 * Applies the rules to all objects: what refers to what among them, and what
 * they refer to that is not among them.
 */
import { type KubeObject, refKey } from '../../api/object.ts';
import { ruleTable } from './infer/rules.ts';
import type { KindLookup } from './kinds.ts';
import { compareEdges, compareText } from './sorting.ts';
import type { ObjectEdge, Reference } from './types.ts';
import { type World, worldOf } from './world.ts';

export interface References {
  /** `to` is among the objects. Sorted; never from an object to itself. */
  readonly edges: readonly ObjectEdge[];
  /** `to` is not among the objects. Sorted. */
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
      .flatMap((rule) =>
        rule.find(object, world).map(({ to, field, optional = false }) => ({
          edge: { from, to: refKey(to), rule: rule.name, field },
          reference: { from, to, rule: rule.name, field, optional },
        })),
      )
      .toSorted((a, b) => compareEdges(a.edge, b.edge)),
  );
  const isKnown = ({ edge }: { edge: ObjectEdge }) => world.objects.has(edge.to);
  return {
    edges: found.filter((one) => isKnown(one) && one.edge.to !== one.edge.from).map(({ edge }) => edge),
    missing: found.filter((one) => !isKnown(one)).map(({ reference }) => reference),
  };
}
