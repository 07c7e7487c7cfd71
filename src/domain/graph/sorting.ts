/** Total orders. Every result of the graph is sorted by one of them, so that it never depends on the order of the input. */
import type { ObjectEdge } from './types.ts';

/** By code units: the same on every machine, unlike `localeCompare`. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

export function compareEdges(a: ObjectEdge, b: ObjectEdge): number {
  return (
    compareText(a.from, b.from) ||
    compareText(a.to, b.to) ||
    compareText(a.rule, b.rule) ||
    compareText(a.field, b.field)
  );
}
