/**
 * What of the selected namespaces goes into a recovery point, what is left out
 * and why, and what is merely not chosen, and so only comes along when
 * something chosen refers to it (see support.ts).
 */
import { type KubeObject, type ObjectRef, objectKey, parseRefKey, refKey, refOf } from '../../api/object.ts';
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import { kindOfRef } from './kinds.ts';
import { matches } from './labels.ts';
import { leavingOut } from './left-out.ts';
import { compareText } from './sorting.ts';
import type { LeftOut } from './types.ts';

export type Resources = DRScenarioSpec['resources'];

/** The three parts are disjoint, together the input, and each sorted by key. */
export interface Selection {
  readonly included: readonly KubeObject[];
  readonly leftOut: readonly LeftOut[];
  /** Without the labels, or not of the kinds, asked for. */
  readonly notChosen: readonly KubeObject[];
}

/** @param objects everything listed from the selected namespaces; kinds that cannot be created are not listed */
export function select(objects: readonly KubeObject[], resources: Resources): Selection {
  const byKey = new Map(objects.map((object) => [objectKey(object), object]));
  const excluded = exclusion(resources);
  const reasonOf = leavingOut(byKey);
  const included: KubeObject[] = [];
  const notChosen: KubeObject[] = [];
  const leftOut: LeftOut[] = [];
  for (const [key, object] of [...byKey].toSorted(([a], [b]) => compareText(a, b))) {
    const reason = excluded(refOf(object)) ? 'ExcludedByUser' : reasonOf(object);
    if (reason !== undefined) leftOut.push({ key, reason });
    else if (isChosen(object, resources)) included.push(object);
    else notChosen.push(object);
  }
  return { included, leftOut, notChosen };
}

function isChosen(object: KubeObject, { includeKinds, labelSelector }: Resources): boolean {
  if (includeKinds !== undefined && !namesKind(includeKinds, refOf(object))) return false;
  return labelSelector === undefined || matches(labelSelector, object.metadata.labels ?? {});
}

/** Whether the user wants an object left out even when something refers to it. */
export function exclusion({ exclude = [], excludeKinds = [] }: Resources): (ref: ObjectRef) => boolean {
  const names = exclude.flatMap((text) => parseRefKey(text) ?? []);
  const byName = new Map<string, readonly ObjectRef[]>();
  for (const ref of names) byName.set(placeOf(ref), [...(byName.get(placeOf(ref)) ?? []), ref]);
  return (ref) =>
    (byName.get(placeOf(ref)) ?? []).some(({ group }) => group === '' || group === ref.group) ||
    namesKind(excludeKinds, ref);
}

/** An object's name without its group: what a user may write when the kind alone is clear. */
const placeOf = (ref: ObjectRef): string => refKey({ ...ref, group: '' });

/** A kind without a group means that kind of every group. */
function namesKind(kinds: readonly string[], ref: ObjectRef): boolean {
  return kinds.includes(ref.kind) || kinds.includes(kindOfRef(ref));
}
