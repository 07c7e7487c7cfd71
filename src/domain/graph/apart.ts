/**
 * Takes units apart where they need each other in a circle although their
 * objects do not: web's Service is needed by the queue, and web's ConfigMap
 * waits for the queue. Grouping must never make an order impossible.
 */
import { compareText } from './sorting.ts';
import { components, isCycle, type Needs } from './topology.ts';
import type { ObjectEdge } from './types.ts';
import { append, type Grouping } from './units.ts';

/**
 * Dissolves, in every circle of units, the smaller half of those that have more
 * than one object (each object is then a unit) until no circle is left. Halving
 * keeps this to a logarithmic number of passes.
 * @param edges between objects, without cycles: hence it ends
 */
export function takeApart(grouping: Grouping, edges: readonly ObjectEdge[]): Grouping {
  const unitOf = new Map(grouping);
  for (;;) {
    const members = membersOf(unitOf);
    const circles = circlesOf(unitOf, edges);
    if (circles.length === 0) return unitOf;
    for (const unit of circles.flatMap((circle) => smallerHalf(circle, members))) {
      for (const key of members.get(unit) ?? []) unitOf.set(key, key);
    }
  }
}

function circlesOf(unitOf: Grouping, edges: readonly ObjectEdge[]): readonly (readonly string[])[] {
  const needs = unitNeeds(unitOf, edges);
  const units = [...new Set(unitOf.values())].toSorted(compareText);
  return components(units, needs).filter((component) => isCycle(component, needs));
}

function smallerHalf(
  circle: readonly string[],
  members: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const size = (unit: string) => members.get(unit)?.length ?? 0;
  const bySize = circle
    .filter((unit) => size(unit) > 1)
    .toSorted((a, b) => size(a) - size(b) || compareText(a, b));
  return bySize.slice(0, Math.max(1, Math.floor(bySize.length / 2)));
}

/** The keys of each unit, in the order of the grouping. */
export function membersOf(unitOf: Grouping): ReadonlyMap<string, readonly string[]> {
  const members = new Map<string, string[]>();
  for (const [key, unit] of unitOf) append(members, unit, key);
  return members;
}

/** What each unit needs of other units; no duplicates. */
export function unitNeeds(unitOf: Grouping, edges: readonly ObjectEdge[]): Needs {
  const needs = new Map<string, Set<string>>();
  for (const edge of edges) {
    const from = unitOf.get(edge.from);
    const to = unitOf.get(edge.to);
    if (from === undefined || to === undefined || from === to) continue;
    needs.set(from, (needs.get(from) ?? new Set()).add(to));
  }
  return new Map([...needs].map(([unit, found]) => [unit, [...found]]));
}
