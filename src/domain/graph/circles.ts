/**
 * Which likely edges give way. A guess that contradicts what is certain, or
 * another guess, is not followed: neither of two services that name each other
 * is known to come first, and both start. What is certain never gives way here.
 */
import { grouped } from './grouped.ts';
import { components, type Needs, pathBetween } from './topology.ts';
import type { ObjectEdge } from './types.ts';
import type { Grouping } from './units.ts';

export interface Acyclic {
  readonly kept: readonly ObjectEdge[];
  /** One sentence for each piece of evidence that was not followed, with the path that shows why. */
  readonly warnings: readonly string[];
}

/** More circles than people read; finding each path costs as much as the circle is large. */
const SHOWN = 50;

/**
 * Drops every likely edge that lies on a circle, with whatever else the same
 * text was evidence of. The result does not depend on the order of the edges,
 * and without circles among the certain ones there are none left.
 * @param keys all nodes
 * @param firm edges without circles
 * @param unitOf when given, circles are those of units
 */
export function withoutCircles(
  keys: readonly string[],
  firm: readonly ObjectEdge[],
  likely: readonly ObjectEdge[],
  unitOf?: Grouping,
): Acyclic {
  if (likely.length === 0) return { kept: [], warnings: [] };
  const nodeOf = (key: string) => unitOf?.get(key) ?? key;
  const needs = needsBetween([...firm, ...likely], nodeOf);
  const circleOf = new Map<string, number>();
  for (const [index, members] of components([...new Set(keys.map(nodeOf))], needs).entries()) {
    for (const node of members) circleOf.set(node, index);
  }
  const closesCircle = ({ from, to }: ObjectEdge) => {
    const [start, end] = [nodeOf(from), nodeOf(to)];
    return start !== end && circleOf.get(start) === circleOf.get(end);
  };
  const dropped = grouped(likely.filter(closesCircle), evidenceOf);
  const kept = likely.filter((edge) => !dropped.has(evidenceOf(edge)));
  const warnings = [...dropped.values()].slice(0, SHOWN).flatMap(([edge]) => {
    if (edge === undefined) return [];
    const inCircle = (node: string) => circleOf.get(node) === circleOf.get(nodeOf(edge.from));
    return describe(edge, pathBetween(nodeOf(edge.to), nodeOf(edge.from), needs, inCircle));
  });
  const unsaid = dropped.size - SHOWN;
  return {
    kept,
    warnings:
      unsaid > 0 ? [...warnings, `and ${unsaid} more likely dependencies are not followed`] : warnings,
  };
}

/** A text that names a Service is one piece of evidence, also of the workloads behind it; any other edge is its own. */
function evidenceOf({ from, to, rule, field, matched }: ObjectEdge): string {
  return [from, rule, field, matched ?? to].join(' ');
}

function describe({ from, to, rule, field, matched }: ObjectEdge, path: readonly string[]): string {
  const text = matched === undefined ? '' : ` "${matched}"`;
  return `${from} likely needs ${to} (${rule}: ${field}${text}), which is not followed because it closes a circle: ${[path.at(-1), ...path].join(' -> ')}`;
}

function needsBetween(edges: readonly ObjectEdge[], nodeOf: (key: string) => string): Needs {
  const needs = new Map<string, Set<string>>();
  for (const edge of edges) {
    const [from, to] = [nodeOf(edge.from), nodeOf(edge.to)];
    if (from === to) continue;
    const known = needs.get(from);
    if (known === undefined) needs.set(from, new Set([to]));
    else known.add(to);
  }
  return new Map([...needs].map(([node, found]) => [node, [...found]]));
}
