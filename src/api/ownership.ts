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

/** Annotation on a DRScenario, by its user: names of missing points that are gone for good, apart by commas or spaces. */
export const POINTS_GONE_ANNOTATION = 'antipode.dev/points-gone';

/** Limit of a label value, set by Kubernetes. */
const LABEL_LIMIT = 63;
const HASH_LENGTH = 16;

/**
 * `text` itself when it fits into `limit` characters, else its beginning and a
 * hash of the whole, so that two long texts that begin alike stay apart.
 */
export function bounded(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return `${beginningOf(text, limit)}-${hashOf(text)}`;
}

/**
 * A name for what is told apart by several texts, which joined may read alike: the
 * beginning of `text`, for people, and a hash of what tells it apart.
 */
export function distinctName(text: string, identity: readonly string[], limit: number): string {
  const hash = hashOf(JSON.stringify(identity));
  return `${beginningOf(text, limit)}-${hash}`;
}

const hashOf = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, HASH_LENGTH);

/** So much of a text that a hash after it fits into the limit too. */
const beginningOf = (text: string, limit: number): string =>
  text.slice(0, limit - HASH_LENGTH - 1).replace(/[^A-Za-z0-9]+$/, '');

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
