/**
 * Turns the edges a user wrote (`before`, `after`, often without API groups)
 * into edges between objects.
 */
import { type ObjectRef, parseRefKey, refKey } from '../../api/object.ts';
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import { compareText } from './sorting.ts';
import type { GraphResult, LeftOut, ObjectEdge } from './types.ts';

export type ExplicitEdge = DRScenarioSpec['dependencies']['edges'][number];

export const EXPLICIT_RULE = 'explicit';

type UnknownEdge = Extract<GraphResult, { kind: 'unknown-edge' }>;
export type ExplicitEdges = { readonly kind: 'edges'; readonly edges: readonly ObjectEdge[] } | UnknownEdge;

/**
 * An edge that names something left out (a Job that is completed, a generated
 * Pod) is satisfied already and makes no edge. The first that names nothing,
 * or several things, is the result.
 * @param keys of all objects
 */
export function explicitEdges(
  written: readonly ExplicitEdge[],
  keys: Iterable<string>,
  leftOut: readonly LeftOut[],
): ExplicitEdges {
  const find = finder(keys, leftOut);
  const edges: ObjectEdge[] = [];
  for (const [index, edge] of written.entries()) {
    const before = find(edge.before);
    const after = find(edge.after);
    if (before.kind === 'unknown') return unknownEdge(edge.before, edge, before.candidates);
    if (after.kind === 'unknown') return unknownEdge(edge.after, edge, after.candidates);
    if (before.kind === 'left-out' || after.kind === 'left-out') continue;
    const field = `spec.dependencies.edges[${index}]`;
    edges.push({ from: after.key, to: before.key, rule: EXPLICIT_RULE, field, certainty: 'certain' });
  }
  return { kind: 'edges', edges };
}

function unknownEdge(key: string, edge: ExplicitEdge, candidates: readonly string[]): UnknownEdge {
  const found = { kind: 'unknown-edge', key, edge } as const;
  return candidates.length === 0 ? found : { ...found, candidates };
}

type Named =
  | { readonly kind: 'object'; readonly key: string }
  | { readonly kind: 'left-out' }
  | { readonly kind: 'unknown'; readonly candidates: readonly string[] };

function finder(keys: Iterable<string>, leftOut: readonly LeftOut[]): (text: string) => Named {
  const objects = byPlace(keys);
  const absent = byPlace(leftOut.map(({ key }) => key));
  return (text) => {
    const ref = parseRefKey(text);
    if (ref === undefined) return { kind: 'unknown', candidates: [] };
    const isMeant = (key: string) => ref.group === '' || key === refKey(ref);
    const candidates = (objects.get(placeOf(ref)) ?? []).filter(isMeant);
    const [only = text] = candidates;
    // The exact text wins: `Service/shop/web` is the core Service even where another API has a kind of that name.
    if (candidates.includes(text)) return { kind: 'object', key: text };
    if (candidates.length === 1) return { kind: 'object', key: only };
    if (candidates.length > 1) return { kind: 'unknown', candidates: candidates.toSorted(compareText) };
    return (absent.get(placeOf(ref)) ?? []).some(isMeant)
      ? { kind: 'left-out' }
      : { kind: 'unknown', candidates: [] };
  };
}

function byPlace(keys: Iterable<string>): ReadonlyMap<string, readonly string[]> {
  const places = new Map<string, string[]>();
  for (const key of keys) {
    const ref = parseRefKey(key);
    if (ref === undefined) continue;
    const same = places.get(placeOf(ref));
    if (same === undefined) places.set(placeOf(ref), [key]);
    else same.push(key);
  }
  return places;
}

/** An object's name without its group. */
const placeOf = (ref: ObjectRef): string => refKey({ ...ref, group: '' });
