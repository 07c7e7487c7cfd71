/** Whether a scenario could be recovered as wished, as its status says. */
import { z } from 'zod';
import { sentence } from './common.ts';

const finding = z.object({
  object: z.string().max(600).describe('What it is about: an object, or a field of the spec.'),
  reason: z
    .enum([
      'StoreInSourceRegion',
      'Unplannable',
      'RecoveryRefuses',
      'RecoveryTooSmall',
      'RTOTooShort',
      'RPOTooShort',
    ])
    .describe('Why, in a word; see the page of reasons.'),
  message: sentence.describe('Why, in a sentence.'),
  remedy: sentence.describe('What a person can do about it.'),
});

export const feasibilityStatus = z.object({
  accepted: z.int().optional().describe('Objects the recovery cluster would take, by dry-run.'),
  notRehearsed: z
    .int()
    .optional()
    .describe('Objects it could not be asked about, e.g. because their namespace does not exist there yet.'),
  findings: z
    .array(finding)
    .max(64)
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .describe('What makes the wish infeasible as things are, most serious first.'),
});
