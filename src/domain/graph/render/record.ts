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

const omission = z.enum(['inclusions', 'further-evidence', 'evidence', 'left-out', 'edges']);
/**
 * What was cut to fit: why each object is included; all but the first reason of each edge; every reason; the
 * lists of what was left out and not found; the edges themselves.
 */
export type Omission = z.infer<typeof omission>;

export const graphRecord = z.object({
  formatVersion: z.literal(1),
  scenario: z.object({ namespace: z.string(), name: z.string() }),
  sourceRegion: z.string(),
  /** The first recovery point of which this is the graph: later ones may have the same. */
  point: z.string(),
  /** Of that point; absent in records of earlier versions. */
  sequence: z.int().optional(),
  /** RFC 3339, of that point. */
  capturedAt: z.string(),
  objects: z.array(
    z.object({
      key: z.string(),
      bytes: z.int(),
      /** The object that refers to it or is served by it, and how; absent when the selection itself names it. */
      why: z.object({ by: z.string(), rule: z.string(), field: z.string() }).optional(),
    }),
  ),
  units: z.array(z.object({ id: z.string(), objects: z.array(z.string()) })),
  edges: z.array(z.object({ from: z.string(), to: z.string(), because: z.array(evidence) })),
  longestPath: z.array(z.string()),
  leftOut: z.array(z.object({ key: z.string(), reason: z.string() })),
  /** How many objects were not chosen, of which `leftOut` may name only some; absent when all were. */
  notChosen: z.int().optional(),
  /** Referred to, needed, and not in the source. */
  dangling: z.array(evidence),
  missingNamespaces: z.array(z.string()),
  volumesWithoutData: z.array(z.string()),
  omitted: z.array(omission),
});
export type GraphRecord = z.infer<typeof graphRecord>;

/** The graph of a recovery point, whole. */
export function recordOf(manifest: PointManifest): GraphRecord {
  const { name, sequence, scenario, sourceRegion, capturedAt } = manifest;
  const { units, edges, longestPath, leftOut } = manifest;
  return {
    formatVersion: 1,
    scenario: { namespace: scenario.namespace, name: scenario.name },
    sourceRegion,
    point: name,
    ...(sequence === undefined ? {} : { sequence }),
    capturedAt,
    objects: manifest.objects.map(({ key, bytes, why }) =>
      why === undefined ? { key, bytes } : { key, bytes, why },
    ),
    units,
    edges,
    longestPath,
    leftOut,
    ...(manifest.notChosen === undefined ? {} : { notChosen: manifest.notChosen }),
    dangling: manifest.dangling ?? [],
    missingNamespaces: manifest.missingNamespaces ?? [],
    volumesWithoutData: manifest.volumesWithoutData,
    omitted: [],
  };
}

/** What comes and goes while an application runs, by itself or beside it: no reason to publish a graph anew. */
const FLEETING: ReadonlySet<string> = new Set([
  'GeneratedByController',
  'Transient',
  'Completed',
  'BeingDeleted',
  'NotChosen',
]);

/**
 * What must change for a graph to count as changed: not the point it was read
 * from, not sizes, not the Pods of the moment. The text is for hashing only.
 */
export function essenceOf(record: GraphRecord): string {
  const { point: _point, sequence: _sequence, capturedAt: _capturedAt, ...graph } = record;
  const { notChosen: _notChosen, objects, leftOut, ...rest } = graph;
  return JSON.stringify({
    ...rest,
    objects: objects.map(({ bytes: _bytes, ...object }) => object),
    leftOut: leftOut.filter(({ reason }) => !FLEETING.has(reason)),
  });
}

/** The record, and then ever smaller versions of it, each saying what it lacks. */
export function* everSmaller(whole: GraphRecord): Generator<GraphRecord> {
  yield whole;
  const objects = whole.objects.map(({ key, bytes }) => ({ key, bytes }));
  const hadWhy = whole.objects.some(({ why }) => why !== undefined);
  const cut: readonly Omission[] = hadWhy ? ['inclusions'] : [];
  const record: GraphRecord = { ...whole, objects };
  if (hadWhy) yield { ...record, omitted: [...cut] };
  const first = record.edges.map((edge) => ({ ...edge, because: edge.because.slice(0, 1) }));
  yield { ...record, edges: first, omitted: [...cut, 'further-evidence'] };
  const bare = record.edges.map((edge) => ({ ...edge, because: [] }));
  yield { ...record, edges: bare, omitted: [...cut, 'evidence'] };
  const short: GraphRecord = {
    ...record,
    edges: bare,
    leftOut: [],
    dangling: [],
    omitted: [...cut, 'evidence', 'left-out'],
  };
  yield short;
  yield { ...short, edges: [], omitted: [...cut, 'evidence', 'left-out', 'edges'] };
}

const OMISSIONS: Readonly<Record<Omission, string>> = {
  inclusions: 'why each object is included',
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
