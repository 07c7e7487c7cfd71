/** The part of a DRScenario's spec that says how recovery points are made, kept and held ready. */
import { z } from 'zod';
import { dnsLabel } from './common.ts';
import { retention, store } from './dr-scenario-store.ts';
import { transforms } from './dr-scenario-transforms.ts';
import { hooks, volumes } from './dr-scenario-volumes.ts';
import { textMatching } from './text.ts';

const timeOfDay = textMatching(/^([01][0-9]|2[0-3]):[0-5][0-9]$/, 'must be a time such as 02:30', { max: 5 });

const window = z
  .object({
    from: timeOfDay.describe('Start.'),
    to: timeOfDay.describe('End; earlier than the start means the next day.'),
    days: z
      .array(z.enum(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']))
      .min(1)
      .max(7)
      .optional()
      .meta({ 'x-kubernetes-list-type': 'set' })
      .describe('Days on which it starts. Default: every day.'),
    timeZone: z.string().min(1).max(64).default('UTC').describe('IANA name, e.g. Europe/Paris.'),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: 'self.from != self.to',
        message: 'from and to are the same: leave the window out or end it later',
      },
    ],
  });

const bandwidth = textMatching(
  /^[1-9][0-9]{0,8}(Ki|Mi|Gi)$/,
  'must be bytes per second such as 500Ki, 20Mi or 1Gi',
  { max: 12 },
);

const schedule = z
  .object({
    exclusionWindows: z
      .array(window)
      .max(16)
      .default([])
      .meta({ 'x-kubernetes-list-type': 'atomic' })
      .describe(
        'When no capture starts. One is made just before, so that little can be lost meanwhile. The RPO is not suspended: when it cannot hold, that is said.',
      ),
    maxBandwidth: bandwidth.optional().describe('Bytes per second to the store, per scenario.'),
  })
  .default({ exclusionWindows: [] });

export const replication = z
  .object({
    engine: z
      .enum(['native', 'velero'])
      .default('native')
      .describe('What makes the recovery points: Antipode itself, or the Velero that runs in both regions.'),
    velero: z
      .object({
        namespace: dnsLabel.default('velero').describe('Namespace of Velero, the same in both regions.'),
        storageLocation: dnsLabel
          .default('default')
          .describe('BackupStorageLocation that both regions have, on the same bucket.'),
        snapshotMoveData: z
          .boolean()
          .default(false)
          .describe("Have Velero's data mover copy the data of snapshots into the bucket."),
        dataMover: z.string().max(63).optional().describe("Name of another data mover than Velero's own."),
      })
      .default({ namespace: 'velero', storageLocation: 'default', snapshotMoveData: false })
      .describe('For `engine: velero`.'),
    store: store.describe(
      "Where recovery points are kept. Default: the operator's own store directory. With `engine: velero`, the storage location's bucket.",
    ),
    keep: z.int().min(1).max(100).default(5).describe('Newest recovery points kept.'),
    retention: retention.describe('Recovery points kept beyond the newest ones, or dropped early.'),
    schedule: schedule.describe(
      'Limits to when and how fast points are made; how often follows from the RPO.',
    ),
    standby: z
      .enum(['None', 'Warm'])
      .default('None')
      .describe(
        'Warm: objects are kept applied in the recovery region without running anything, so that failover only starts them.',
      ),
    conflicts: z
      .enum(['Report', 'Recreate'])
      .default('Report')
      .describe(
        'What to do with an object of ours in the recovery region that cannot be changed into the captured one, e.g. for an immutable field: stop and say so, or delete and create it. Claims and volumes are never recreated.',
      ),
    volumes: volumes.describe('How the data of volumes is copied.'),
    transforms: transforms.describe('How objects differ in the recovery region.'),
    hooks: hooks.describe('Commands in Pods around a capture and after a restore.'),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: "self.engine != 'velero' || has(self.store.s3)",
        message:
          'engine velero needs store.s3: the bucket of the BackupStorageLocation, and the folder its prefix `<folder>/velero` is in',
      },
      {
        // As many as status can list: what it does not list cannot be chosen for a failover.
        rule: 'self.keep + self.retention.hourly + self.retention.daily + self.retention.weekly + self.retention.monthly <= 100',
        message: 'keep and the counts of retention are more than 100 points together: lower them',
      },
    ],
  })
  .default({
    engine: 'native',
    velero: { namespace: 'velero', storageLocation: 'default', snapshotMoveData: false },
    store: {},
    keep: 5,
    retention: { hourly: 0, daily: 0, weekly: 0, monthly: 0 },
    schedule: { exclusionWindows: [] },
    standby: 'None',
    conflicts: 'Report',
    volumes: { strategy: 'Auto', claims: [], snapshotTimeout: '5m' },
    transforms: [],
    hooks: [],
  });
