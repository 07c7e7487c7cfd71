/** DRExecution: one operation on a scenario, its frozen plan, its journal and its report. Its spec never changes. */
import { z } from 'zod';
import { conditions, objectName, sentence, timestamp } from './common.ts';
import { readinessRule } from './dr-scenario-selection.ts';
import { store } from './dr-scenario-store.ts';
import { frozenTransforms } from './dr-scenario-transforms.ts';
import { hooks } from './dr-scenario-volumes.ts';
import type { KindDefinition } from './kind-definition.ts';
import { textMatching } from './text.ts';

const pointName = textMatching(
  /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/,
  'must be `latest`, the name of a recovery point as status.recoveryPoints of the DRScenario lists it, or that of a Velero backup; a time is none',
  { max: 253 },
);

export const drExecutionSpec = z
  .object({
    scenario: objectName.describe('A DRScenario of the same namespace.'),
    kind: z
      .enum(['Failover'])
      .describe('The operation. Failover: bring the scenario up in its recovery region.'),
    recoveryPoint: pointName
      .default('latest')
      .describe(
        'Name of a recovery point, or `latest`: the newest that is verified, and while none is, the newest in the store, which an automatic failover does not take.',
      ),
    reason: z.string().min(1).max(1024).default('no reason given').describe('Why; kept in the report.'),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: 'self == oldSelf',
        message: 'an execution cannot be changed: create another DRExecution instead',
      },
    ],
  });
export type DRExecutionSpec = z.infer<typeof drExecutionSpec>;

const executionPhase = z.enum(['Pending', 'Running', 'Succeeded', 'Failed', 'Refused']);
const stepPhase = z.enum(['Pending', 'Running', 'Succeeded', 'Failed', 'Skipped']);
const stepKind = z.enum(['Prepare', 'Restore', 'DNS', 'Report']);

const step = z.object({
  id: z
    .string()
    .min(1)
    .max(600)
    .describe('Deterministic from the plan: `prepare`, `restore/<unit>`, `dns/<hostname>`, `report`.'),
  kind: stepKind.describe('What it does.'),
  phase: stepPhase.describe('How far it is.'),
  needs: z
    .array(z.string().max(600))
    .max(2048)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .describe('Ids of the steps that must have succeeded first.'),
  objects: z.int().optional().describe('Objects it applies.'),
  attempts: z.int().optional().describe('How often it was tried.'),
  startedAt: timestamp.optional().describe('When it was first tried; written before its effect.'),
  appliedAt: timestamp
    .optional()
    .describe('Restore: when the last object was applied; what remains is waiting for readiness.'),
  finishedAt: timestamp.optional().describe('When it ended.'),
  message: sentence.optional().describe('What it waits for, or how it ended.'),
  notes: z
    .array(sentence)
    .max(8)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .describe('What of its objects could not be kept as it was, e.g. a node port that is taken.'),
});
export type StepStatus = z.infer<typeof step>;

const plan = z.object({
  scenarioUid: z.string().max(64).describe('The scenario it belongs to, whatever it is renamed to.'),
  sourceRegion: objectName.describe('The region that is left.'),
  recoveryRegion: objectName.describe('The region that takes over.'),
  recoveryPoint: objectName.describe('The point that is restored.'),
  pointDigest: z.string().max(80).describe('Of its manifest.'),
  pointCapturedAt: timestamp.describe('The instant the point is of.'),
  pointConfirmedAt: timestamp
    .optional()
    .describe(
      'The last instant as of which the source was found to be the same as the point, when it was chosen.',
    ),
  pointUnproven: sentence
    .optional()
    .describe('What is not known of the point, when its scenario has not compared it with the source.'),
  store: store.unwrap().optional().describe('Where the point is read from, said in full.'),
  storePath: z
    .string()
    .max(1024)
    .optional()
    .describe('The directory the point is read from, in plans of earlier versions.'),
  verdictAt: timestamp
    .optional()
    .describe('When the source was judged failed, if it was; RTO counts from here, else from startedAt.'),
  lostAt: timestamp
    .optional()
    .describe('When the failure of the source was first seen, if it failed; loss is counted up to here.'),
  sourceVerdict: z.string().max(32).optional().describe('The verdict on the source when this started.'),
  stepTimeout: z.string().max(16).describe('How long one unit may take to become ready.'),
  dnsTimeout: z.string().max(16).describe('How long the authoritative servers may take.'),
  readiness: z
    .array(readinessRule)
    .max(64)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] })
    .describe("The scenario's own rules of readiness, when it has any."),
  transforms: frozenTransforms
    .optional()
    .describe('How objects differ in the recovery region, when they do.'),
  hooks: hooks
    .unwrap()
    .optional()
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] })
    .describe('What runs in Pods that are ready, when there is any.'),
});

const report = z.object({
  achievedRpoMillis: z
    .int()
    .optional()
    .describe(
      'Start of the failure (or of this execution, when by hand) minus the instant of the point, in milliseconds; absent when the clock that dated the point was ahead.',
    ),
  achievedRtoMillis: z
    .int()
    .describe(
      'From the verdict, or the start, to all ready and DNS answering, in milliseconds; of a run that failed, to its last step.',
    ),
  lost: z.string().max(32).describe('The achieved RPO for people, e.g. `41s`.'),
  took: z.string().max(32).describe('The achieved RTO for people, e.g. `12s`.'),
  objectsRestored: z.int().describe('Objects applied in the recovery region.'),
  warnings: z
    .array(sentence)
    .max(64)
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .describe('What people should look at.'),
});

export const drExecutionStatus = z.object({
  observedGeneration: z.int().optional().describe('The generation of the spec this status speaks of.'),
  phase: executionPhase.optional().describe('How far it is.'),
  message: sentence.optional().describe('What it is doing, or why it ended.'),
  startedAt: timestamp.optional().describe('When it was accepted.'),
  finishedAt: timestamp.optional().describe('When it ended.'),
  plan: plan.optional().describe('Frozen when the execution starts.'),
  steps: z
    .array(step)
    .max(2048)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['id'] })
    .describe('The journal: what was and is being done, written before it is done.'),
  progress: z.string().max(32).optional().describe('Steps done of all, `7/23`.'),
  report: report.optional().describe('What came of it; written once, at the end.'),
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
