/** DRScenario: the wish (regions, RPO, RTO, what to protect) and the living state of its protection. */
import { z } from 'zod';
import {
  conditions,
  dnsLabel,
  duration,
  type KindDefinition,
  objectName,
  sentence,
  timestamp,
} from './common.ts';

const kindName = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[A-Za-z0-9]+(\.[a-z0-9.-]+)?$/)
  .describe(
    'A kind, with its group when it is not core or is ambiguous: `Deployment`, `Certificate.cert-manager.io`.',
  );
const objectKey = z
  .string()
  .min(3)
  .max(512)
  .regex(/^[A-Za-z0-9]+(\.[a-z0-9.-]+)?(\/[a-z0-9]([-a-z0-9]*[a-z0-9])?)?\/[^\/\s]+$/)
  .describe(
    '`Kind/namespace/name` (or `Kind.group/namespace/name`), without the namespace for cluster-scoped objects.',
  );

const labelSelector = z.object({
  matchLabels: z.record(z.string(), z.string().max(63)).optional().meta({ maxProperties: 32 }),
  matchExpressions: z
    .array(
      z.object({
        key: z.string().min(1).max(317),
        operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
        values: z.array(z.string().max(63)).max(64).optional().meta({ 'x-kubernetes-list-type': 'atomic' }),
      }),
    )
    .max(16)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'atomic' }),
});

const resources = z.object({
  namespaces: z
    .array(dnsLabel)
    .min(1)
    .max(64)
    .meta({ 'x-kubernetes-list-type': 'set' })
    .describe('Namespaces whose objects are protected.'),
  labelSelector: labelSelector.optional().describe('Only objects with these labels, and what they refer to.'),
  includeKinds: z
    .array(kindName)
    .max(128)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'set' })
    .describe('Only these kinds, and what they refer to. Default: every kind the cluster serves.'),
  excludeKinds: z.array(kindName).max(128).optional().meta({ 'x-kubernetes-list-type': 'set' }),
  exclude: z
    .array(objectKey)
    .max(256)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'set' })
    .describe('Single objects to leave out, also when something refers to them.'),
});

const edge = z.object({
  before: objectKey.describe('Must be ready first.'),
  after: objectKey.describe('Is started only then.'),
});

const dnsTarget = z
  .object({
    addresses: z
      .array(z.string().min(1).max(253))
      .min(1)
      .max(16)
      .optional()
      .meta({ 'x-kubernetes-list-type': 'set' })
      .describe(
        'IP addresses, or one host name. Never a mixture: a name is either an A/AAAA record or a CNAME.',
      ),
    service: z
      .object({ namespace: dnsLabel, name: dnsLabel })
      .optional()
      .describe('Use the addresses in the status of this LoadBalancer Service of the region.'),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: 'has(self.addresses) != has(self.service)',
        message: 'set exactly one of addresses and service',
      },
    ],
  });

const dnsRecord = z.object({
  hostname: z
    .string()
    .min(1)
    .max(253)
    .regex(/^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$/),
  ttl: z.int().min(1).max(86400).default(30).describe('Seconds.'),
  source: dnsTarget,
  recovery: dnsTarget,
});

export const drScenarioSpec = z.object({
  source: z.object({ region: objectName.describe('Name of a RegionHealth.') }),
  recovery: z.object({ region: objectName.describe('Name of a RegionHealth other than the source.') }),
  objectives: z.object({
    rpo: duration.describe('How much data, in time, may be lost.'),
    rto: duration.describe('How long recovery may take, from the decision to all ready and DNS answering.'),
  }),
  resources,
  dependencies: z
    .object({
      infer: z.boolean().default(true).describe('Find references between objects and order by them.'),
      edges: z.array(edge).max(256).default([]).meta({ 'x-kubernetes-list-type': 'atomic' }),
    })
    .default({ infer: true, edges: [] }),
  replication: z
    .object({
      engine: z.enum(['native']).default('native'),
      store: z
        .object({
          filesystem: z
            .object({
              path: z
                .string()
                .min(1)
                .max(1024)
                .regex(/^\/[^\0]*$/)
                .describe("Absolute directory on the operator's volume."),
            })
            .optional(),
        })
        .default({})
        .describe("Default: the operator's own store directory."),
      keep: z.int().min(1).max(100).default(5).describe('Recovery points kept.'),
    })
    .default({ engine: 'native', store: {}, keep: 5 }),
  failover: z
    .object({
      mode: z.enum(['Manual', 'Automatic']).default('Manual'),
      maxDataLoss: duration
        .optional()
        .describe('Automatic failover is refused when more would be lost. Default: twice the RPO.'),
      stepTimeout: duration
        .default('5m')
        .describe('How long one unit may take to become ready before its step fails.'),
    })
    .default({ mode: 'Manual', stepTimeout: '5m' }),
  dns: z
    .object({
      records: z
        .array(dnsRecord)
        .max(64)
        .default([])
        .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['hostname'] }),
      authoritativeServers: z
        .array(z.string().min(1).max(261))
        .max(8)
        .optional()
        .meta({ 'x-kubernetes-list-type': 'atomic' })
        .describe('`host:port` of servers to ask. Default: the NS records of the zone.'),
      timeout: duration
        .default('2m')
        .describe('How long the authoritative servers may take to answer with the new addresses.'),
    })
    .default({ records: [], timeout: '2m' }),
});
export type DRScenarioSpec = z.infer<typeof drScenarioSpec>;
export type DnsRecordSpec = z.infer<typeof dnsRecord>;

