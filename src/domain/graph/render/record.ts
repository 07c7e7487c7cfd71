/**
 * The graph of a scenario as it is shown to people: what a recovery point's
 * manifest says of units, order and evidence, without what only a restore needs.
 * It travels from the operator to the command line in a ConfigMap, so it can be
 * cut down to a size, evidence first, and says what was cut.
 */
import { z } from 'zod';
import type { PointManifest } from '../../protection/point.ts';

const evidence = z.object({
  from: z.string(),
  to: z.string(),
  rule: z.string(),
  field: z.string(),
  /** How sure the rule is, in a word; absent in points made before rules said so, which all were certain. */
  certainty: z.string().optional(),
  /** The part of the field that names it, when the field holds more. */
  matched: z.string().optional(),
});
/** Why one object needs another. */
export type Evidence = z.infer<typeof evidence>;

const omission = z.enum(['further-evidence', 'evidence', 'left-out', 'edges']);
/**
 * What was cut to fit: all but the first reason of each edge; every reason; the
 * lists of what was left out and not found; the edges themselves.
 */
export type Omission = z.infer<typeof omission>;

export const graphRecord = z.object({
  formatVersion: z.literal(1),
  scenario: z.object({ namespace: z.string(), name: z.string() }),
  sourceRegion: z.string(),
  /** The first recovery point of which this is the graph: later ones may have the same. */
  point: z.string(),
  /** RFC 3339, of that point. */
  capturedAt: z.string(),
  objects: z.array(z.object({ key: z.string(), bytes: z.int() })),
  units: z.array(z.object({ id: z.string(), objects: z.array(z.string()) })),
  edges: z.array(z.object({ from: z.string(), to: z.string(), because: z.array(evidence) })),
  longestPath: z.array(z.string()),
  leftOut: z.array(z.object({ key: z.string(), reason: z.string() })),
  /** Referred to, needed, and not in the source. */
  dangling: z.array(evidence),
  missingNamespaces: z.array(z.string()),
  volumesWithoutData: z.array(z.string()),
  omitted: z.array(omission),
});
export type GraphRecord = z.infer<typeof graphRecord>;

/** The graph of a recovery point, whole. */
export function recordOf(manifest: PointManifest): GraphRecord {
  const { name, scenario, sourceRegion, capturedAt, units, edges, longestPath, leftOut } = manifest;
  return {
    formatVersion: 1,
    scenario: { namespace: scenario.namespace, name: scenario.name },
    sourceRegion,
    point: name,
    capturedAt,
    objects: manifest.objects.map(({ key, bytes }) => ({ key, bytes })),
    units,
    edges,
    longestPath,
    leftOut,
    dangling: manifest.dangling ?? [],
    missingNamespaces: manifest.missingNamespaces ?? [],
    volumesWithoutData: manifest.volumesWithoutData,
    omitted: [],
  };
}

/** What comes and goes by itself while an application runs: no reason to publish a graph anew. */
const FLEETING: ReadonlySet<string> = new Set([
  'GeneratedByController',
  'Transient',
  'Completed',
  'BeingDeleted',
]);

/**
 * What must change for a graph to count as changed: not the point it was read
 * from, not sizes, not the Pods of the moment. The text is for hashing only.
 */
export function essenceOf(record: GraphRecord): string {
  const { point: _point, capturedAt: _capturedAt, objects, leftOut, ...rest } = record;
  return JSON.stringify({
    ...rest,
    objects: objects.map(({ key }) => key),
    leftOut: leftOut.filter(({ reason }) => !FLEETING.has(reason)),
  });
}

/** The record, and then ever smaller versions of it, each saying what it lacks. */
export function* everSmaller(record: GraphRecord): Generator<GraphRecord> {
  yield record;
  const first = record.edges.map((edge) => ({ ...edge, because: edge.because.slice(0, 1) }));
  yield { ...record, edges: first, omitted: ['further-evidence'] };
  const bare = record.edges.map((edge) => ({ ...edge, because: [] }));
  yield { ...record, edges: bare, omitted: ['evidence'] };
  const short: GraphRecord = {
    ...record,
    edges: bare,
    leftOut: [],
    dangling: [],
    omitted: ['evidence', 'left-out'],
  };
  yield short;
  yield { ...short, edges: [], omitted: ['evidence', 'left-out', 'edges'] };
}

const OMISSIONS: Readonly<Record<Omission, string>> = {
  'further-evidence': 'all but the first reason of each dependency',
  evidence: 'the reasons of dependencies',
  'left-out': 'the lists of objects left out and not found',
  edges: 'the dependencies',
};

/** A sentence about what was cut; undefined when nothing was. */
export function omissionText({ omitted }: GraphRecord): string | undefined {
  if (omitted.length === 0) return undefined;
  const what = omitted.map((one) => OMISSIONS[one]).join(', ');
  return `The graph is too large to be published whole: ${what} cannot be shown. The recovery point has them.`;
}
