/** DRScenario: the wish (regions, RPO, RTO, what to protect) and the living state of its protection. */
import { z } from 'zod';
import { conditions, objectName, sentence, timestamp } from './common.ts';
import { dns } from './dr-scenario-dns.ts';
import { feasibilityStatus } from './dr-scenario-feasibility.ts';
import { missingStatus, pointStatus, pointsStatus } from './dr-scenario-points.ts';
import { replication } from './dr-scenario-replication.ts';
import { dependencies, resources } from './dr-scenario-selection.ts';
import { standbyStatus } from './dr-scenario-standby.ts';
import { volumesStatus } from './dr-scenario-volumes.ts';
import type { KindDefinition } from './kind-definition.ts';
import { durationText } from './text.ts';

// Kubernetes allows 63 characters in a label; names derived from a scenario's append up to eleven.
const LONGEST_NAME = 52;

const failover = z
  .object({
    mode: z
      .enum(['Manual', 'Automatic'])
      .default('Manual')
      .describe('Who decides: a person with a DRExecution, or Antipode when the region is judged Failed.'),
    maxDataLoss: durationText('1s')
      .optional()
      .describe('Automatic failover is refused when more would be lost. Default: twice the RPO.'),
    stepTimeout: durationText('1s')
      .default('5m')
      .describe('How long one unit may take to become ready before its step fails.'),
  })
  .default({ mode: 'Manual', stepTimeout: '5m' });

export const drScenarioSpec = z.object({
  source: z
    .object({ region: objectName.describe('Name of a RegionHealth.') })
    .describe('The region that serves, and is protected.'),
  recovery: z
    .object({ region: objectName.describe('Name of a RegionHealth other than the source.') })
    .describe('The region that takes over.'),
  objectives: z
    .object({
      rpo: durationText('1s').describe('How much data, in time, may be lost.'),
      rto: durationText('1s').describe(
        'How long recovery may take, from the decision to all ready and DNS answering.',
      ),
    })
    .describe('How well it must be recoverable.'),
  resources: resources.describe('What is protected.'),
  dependencies: dependencies.describe('What must be ready before what.'),
  replication: replication.describe('How recovery points are made and kept.'),
  failover: failover.describe('Who decides on a failover, and its limits.'),
  dns: dns.describe('Names that move to the recovery region.'),
});
export type DRScenarioSpec = z.infer<typeof drScenarioSpec>;
export type DnsRecordSpec = DRScenarioSpec['dns']['records'][number];

const scenarioPhase = z.enum(['Pending', 'Protecting', 'Protected', 'AtRisk', 'FailingOver', 'FailedOver']);

const replicationStatus = z.object({
  lastStartedAt: timestamp.optional().describe('When the last run started.'),
  lastFinishedAt: timestamp.optional().describe('When it ended.'),
  lastDurationMillis: z.int().optional().describe('How long it took, in milliseconds.'),
  lastCaptureMillis: z.int().optional().describe('The same, of the last that made a point.'),
  lastResult: z.enum(['Succeeded', 'Failed']).optional().describe('How it ended.'),
  lastMessage: sentence.optional().describe('What came of it.'),
  consecutiveFailures: z.int().optional().describe('Failed runs since the last good one.'),
  nextAt: timestamp.optional().describe('Planned start of the next capture.'),
  nextReason: sentence.optional().describe('Why then.'),
});

const graphStatus = z.object({
  objects: z.int().describe('Objects protected.'),
  units: z.int().describe('Units: a workload with what only it needs, or something shared.'),
  edges: z.int().describe('Dependencies between units.'),
  leftOut: z.int().describe('Objects of the selection that are not copied, e.g. generated Pods.'),
  longestPath: z
    .array(z.string().max(512))
    .max(64)
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .describe('Units along the longest path.'),
  warnings: z
    .array(sentence)
    .max(16)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .describe('What people should know of the graph, e.g. a doubtful dependency that was not followed.'),
});

export const drScenarioStatus = z.object({
  observedGeneration: z.int().optional().describe('The generation of the spec this status speaks of.'),
  phase: scenarioPhase.optional().describe('State of protection, in a word.'),
  activeRegion: z.string().max(253).optional().describe('The region that serves now.'),
  acceptedGeneration: z
    .int()
    .optional()
    .describe('The generation in force: a later, unacceptable one changes nothing.'),
  acceptedSpec: drScenarioSpec.optional().describe('The spec of that generation.'),
  recoveryPoint: pointStatus
    .optional()
    .describe(
      'Newest point that is verified for the recovery region: the RPO is counted from its confirmedAt.',
    ),
  recoveryPoints: pointsStatus.optional().describe('All points that are kept.'),
  missingPoints: missingStatus
    .optional()
    .describe(
      'Points that were listed and are not whole in the store any more, though nothing here removed them. What is left of them is kept.',
    ),
  replication: replicationStatus.optional().describe('The last run of replication, and the next.'),
  standby: standbyStatus
    .optional()
    .describe('What is held ready in the recovery region, with `standby: Warm`.'),
  graph: graphStatus.optional().describe('What was found, and how it depends on each other.'),
  volumes: volumesStatus
    .optional()
    .describe(
      'How the data of each claim reaches the recovery region; those without data in the point first.',
    ),
  feasibility: feasibilityStatus
    .optional()
    .describe('Whether it could be recovered as wished, if it had to be now.'),
  rto: z
    .object({
      achievedMillis: z
        .int()
        .optional()
        .describe(
          'Of the last successful failover: from verdict or request to all ready and DNS answering, in milliseconds.',
        ),
      predictedP50Millis: z
        .int()
        .optional()
        .describe('What a failover would typically take now, along the critical path, in milliseconds.'),
      predictedP95Millis: z
        .int()
        .optional()
        .describe('What 19 of 20 failovers would not exceed, in milliseconds.'),
      basis: z
        .enum(['measured', 'prior', 'mixed'])
        .optional()
        .describe(
          'What the prediction rests on: earlier executions, estimates by kind because nothing was measured, or both.',
        ),
    })
    .optional()
    .describe('Recovery time.'),
  rpo: z
    .object({
      achievedMillis: z.int().optional().describe('What the last failover lost, in milliseconds.'),
    })
    .optional()
    .describe('Loss.'),
  lastExecution: z
    .object({
      name: objectName.describe('Its name.'),
      kind: z.string().max(32).describe('The operation.'),
      phase: z.string().max(32).describe('How far it is.'),
    })
    .optional()
    .describe('The newest DRExecution of this scenario.'),
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
    {
      rule: `size(self.metadata.name) <= ${LONGEST_NAME}`,
      message: `metadata.name must be ${LONGEST_NAME} characters or shorter: names of executions and recovery points are made from it`,
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
      jsonPath: '.status.recoveryPoint.confirmedAt',
      description:
        'Current RPO: time since the newest verified recovery point was known to be what the source has.',
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
