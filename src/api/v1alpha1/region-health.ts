/** RegionHealth: a region, how to reach its cluster, how it is judged, and what is seen of it. */
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

const httpProbe = z.object({
  url: z
    .string()
    .min(8)
    .max(2048)
    .regex(/^https?:\/\/[^\s]+$/)
    .describe('Requested with GET; redirects are not followed.'),
  expectedStatus: z
    .array(z.int().min(100).max(599))
    .max(16)
    .default([200])
    .meta({ 'x-kubernetes-list-type': 'set' })
    .describe('Status codes that count as success.'),
});

const tcpProbe = z.object({
  host: z.string().min(1).max(253),
  port: z.int().min(1).max(65535),
});

const probe = z
  .object({
    name: dnsLabel.describe('Unique among the probes of this region.'),
    zone: dnsLabel.optional().describe('The zone this probe speaks for; without it, the region as a whole.'),
    http: httpProbe.optional(),
    tcp: tcpProbe.optional(),
  })
  .meta({
    'x-kubernetes-validations': [
      { rule: 'has(self.http) != has(self.tcp)', message: 'set exactly one of http and tcp' },
    ],
  });

const failure = z.object({
  zones: z
    .union([z.int(), z.string()])
    .default('100%')
    .meta({ 'x-kubernetes-int-or-string': true })
    .describe(
      'How many zones (a number, or a percentage rounded up) must be failed for the region to be failed.',
    ),
  for: duration.default('60s').describe('How long they must stay failed before the verdict is Failed.'),
  recoverAfter: duration.default('5m').describe('Quiet time before a failed region counts as recovered.'),
  minReadyNodes: z
    .string()
    .max(4)
    .regex(/^(100|[1-9]?[0-9])%$/)
    .default('50%')
    .describe('A zone with a smaller share of ready nodes is failed.'),
  maxLatency: duration.optional().describe('Probes slower than this make their zone Degraded.'),
});

export const regionHealthSpec = z.object({
  region: dnsLabel.describe(
    "The region's name at its provider, as in the node label topology.kubernetes.io/region.",
  ),
  clusterRef: z.object({
    secretName: objectName.describe("Secret in the operator's namespace that holds a kubeconfig."),
    key: z.string().min(1).max(253).default('kubeconfig'),
  }),
  probes: z
    .array(probe)
    .max(64)
    .default([])
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }),
  interval: duration.default('5s').describe('Time between observations.'),
  probeTimeout: duration.default('2s'),
  failure: failure.default(failure.parse({})),
});
export type RegionHealthSpec = z.infer<typeof regionHealthSpec>;

export const verdict = z.enum(['Healthy', 'Degraded', 'Failed', 'Unreachable', 'Unknown']);
export type Verdict = z.infer<typeof verdict>;
export const zoneState = z.enum(['Healthy', 'Degraded', 'Failed', 'Unknown']);
export type ZoneState = z.infer<typeof zoneState>;

const zoneStatus = z.object({
  name: dnsLabel,
  state: zoneState,
  /** Since when, on the clock of the observer that wrote it; for people. */
  since: timestamp,
  /** Absent while the control plane cannot be asked. */
  nodesReady: z.int().optional(),
  nodesTotal: z.int().optional(),
  probesPassed: z.int(),
  probesTotal: z.int(),
  /** 95th percentile over the recent successful probes. */
  latencyMillis: z.int().optional(),
  message: sentence,
});

/** What one observer sees; several observers' make the verdict. */
export const observation = z.object({
  observer: z.string().min(1).max(253),
  /** Grows by one with every observation of this observer: readers age it by their own clock since it last moved. */
  sequence: z.int(),
  verdict,
  controlPlaneReachable: z.boolean(),
  message: sentence,
});

export const regionHealthStatus = z.object({
  observedGeneration: z.int().optional(),
  verdict: verdict.optional(),
  verdictSince: timestamp.optional(),
  message: sentence.optional(),
  zonesFailed: z.int().optional(),
  zonesTotal: z.int().optional(),
  /** `2/3`, healthy zones of all, for the table. */
  zonesHealthy: z.string().max(16).optional(),
  zones: z
    .array(zoneStatus)
    .max(64)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }),
  observations: z
    .array(observation)
    .max(16)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['observer'] }),
  conditions: conditions.optional(),
});
export type RegionHealthStatus = z.infer<typeof regionHealthStatus>;

export const regionHealthKind: KindDefinition = {
  kind: 'RegionHealth',
  plural: 'regionhealths',
  singular: 'regionhealth',
  shortNames: ['rh'],
  scope: 'Cluster',
  description: 'A region, how to reach its cluster, how it is judged, and what is seen of it.',
  spec: regionHealthSpec,
  status: regionHealthStatus,
  rules: [],
  columns: [
    {
      name: 'Region',
      type: 'string',
      jsonPath: '.spec.region',
      description: "The region's name at its provider.",
    },
    {
      name: 'Verdict',
      type: 'string',
      jsonPath: '.status.verdict',
      description: 'What the observers together conclude.',
    },
    {
      name: 'Since',
      type: 'date',
      jsonPath: '.status.verdictSince',
      description: 'How long the verdict has stood.',
    },
    {
      name: 'Zones',
      type: 'string',
      jsonPath: '.status.zonesHealthy',
      description: 'Healthy zones of all zones.',
    },
    {
      name: 'Control plane',
      type: 'string',
      jsonPath: ".status.conditions[?(@.type=='Reachable')].status",
      description: 'Whether the API server answers.',
    },
    {
      name: 'Age',
      type: 'date',
      jsonPath: '.metadata.creationTimestamp',
      description: 'Age of this object.',
    },
    { name: 'Message', type: 'string', jsonPath: '.status.message', description: 'Why.', priority: 1 },
  ],
};
