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
  /** Signs of readiness it showed in the source; absent when it showed none, and in points of earlier versions. */
  shown: z.array(z.string()).optional(),
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

/** How the data of one claim is in the point, or why it is not. */
const pointVolume = z.object({
  /** refKey of the claim. */
  claim: z.string(),
  strategy: z.enum(['SnapshotHandle', 'VeleroDataMover', 'VolSync', 'Exclude']),
  /** Why this strategy, in a sentence. */
  reason: z.string(),
  /** The instant the data is of (RFC 3339, the storage's word where it gives one); absent for Exclude. */
  instant: z.string().optional(),
  /** For SnapshotHandle in the storage of the source; for VolSync that of `image`, absent in points of earlier versions. */
  snapshot: z
    .object({
      driver: z.string(),
      handle: z.string(),
      /** VolumeSnapshot where it was taken, `namespace/name`. */
      name: z.string(),
      restoreSize: z.string().optional(),
      sourceVolumeMode: z.enum(['Filesystem', 'Block']).optional(),
      /** VolumeGroupSnapshot that cut it together with others, `namespace/name`. */
      group: z.string().optional(),
      /** The group in the storage's terms: a region imports a member only when it knows the group. */
      groupHandle: z.string().optional(),
    })
    .optional(),
  /** For VolSync: the VolumeSnapshot it made in the recovery region, `namespace/name`. */
  image: z.string().optional(),
});
export type PointVolume = z.infer<typeof pointVolume>;

export const pointManifest = z.object({
  formatVersion: z.literal(1),
  name: z.string(),
  scenario: z.object({ namespace: z.string(), name: z.string(), uid: z.string() }),
  /** Uid of the objective cluster whose operator made it; absent when that was not known. */
  objective: z.string().optional(),
  sourceRegion: z.string(),
  /** Of the scenario when it was made; absent in points of earlier versions. */
  recoveryRegion: z.string().optional(),
  /** One more than the highest of the scenario's points in the store when it was made; absent in points of earlier versions. */
  sequence: z.int().optional(),
  /** RFC 3339: not after the first read of the source nor after the first volume's instant, so nothing older is missing. */
  capturedAt: z.string(),
  finishedAt: z.string(),
  /** Per list (`Deployment.apps/shop`: kind and namespace), its resourceVersion. */
  resourceVersions: z.record(z.string(), z.string()),
  objects: z.array(pointObject),
  leftOut: z.array(z.object({ key: z.string(), reason: z.string() })),
  /** How many objects were not chosen; `leftOut` names the first thousand of them. Absent when all were. */
  notChosen: z.int().optional(),
  /** Selected namespaces that the source does not have; absent when it has all. */
  missingNamespaces: z.array(z.string()).optional(),
  /** What captured objects refer to and neither call optional nor have in the source; absent when nothing. */
  dangling: z.array(edge).optional(),
  units: z.array(z.object({ id: z.string(), objects: z.array(z.string()) })),
  edges: z.array(z.object({ from: z.string(), to: z.string(), because: z.array(edge) })),
  longestPath: z.array(z.string()),
  /** What gave way while the order was made, one sentence each; absent when nothing did. */
  warnings: z.array(z.string()).optional(),
  /** One for each claim; absent in points of earlier versions. */
  volumes: z.array(pointVolume).optional(),
  /** Claims whose *data* is not in this point. */
  volumesWithoutData: z.array(z.string()),
  archive: z.object({
    sha256: z.string(),
    bytes: z.int(),
    /** Objects in it; absent when it holds exactly those of the point. Velero's archives hold others too. */
    objects: z.int().optional(),
  }),
});
export type PointManifest = z.infer<typeof pointManifest>;
