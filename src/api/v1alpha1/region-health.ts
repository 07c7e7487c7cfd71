/** RegionHealth: a region, how to reach its cluster, how it is judged, and what is seen of it. */
import { z } from 'zod';
import { conditions, dnsLabel, duration, labelValue, objectName, sentence, timestamp } from './common.ts';
import type { KindDefinition } from './kind-definition.ts';
import { durationText, textMatching } from './text.ts';

const httpProbe = z.object({
  url: textMatching(
    /^https?:\/\/[^\s/@]+(\/\S*)?$/,
    'must be an http or https URL without user and password, e.g. https://shop.example.com/healthz',
    { max: 2048 },
  ).describe('Requested with GET; redirects are not followed.'),
  expectedStatus: z
    .array(z.int().min(100).max(599))
    .max(16)
    .default([200])
    .meta({ 'x-kubernetes-list-type': 'set' })
    .describe('Status codes that count as success.'),
});

const tcpProbe = z.object({
  host: z.string().min(1).max(253).describe('Name or IP address.'),
  port: z.int().min(1).max(65535).describe('A connection that opens counts as success.'),
});

const probe = z
  .object({
    name: dnsLabel.describe('Unique among the probes of this region.'),
    zone: labelValue
      .optional()
      .describe('The zone this probe speaks for; without it, the region as a whole.'),
    http: httpProbe.optional().describe('An HTTP request.'),
    tcp: tcpProbe.optional().describe('A TCP connection.'),
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
    .meta({
      'x-kubernetes-int-or-string': true,
      'x-kubernetes-validations': [
        {
          rule: "type(self) == int ? int(self) >= 1 && int(self) <= 64 : string(self).matches(r'^(100|[1-9][0-9]?)%$')",
          message: 'must be a number of zones from 1 to 64, or a percentage from 1% to 100% in quotes',
        },
      ],
    })
    .describe(
      'How many zones (a number, or a percentage rounded up) must be failed for the region to be failed.',
    ),
  for: duration.default('60s').describe('How long they must stay failed before the verdict is Failed.'),
  recoverAfter: duration.default('5m').describe('Quiet time before a failed region counts as recovered.'),
  minReadyNodes: textMatching(/^(100|[1-9]?[0-9])%$/, 'must be a percentage from 0% to 100%, e.g. 50%', {
    min: 2,
    max: 4,
  })
    .default('50%')
    .describe(
      'A zone with a smaller share of ready nodes is failed, or Degraded while probes of its own pass.',
    ),
  maxLatency: durationText('1ms').optional().describe('Probes slower than this make their zone Degraded.'),
});

export const regionHealthSpec = z.object({
  region: labelValue.describe(
    "The region's name at its provider, as in the node label topology.kubernetes.io/region.",
  ),
  clusterRef: z
    .object({
      secretName: objectName.describe("Secret in the operator's namespace that holds a kubeconfig."),
      key: z.string().min(1).max(253).default('kubeconfig').describe('Key of the Secret.'),
    })
    .describe('How the cluster of the region is reached.'),
  probes: z
    .array(probe)
    .max(64)
    .default([])
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] })
    .describe(
      'What is asked of the workloads themselves: they tell a lost region from a lost control plane.',
    ),
  interval: durationText('500ms')
    .default('5s')
    .describe('Time between observations; what is reported lost may be more than what was by this much.'),
  probeTimeout: durationText('1ms', '30s').default('2s').describe('How long a probe may take.'),
  failure: failure.default(failure.parse({})).describe('When the region counts as failed.'),
});
export type RegionHealthSpec = z.infer<typeof regionHealthSpec>;

export const verdict = z.enum(['Healthy', 'Degraded', 'Failed', 'Unreachable', 'Unknown']);
export type Verdict = z.infer<typeof verdict>;
export const zoneState = z.enum(['Healthy', 'Degraded', 'Failed', 'Unknown']);
export type ZoneState = z.infer<typeof zoneState>;

const zoneStatus = z.object({
  name: labelValue.describe('As in the node label topology.kubernetes.io/zone.'),
  state: zoneState.describe('How it is judged.'),
  since: timestamp.describe('Since when, on the clock of the observer that wrote it; for people.'),
  nodesReady: z.int().optional().describe('Absent while the control plane cannot be asked.'),
  nodesTotal: z.int().optional().describe('Absent while the control plane cannot be asked.'),
  probesPassed: z.int().describe('Probes of this zone that succeed.'),
  probesTotal: z.int().describe('Probes of this zone.'),
  latencyMillis: z
    .int()
    .optional()
    .describe('95th percentile over the recent successful probes, in milliseconds.'),
  message: sentence.describe('Why it is judged so.'),
});

/** What one observer sees; several observers' make the verdict. */
const observation = z.object({
  observer: z.string().min(1).max(253).describe('Who looked.'),
  sequence: z
    .int()
    .describe(
      'Grows by one with every observation of this observer: readers age it by their own clock since it last moved.',
    ),
  verdict: verdict.describe('What this observer concludes.'),
  controlPlaneReachable: z.boolean().describe('Whether the API server answered it.'),
  message: sentence.describe('Why.'),
});

export const regionHealthStatus = z.object({
  observedGeneration: z.int().optional().describe('The generation of the spec this status speaks of.'),
  verdict: verdict.optional().describe('What the observers together conclude.'),
  verdictSince: timestamp.optional().describe('Since when.'),
  failingSince: timestamp
    .optional()
    .describe('Of a Failed region: when the failure was first seen. Loss is counted up to here.'),
  message: sentence.optional().describe('Why.'),
  zonesFailed: z.int().optional().describe('Zones judged Failed.'),
  zonesTotal: z.int().optional().describe('Zones known.'),
  zonesHealthy: z.string().max(16).optional().describe('Healthy zones of all, `2/3`.'),
  clusterUid: z
    .string()
    .max(128)
    .optional()
    .describe('Uid of the namespace kube-system of the cluster that nodes of the region were last seen in.'),
  zones: z
    .array(zoneStatus)
    .max(64)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] })
    .describe('Each zone.'),
  observations: z
    .array(observation)
    .max(16)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['observer'] })
    .describe('What each observer sees.'),
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
