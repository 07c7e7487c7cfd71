/** Findings of the graph in sentences for people. */
import type { GraphResult, ObjectEdge } from './types.ts';

/** The circle, and for each of its steps where it comes from: one of them has to go. */
export function describeCycle({ path, because }: Extract<GraphResult, { kind: 'cycle' }>): string {
  const steps = because.map(describeEdge).join('; ');
  return `dependencies go round in a circle: ${path.join(' -> ')}; ${steps}`;
}

const describeEdge = ({ from, to, rule, field }: ObjectEdge): string =>
  `${from} needs ${to} (${rule}: ${field})`;
