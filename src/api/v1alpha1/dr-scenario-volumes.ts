/** The part of a DRScenario's spec that says how the data of volumes is copied, and what runs around a capture. */
import { z } from 'zod';
import { dnsLabel, objectName, sentence, timestamp } from './common.ts';
import { durationText, textMatching } from './text.ts';

const STRATEGIES = ['Auto', 'SnapshotHandle', 'VeleroDataMover', 'VolSync', 'Exclude'] as const;
const strategy = z.enum(STRATEGIES);
export type VolumeStrategy = z.infer<typeof strategy>;

const claimName = textMatching(
  /^[a-z0-9]([-a-z0-9]*[a-z0-9])?\/[a-z0-9*]([-a-z0-9.*]*[a-z0-9*])?$/,
  'must name claims as namespace/name, e.g. shop/data-db-0 or shop/data-db-*',
  { max: 317 },
);

export const volumes = z
  .object({
    strategy: strategy
      .default('Auto')
      .describe(
        'How data reaches the recovery region. Auto: snapshot handles where both regions have the CSI driver and the recovery region sees the snapshot, else the data mover that is there, else none, which is said; data that the newest point has is never left out so.',
      ),
    claims: z
      .array(
        z.object({
          claim: claimName.describe('`namespace/name`; `*` stands for any text in the name.'),
          strategy: strategy.describe('For these claims.'),
        }),
      )
      .max(128)
      .default([])
      .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['claim'] })
      .describe('Exceptions; the first that fits wins.'),
    snapshotTimeout: durationText('1s')
      .default('5m')
      .describe('How long snapshots may take to become ready, on either side.'),
    snapshotClass: objectName
      .optional()
      .describe("VolumeSnapshotClass to use. Default: the driver's default class, else its only one."),
  })
  .default({ strategy: 'Auto', claims: [], snapshotTimeout: '5m' });
export type VolumesSpec = z.infer<typeof volumes>;

const volumeStatus = z.object({
  claim: z.string().max(600).describe('`PersistentVolumeClaim/namespace/name`.'),
  strategy: z
    .enum(['SnapshotHandle', 'VeleroDataMover', 'VolSync', 'Exclude'])
    .describe('How its data is in the newest verified point; Exclude: it is not.'),
  reason: sentence.describe('Why this strategy.'),
  instant: timestamp.optional().describe('The instant the data is of.'),
});
/** Of the schema: the claims that status lists. */
export const MAX_VOLUME_STATUSES = 128;
export const volumesStatus = z
  .array(volumeStatus)
  .max(MAX_VOLUME_STATUSES)
  .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['claim'] });

const hook = z.object({
  name: dnsLabel.describe('Shown in messages.'),
  when: z
    .enum(['BeforeCapture', 'AfterCapture', 'AfterRestore'])
    .describe(
      'Before the snapshots are cut, after them (also when they failed), or when a unit of the recovery region is ready.',
    ),
  namespace: dnsLabel.describe('Namespace of the Pods, as in the source.'),
  podSelector: z
    .record(z.string().min(1).max(317), z.string().max(63))
    .refine((labels) => Object.keys(labels).length > 0, 'must have a label')
    .meta({ maxProperties: 16 })
    .describe('Labels of the Pods: the command runs in each. None that runs is an error.'),
  container: dnsLabel
    .optional()
    .describe(
      'Default: the one that the annotation kubectl.kubernetes.io/default-container of the Pod names, else the first.',
    ),
  command: z
    .array(z.string().max(4096))
    .min(1)
    .max(64)
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .describe('Program and arguments; no shell is put around them.'),
  timeout: durationText('1s').default('30s').describe('How long it may take in one Pod.'),
  onFailure: z
    .enum(['Fail', 'Continue'])
    .default('Fail')
    .describe('Fail: there is no recovery point without it. Continue: a warning.'),
});
export type HookSpec = z.infer<typeof hook>;

export const hooks = z
  .array(hook)
  .max(32)
  .default([])
  .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] });
