/**
 * Says of every object of a recovery point why it is in it: the user's
 * selection names it, or something that is in it refers to it or is served by
 * it. The shortest chain back to the selection is the one that is told.
 */
import { type KubeObject, objectKey } from '../../api/object.ts';
import { grouped } from './grouped.ts';
import type { KindLookup } from './kinds.ts';
import { leadsIn } from './references.ts';
import { servingOf } from './serving.ts';
import { compareText } from './sorting.ts';
import type { Inclusion, ObjectEdge } from './types.ts';
import { indexed } from './world.ts';

export interface InclusionOptions {
  readonly infer: boolean;
  readonly lookup?: KindLookup;
}

/**
 * @param objects everything that is included
 * @param chosen refKeys of those that the selection itself names
 * @returns by refKey, sorted; an object that nothing leads to is absent
 */
export function inclusions(
  objects: readonly KubeObject[],
  chosen: ReadonlySet<string>,
  options: InclusionOptions,
): ReadonlyMap<string, Inclusion> {
  const byName = new Map(objects.map((object) => [objectKey(object), object]));
  const reasons = new Map<string, Inclusion>();
  for (const key of [...byName.keys()].toSorted(compareText)) {
    if (chosen.has(key)) reasons.set(key, { kind: 'selected' });
  }
  const from = grouped(leadsIn(indexed(objects, options.lookup), options.infer), (edge) => edge.from);
  const isKnown = (object: KubeObject) => reasons.has(objectKey(object));
  for (let before = -1; before < reasons.size; ) {
    before = reasons.size;
    followReferences(reasons, from);
    if (!options.infer) continue;
    const rest = objects.filter((object) => !isKnown(object));
    const served = servingOf(objects.filter(isKnown), rest, () => false);
    for (const { object, by, rule, field, certainty } of served) {
      reasons.set(objectKey(object), { kind: 'supports', by, rule, field, certainty });
    }
  }
  return new Map([...reasons].toSorted(([a], [b]) => compareText(a, b)));
}

/** Breadth first: the map grows while it is walked, nearest objects first. */
function followReferences(
  reasons: Map<string, Inclusion>,
  from: ReadonlyMap<string, readonly ObjectEdge[]>,
): void {
  for (const [by] of reasons) {
    for (const { to, rule, field, certainty } of from.get(by) ?? []) {
      if (!reasons.has(to)) reasons.set(to, { kind: 'supports', by, rule, field, certainty });
    }
  }
}
