/**
 * The manifest of a recovery point: what was captured, from when, in which
 * order it goes back, and the digests that prove the copy. Stored as
 * `antipode/points/<name>.json` beside (never inside) Velero's own prefix.
 */
import { z } from 'zod';

/** Digest of one object, after everything the server manages was removed. */
const pointObject = z.object({
  key: z.string(),
  apiVersion: z.string(),
  /** sha256 hex of the canonical JSON of the normalised object. */
  digest: z.string(),
  /** Of the source at capture; opaque. */
  resourceVersion: z.string(),
  bytes: z.int(),
  /** The object that refers to it or is served by it; absent when the selection itself names it. */
  why: z.object({ by: z.string(), rule: z.string(), field: z.string() }).optional(),
});
export type PointObject = z.infer<typeof pointObject>;

const edge = z.object({
  from: z.string(),
  to: z.string(),
  rule: z.string(),
  field: z.string(),
  /** Absent in points of earlier versions, whose edges were all certain. */
  certainty: z.enum(['certain', 'likely']).default('certain'),
  /** The part of a longer text that names `to`. */
  matched: z.string().optional(),
});

export const pointManifest = z.object({
  formatVersion: z.literal(1),
  name: z.string(),
  scenario: z.object({ namespace: z.string(), name: z.string(), uid: z.string() }),
  sourceRegion: z.string(),
  /** RFC 3339: before the first read of the source, so nothing older than it can be missing. */
  capturedAt: z.string(),
  finishedAt: z.string(),
  /** Per list (`Deployment.apps/shop`: kind and namespace), its resourceVersion. */
  resourceVersions: z.record(z.string(), z.string()),
  objects: z.array(pointObject),
  leftOut: z.array(z.object({ key: z.string(), reason: z.string() })),
  /** Selected namespaces that the source does not have; absent when it has all. */
  missingNamespaces: z.array(z.string()).optional(),
  /** What captured objects refer to and neither call optional nor have in the source; absent when nothing. */
  dangling: z.array(edge).optional(),
  units: z.array(z.object({ id: z.string(), objects: z.array(z.string()) })),
  edges: z.array(z.object({ from: z.string(), to: z.string(), because: z.array(edge) })),
  longestPath: z.array(z.string()),
  /** What gave way while the order was made, one sentence each; absent when nothing did. */
  warnings: z.array(z.string()).optional(),
  /** Claims whose *data* is not in this point. */
  volumesWithoutData: z.array(z.string()),
  archive: z.object({ sha256: z.string(), bytes: z.int() }),
});
export type PointManifest = z.infer<typeof pointManifest>;
