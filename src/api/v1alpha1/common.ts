/** Pieces shared by the schemas of the three kinds: names, durations, conditions. */
import { z } from 'zod';
import { durationText, textMatching } from './text.ts';

export const GROUP = 'antipode.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;

/** A name as Kubernetes writes it (RFC 1123 label). */
export const dnsLabel = textMatching(
  /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
  "must be a name of lower-case letters, digits and '-', starting and ending with a letter or digit, e.g. eu-west",
  { max: 63 },
);
/** An object name (RFC 1123 subdomain). */
export const objectName = textMatching(
  /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/,
  "must be a name of lower-case letters, digits, '-' and '.', starting and ending with a letter or digit, e.g. eu-west",
  { max: 253 },
);
/** The value of a label, as providers name regions and zones: `eu-west-1a`, `RegionOne`, `nova`. */
export const labelValue = textMatching(
  /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/,
  "must be the value of a label: letters, digits, '-', '_' and '.', starting and ending with a letter or digit, e.g. eu-west-1a",
  { max: 63 },
);
/** `0s`, `30s`, `5m`, `1h30m`; parsed by domain/time.ts. */
export const duration = durationText();
/** RFC 3339, written by Antipode. */
export const timestamp = z.string().max(40).meta({ format: 'date-time' });
/** A sentence for people. */
export const sentence = z.string().max(4096);

/** A status condition (KEP-1623). `reason` comes from the catalogue of the kind, in reasons/. */
const condition = z.object({
  type: z.string().min(1).max(63).describe('What the condition is about.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds.'),
  observedGeneration: z.int().optional().describe('The generation of the spec it was judged for.'),
  lastTransitionTime: timestamp.describe('When `status` last changed.'),
  reason: z.string().min(1).max(128).describe('Why, in a word; see the page of reasons.'),
  message: sentence.describe('Why, in a sentence.'),
});
export type Condition = z.infer<typeof condition>;

export const conditions = z
  .array(condition)
  .max(32)
  .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] })
  .describe('Facts about this object, for machines.');
