/**
 * Finds the object that a rule means by a text such as `StatefulSet/shop/db`,
 * which usually leaves out the API group.
 */
import { type ObjectRef, parseRefKey, refKey } from '../../../api/object.ts';
import { compareText } from '../sorting.ts';

export type Named =
  /** Among the objects. */
  | { readonly kind: 'object'; readonly key: string }
  /** Not among them: to be looked for in the source. */
  | { readonly kind: 'missing'; readonly ref: ObjectRef }
  /** Without its group it could be any of these. */
  | { readonly kind: 'ambiguous'; readonly candidates: readonly string[] }
  | { readonly kind: 'not-a-name' };

/** Longer than the name of any object. */
const LONGEST_NAME = 2048;

/**
 * @param keys of all objects
 * @returns a function of texts. A kind without a group is that of the core group,
 *   or else the kind of this name that some object has.
 */
export function nameFinder(keys: Iterable<string>): (text: string) => Named {
  const places = new Map<string, string[]>();
  const groups = new Map<string, Set<string>>();
  const all = new Set(keys);
  for (const key of all) {
    const ref = parseRefKey(key);
    if (ref === undefined) continue;
    const place = refKey({ ...ref, group: '' });
    places.set(place, [...(places.get(place) ?? []), key]);
    groups.set(ref.kind, (groups.get(ref.kind) ?? new Set()).add(ref.group));
  }
  return (text) => {
    const ref = text.length > LONGEST_NAME ? undefined : parseRefKey(text);
    if (ref === undefined) return { kind: 'not-a-name' };
    if (all.has(text)) return { kind: 'object', key: text };
    if (ref.group !== '') return { kind: 'missing', ref };
    const candidates = places.get(text) ?? [];
    const [only] = candidates;
    if (only !== undefined && candidates.length === 1) return { kind: 'object', key: only };
    if (candidates.length > 1) return { kind: 'ambiguous', candidates: candidates.toSorted(compareText) };
    const [group = ''] = groups.get(ref.kind) ?? [];
    return { kind: 'missing', ref: groups.get(ref.kind)?.size === 1 ? { ...ref, group } : ref };
  };
}