export const scenarioPhase = z.enum([
  'Pending',
  'Protecting',
  'Protected',
  'AtRisk',
  'FailingOver',
  'FailedOver',
]);
export type ScenarioPhase = z.infer<typeof scenarioPhase>;

const pointStatus = z.object({
  name: objectName,
  /** The instant the copy is of, not the end of the transfer. */
  capturedAt: timestamp,
  verifiedAt: timestamp.optional(),
  objects: z.int(),
  bytes: z.int(),
  digest: z.string().max(80),
});
export type PointStatus = z.infer<typeof pointStatus>;

export const drScenarioStatus = z.object({
  observedGeneration: z.int().optional(),
  phase: scenarioPhase.optional(),
  activeRegion: z.string().max(253).optional(),
  /** The generation in force: a later, unacceptable one changes nothing. */
  acceptedGeneration: z.int().optional(),
  acceptedSpec: drScenarioSpec.optional(),
  /** Newest verified point: the RPO is its age. */
  recoveryPoint: pointStatus.optional(),
  recoveryPoints: z
    .array(pointStatus)
    .max(100)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }),
  replication: z
    .object({
      lastStartedAt: timestamp.optional(),
      lastFinishedAt: timestamp.optional(),
      lastDurationMillis: z.int().optional(),
      lastResult: z.enum(['Succeeded', 'Failed']).optional(),
      lastMessage: sentence.optional(),
      consecutiveFailures: z.int().optional(),
      /** Planned start of the next capture. */
      nextAt: timestamp.optional(),
    })
    .optional(),
  graph: z
    .object({
      objects: z.int(),
      units: z.int(),
      edges: z.int(),
      leftOut: z.int(),
      /** Unit names along the longest path, for people. */
      longestPath: z.array(z.string().max(512)).max(64).meta({ 'x-kubernetes-list-type': 'atomic' }),
    })
    .optional(),
  rto: z
    .object({
      /** Of the last successful failover, verdict or request to all ready and DNS answering. */
      achievedMillis: z.int().optional(),
    })
    .optional(),
  rpo: z
    .object({
      /** What the last failover lost. */
      achievedMillis: z.int().optional(),
    })
    .optional(),
  lastExecution: z
    .object({
      name: objectName,
      kind: z.string().max(32),
      phase: z.string().max(32),
    })
    .optional(),
  conditions: conditions.optional(),
});
export type DRScenarioStatus = z.infer<typeof drScenarioStatus>;

export const drScenarioKind: KindDefinition = {
  kind: 'DRScenario',
  plural: 'drscenarios',
  singular: 'drscenario',
  shortNames: ['drs'],
  scope: 'Namespaced',
  description: 'What to keep recoverable, where, and how well; its status says how well it is.',
  spec: drScenarioSpec,
  status: drScenarioStatus,
  rules: [
    {
      rule: 'self.spec.source.region != self.spec.recovery.region',
      message: 'recovery.region must differ from source.region: a region cannot recover itself',
      fieldPath: '.spec.recovery.region',
    },
  ],
  columns: [
    {
      name: 'Source',
      type: 'string',
      jsonPath: '.spec.source.region',
      description: 'Region being protected.',
    },
    {
      name: 'Recovery',
      type: 'string',
      jsonPath: '.spec.recovery.region',
      description: 'Region it is recoverable in.',
    },
    {
      name: 'Active',
      type: 'string',
      jsonPath: '.status.activeRegion',
      description: 'Region that serves now.',
    },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'State of protection.' },
    {
      name: 'RPO',
      type: 'string',
      jsonPath: '.spec.objectives.rpo',
      description: 'Recovery point objective.',
    },
    {
      name: 'Point age',
      type: 'date',
      jsonPath: '.status.recoveryPoint.capturedAt',
      description: 'Current RPO: age of the newest verified recovery point.',
    },
    {
      name: 'RTO',
      type: 'string',
      jsonPath: '.spec.objectives.rto',
      description: 'Recovery time objective.',
    },
    {
      name: 'Age',
      type: 'date',
      jsonPath: '.metadata.creationTimestamp',
      description: 'Age of this object.',
    },
  ],
};
