/** DRExecution: one operation on a scenario, its frozen plan, its journal and its report. Its spec never changes. */
import { z } from 'zod';
import { conditions, type KindDefinition, objectName, sentence, timestamp } from './common.ts';

export const drExecutionSpec = z
  .object({
    scenario: objectName.describe('A DRScenario of the same namespace.'),
    kind: z.enum(['Failover']),
    recoveryPoint: z
      .string()
      .min(1)
      .max(253)
      .default('latest')
      .describe('Name of a recovery point, or `latest` verified.'),
    reason: z.string().min(1).max(1024).default('no reason given').describe('Why; kept in the report.'),
  })
  .meta({
    'x-kubernetes-validations': [
      { rule: 'self == oldSelf', message: 'an execution cannot be changed: create another' },
    ],
  });
export type DRExecutionSpec = z.infer<typeof drExecutionSpec>;

export const executionPhase = z.enum(['Pending', 'Running', 'Succeeded', 'Failed', 'Refused']);
export type ExecutionPhase = z.infer<typeof executionPhase>;
export const stepPhase = z.enum(['Pending', 'Running', 'Succeeded', 'Failed', 'Skipped']);
export type StepPhase = z.infer<typeof stepPhase>;
export const stepKind = z.enum(['Prepare', 'Restore', 'DNS', 'Report']);

const step = z.object({
  /** Deterministic from the plan: `prepare`, `restore/<unit>`, `dns/<hostname>`, `report`. */
  id: z.string().min(1).max(600),
  kind: stepKind,
  phase: stepPhase,
  /** Ids of the steps that must have succeeded first. */
  needs: z.array(z.string().max(600)).max(256).optional().meta({ 'x-kubernetes-list-type': 'atomic' }),
  objects: z.int().optional(),
  attempts: z.int().optional(),
  startedAt: timestamp.optional(),
  /** Restore: when the last object was applied; what remains is waiting for readiness. */
  appliedAt: timestamp.optional(),
  finishedAt: timestamp.optional(),
  message: sentence.optional(),
});
export type StepStatus = z.infer<typeof step>;

export const drExecutionStatus = z.object({
  observedGeneration: z.int().optional(),
  phase: executionPhase.optional(),
  message: sentence.optional(),
  startedAt: timestamp.optional(),
  finishedAt: timestamp.optional(),
  /** Frozen when the execution starts. */
  plan: z
    .object({
      scenarioUid: z.string().max(64),
      sourceRegion: objectName,
      recoveryRegion: objectName,
      recoveryPoint: objectName,
      pointDigest: z.string().max(80),
      pointCapturedAt: timestamp,
      storePath: z.string().max(1024),
      /** When the source was judged failed, if it was; RTO counts from here, else from startedAt. */
      verdictAt: timestamp.optional(),
      sourceVerdict: z.string().max(32).optional(),
      stepTimeout: z.string().max(16),
      dnsTimeout: z.string().max(16),
    })
    .optional(),
  steps: z
    .array(step)
    .max(1024)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['id'] }),
  /** `7/23`, for the table. */
  progress: z.string().max(32).optional(),
  report: z
    .object({
      /** Start of the failure (or of this execution, when by hand) minus the instant of the point. */
      achievedRpoMillis: z.int(),
      achievedRtoMillis: z.int(),
      /** The same two for people, e.g. `41s` and `12s`. */
      lost: z.string().max(32),
      took: z.string().max(32),
      objectsRestored: z.int(),
      warnings: z.array(sentence).max(64).meta({ 'x-kubernetes-list-type': 'atomic' }),
    })
    .optional(),
  conditions: conditions.optional(),
});
export type DRExecutionStatus = z.infer<typeof drExecutionStatus>;

export const drExecutionKind: KindDefinition = {
  kind: 'DRExecution',
  plural: 'drexecutions',
  singular: 'drexecution',
  shortNames: ['drx'],
  scope: 'Namespaced',
  description: 'One operation on a scenario: its frozen plan, journal and report.',
  spec: drExecutionSpec,
  status: drExecutionStatus,
  rules: [],
  columns: [
    { name: 'Scenario', type: 'string', jsonPath: '.spec.scenario', description: 'What is operated on.' },
    { name: 'Kind', type: 'string', jsonPath: '.spec.kind', description: 'The operation.' },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'How far it is.' },
    { name: 'Steps', type: 'string', jsonPath: '.status.progress', description: 'Steps done of all.' },
    {
      name: 'Lost',
      type: 'string',
      jsonPath: '.status.report.lost',
      description: 'Achieved RPO.',
    },
    {
      name: 'Took',
      type: 'string',
      jsonPath: '.status.report.took',
      description: 'Achieved RTO.',
    },
    {
      name: 'Age',
      type: 'date',
      jsonPath: '.metadata.creationTimestamp',
      description: 'Age of this object.',
    },
    {
      name: 'Message',
      type: 'string',
      jsonPath: '.status.message',
      description: 'What it is doing or why it ended.',
      priority: 1,
    },
  ],
};
