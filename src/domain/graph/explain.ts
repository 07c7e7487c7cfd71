/** Findings of the graph in sentences for people. */
import type { GraphResult, ObjectEdge } from './types.ts';

/** The circle, and for each of its steps where it comes from: one of them has to go. */
export function describeCycle({ path, because }: Extract<GraphResult, { kind: 'cycle' }>): string {
  const steps = because.map(describeEdge).join('; ');
  return `dependencies go round in a circle: ${path.join(' -> ')}; ${steps}`;
}

/** The edge that names something else than one object of the selection, and what to write instead. */
export function describeUnknownEdge({
  key,
  edge,
  candidates = [],
}: Extract<GraphResult, { kind: 'unknown-edge' }>): string {
  const what =
    candidates.length === 0
      ? 'which is not part of the selection'
      : `which could be ${candidates.join(' or ')}: write one of them`;
  return `spec.dependencies.edges (${edge.before} before ${edge.after}) names ${key}, ${what}`;
}

const describeEdge = ({ from, to, rule, field }: ObjectEdge): string =>
  `${from} needs ${to} (${rule}: ${field})`;
