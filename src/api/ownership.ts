/**
 * How an object says that Antipode put it there, and for which scenario. Only
 * objects that say so are ever changed: anything else in the target belongs to
 * somebody else, whatever it is called.
 */
import { createHash } from 'node:crypto';
import type { KubeObject } from './object.ts';

/**
 * Field manager of every write, and the user agent: the API server names the
 * manager of a plain POST after the user agent, and both must be one.
 */
export const FIELD_MANAGER = 'antipode';
/** Label on everything made for a scenario: `<namespace>.<name>`. */
export const SCENARIO_LABEL = 'antipode.dev/scenario';
/** Annotation on everything replayed: the recovery point it was last replayed from. */
export const RECOVERY_POINT_ANNOTATION = 'antipode.dev/recovery-point';

/** Limit of a label value, set by Kubernetes. */
const LABEL_LIMIT = 63;
const HASH_LENGTH = 16;

/**
 * `text` itself when it fits into `limit` characters, else its beginning and a
 * hash of the whole, so that two long texts that begin alike stay apart.
 */
export function bounded(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const hash = createHash('sha256').update(text).digest('hex').slice(0, HASH_LENGTH);
  const beginning = text.slice(0, limit - HASH_LENGTH - 1).replace(/[^A-Za-z0-9]+$/, '');
  return `${beginning}-${hash}`;
}

/** The value of {@link SCENARIO_LABEL} for a scenario. */
export function scenarioLabel(scenario: { readonly namespace: string; readonly name: string }): string {
  return bounded(`${scenario.namespace}.${scenario.name}`, LABEL_LIMIT);
}

export function isOurs(
  object: KubeObject,
  scenario: { readonly namespace: string; readonly name: string },
): boolean {
  return object.metadata.labels?.[SCENARIO_LABEL] === scenarioLabel(scenario);
}
