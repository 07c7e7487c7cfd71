/** The part of a DRScenario's status that says what is held ready in the recovery region. */
import { z } from 'zod';
import { objectName, sentence, timestamp } from './common.ts';

const difference = z.object({
  object: z.string().max(600).describe('`Kind/namespace/name`.'),
  message: sentence.describe('In what it is not as it should be, and why.'),
});

const heldBack = z.object({
  reason: sentence.describe('Why.'),
  objects: z.int().describe('How many.'),
});

export const standbyStatus = z.object({
  region: z.string().max(253).describe('The region that it is in.'),
  point: objectName.describe('The recovery point it is of.'),
  at: timestamp.describe('When it was looked at last.'),
  objects: z.int().describe('Objects of the point.'),
  applied: z.int().describe('Objects that are there as they should be, doing nothing.'),
  heldBack: z.int().describe('Objects that only a failover creates.'),
  heldBackWhy: z
    .array(heldBack)
    .max(32)
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .describe('Why they are held back.'),
  drifted: z.int().describe('Objects that somebody had changed, and that were put right in the last look.'),
  pruned: z.int().describe('Objects removed in the last look, because the source has them no more.'),
  differences: z
    .array(difference)
    .max(16)
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .describe('What is not as it should be.'),
});
export type StandbyStatus = z.infer<typeof standbyStatus>;
