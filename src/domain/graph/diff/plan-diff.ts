/**
 * What a change of a scenario would do to its graph: which objects would be
 * protected that are not, which no longer, which dependencies come and go,
 * which units would start earlier or later, and what that does to the predicted
 * recovery time. Pure: both graphs are given.
 */

import type { Millis } from '../../time.ts';
import { grouped } from '../grouped.ts';
import type { Evidence, GraphRecord } from '../render/record.ts';
import { wavesOf } from '../render/waves.ts';
import { compareText } from '../sorting.ts';

/** Of a graph, what is compared. */
export type Compared = Pick<
  GraphRecord,
  'objects' | 'units' | 'edges' | 'longestPath' | 'leftOut' | 'dangling'
>;

/** Time to recover along the graph; undefined when it cannot be said. */
export type Forecast = (units: Compared['units'], edges: Compared['edges']) => Prediction | undefined;

export interface Prediction {
  readonly p50: Millis;
  readonly p95: Millis;
  /** What it rests on. */
  readonly basis: 'measured' | 'prior' | 'mixed';
}

export interface AddedObject {
  readonly key: string;
  readonly bytes: number;
  /** The unit it would be in. */
  readonly unit: string | undefined;
  /** What refers to it from other units; empty when nothing does, and when only its own unit does. */
  readonly because: readonly Evidence[];
}

export interface DroppedObject {
  readonly key: string;
  readonly bytes: number;
  /** The reason it is left out; undefined when it is no longer selected, or not in the source any more. */
  readonly leftOut: string | undefined;
  /** What will still refer to it and miss it. */
  readonly missedBy: readonly Evidence[];
}

export interface PlanDiff {
  /** Sorted by key, as all lists are. */
  readonly added: readonly AddedObject[];
  readonly dropped: readonly DroppedObject[];
  /** Between units; `because` as in the graph that has the edge. */
  readonly addedEdges: Compared['edges'];
  readonly droppedEdges: Compared['edges'];
  /** In both graphs, in different waves. */
  readonly reordered: readonly { readonly unit: string; readonly before: number; readonly after: number }[];
  readonly longestPath: { readonly before: readonly string[]; readonly after: readonly string[] };
  readonly objects: Change;
  readonly bytes: Change;
  readonly forecast: {
    readonly before: Prediction | undefined;
    readonly after: Prediction | undefined;
  };
}

export interface Change {
  readonly before: number;
  readonly after: number;
}

/**
 * @param before what is in force; {@link nothing} when nothing is
 * @param forecasts each for its own graph: names to switch and the recovery region may differ too
 */
export function planDiff(
  before: Compared,
  after: Compared,
  forecasts: { readonly before: Forecast; readonly after: Forecast },
): PlanDiff {
  const bytesOf = ({ objects }: Compared) => objects.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    added: addedObjects(before, after),
    dropped: droppedObjects(before, after),
    addedEdges: edgesOnlyIn(after, before),
    droppedEdges: edgesOnlyIn(before, after),
    reordered: reorderedUnits(before, after),
    longestPath: { before: before.longestPath, after: after.longestPath },
    objects: { before: before.objects.length, after: after.objects.length },
    bytes: { before: bytesOf(before), after: bytesOf(after) },
    forecast: {
      before: forecasts.before(before.units, before.edges),
      after: forecasts.after(after.units, after.edges),
    },
  };
}

/** The graph of a scenario that protects nothing yet. */
export const nothing: Compared = {
  objects: [],
  units: [],
  edges: [],
  longestPath: [],
  leftOut: [],
  dangling: [],
};

/** True when neither objects nor dependencies nor their order would differ. */
export function isSame(diff: PlanDiff): boolean {
  return [diff.added, diff.dropped, diff.addedEdges, diff.droppedEdges, diff.reordered].every(
    (list) => list.length === 0,
  );
}

const keysOf = ({ objects }: Compared): ReadonlySet<string> => new Set(objects.map(({ key }) => key));

function addedObjects(before: Compared, after: Compared): readonly AddedObject[] {
  const known = keysOf(before);
  const needed = referrers(after.edges.flatMap(({ because }) => because));
  const unitOf = new Map(after.units.flatMap(({ id, objects }) => objects.map((key) => [key, id] as const)));
  return after.objects
    .filter(({ key }) => !known.has(key))
    .map(({ key, bytes }) => ({ key, bytes, unit: unitOf.get(key), because: needed.get(key) ?? [] }))
    .toSorted((a, b) => compareText(a.key, b.key));
}

function droppedObjects(before: Compared, after: Compared): readonly DroppedObject[] {
  const known = keysOf(after);
  const reasons = new Map(after.leftOut.map(({ key, reason }) => [key, reason]));
  const missing = referrers(after.dangling);
  return before.objects
    .filter(({ key }) => !known.has(key))
    .map(({ key, bytes }) => ({
      key,
      bytes,
      leftOut: reasons.get(key),
      missedBy: missing.get(key) ?? [],
    }))
    .toSorted((a, b) => compareText(a.key, b.key));
}

const referrers = (evidence: readonly Evidence[]) => grouped(evidence, ({ to }) => to);

function edgesOnlyIn(one: Compared, other: Compared): Compared['edges'] {
  const known = new Set(other.edges.map(({ from, to }) => `${from} ${to}`));
  return one.edges
    .filter(({ from, to }) => !known.has(`${from} ${to}`))
    .toSorted((a, b) => compareText(a.from, b.from) || compareText(a.to, b.to));
}

function reorderedUnits(before: Compared, after: Compared): PlanDiff['reordered'] {
  const then = wavesOf(before);
  return [...wavesOf(after)]
    .flatMap(([unit, wave]) => {
      const earlier = then.get(unit);
      return earlier === undefined || earlier === wave ? [] : [{ unit, before: earlier, after: wave }];
    })
    .toSorted((a, b) => compareText(a.unit, b.unit));
}
