/** What a scenario's status tells of its recovery points. */
import { z } from 'zod';
import { objectName, timestamp } from './common.ts';
import { store } from './dr-scenario-store.ts';

export const pointStatus = z.object({
  name: objectName.describe('Its name in the store.'),
  sequence: z
    .int()
    .optional()
    .describe(
      'Which point is the newer one: each has one more than the highest in the store had. Clocks do not decide that, as one may have been ahead.',
    ),
  capturedAt: timestamp.describe('The instant the copy is of, not the end of the transfer.'),
  verifiedAt: timestamp.optional().describe('When it was read back and compared with the source.'),
  confirmedAt: timestamp
    .optional()
    .describe(
      'The last instant as of which the source was found to be the same: that of the copy, and later ones while nothing changes.',
    ),
  objects: z.int().describe('Objects in it.'),
  bytes: z.int().describe('Its size in the store.'),
  digest: z.string().max(80).describe('Of its manifest, `sha256:<hex>`.'),
  claimsWithData: z.int().optional().describe('Volume claims whose data is in it.'),
  dataRegion: z
    .string()
    .max(253)
    .optional()
    .describe(
      'The one recovery region that has the data of its volumes, or was seen to read it. Absent when there is none, or a data mover keeps it for all regions.',
    ),
  foreign: z
    .boolean()
    .optional()
    .describe(
      'Made by an operator of another objective cluster, or by Velero alone: never removed from here.',
    ),
  store: store
    .unwrap()
    .optional()
    .describe(
      'Where it is, when that is another store than that of acceptedSpec: one that the scenario had before.',
    ),
});
export type PointStatus = z.infer<typeof pointStatus>;

/** What was listed of it, so that it counts again when it is back. */
const missingPoint = pointStatus.partial().extend({ name: pointStatus.shape.name });
export type MissingPoint = z.infer<typeof missingPoint>;
/** More than are listed at once: what leaves this list is removed for good. */
export const MAX_MISSING_POINTS = 200;

export const pointsStatus = z
  .array(pointStatus)
  .max(100)
  .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] });

export const missingStatus = z
  .array(missingPoint)
  .max(MAX_MISSING_POINTS)
  .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] });
