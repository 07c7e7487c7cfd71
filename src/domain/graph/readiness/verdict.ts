/** The words in which every rule of readiness answers, and what several of them read. */
import { arrayAt, numberAt, textAt } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import type { Readiness } from '../types.ts';

export const ready: Readiness = { kind: 'ready' };
export const progressing = (message: string): Readiness => ({ kind: 'progressing', message });
export const failed = (message: string): Readiness => ({ kind: 'failed', message });

export interface StatusCondition {
  readonly status: string | undefined;
  readonly reason: string | undefined;
  readonly message: string | undefined;
  readonly observedGeneration: number | undefined;
}

export function conditionOf(object: KubeObject, type: string): StatusCondition | undefined {
  const found = arrayAt(object, 'status', 'conditions').find(
    (condition) => textAt(condition, 'type') === type,
  );
  if (found === undefined) return undefined;
  return {
    status: textAt(found, 'status'),
    reason: textAt(found, 'reason'),
    message: textAt(found, 'message'),
    observedGeneration: numberAt(found, 'observedGeneration'),
  };
}

/** Whether a condition is of an older spec, as far as it says of which. */
export const isStale = ({ observedGeneration }: StatusCondition, { metadata }: KubeObject): boolean =>
  observedGeneration !== undefined && observedGeneration < (metadata.generation ?? 0);

/** Whether a condition is true of the spec as it is now. */
export const holds = (condition: StatusCondition | undefined, object: KubeObject): boolean =>
  condition?.status === 'True' && !isStale(condition, object);

export const UNSEEN = 'its controller has not seen it yet';

/** @returns what to answer while the status is of an older spec; undefined when it is of this one */
export function observed(object: KubeObject): Readiness | undefined {
  const generation = object.metadata.generation ?? 0;
  const seen = numberAt(object, 'status', 'observedGeneration') ?? 0;
  return seen < generation ? progressing(UNSEEN) : undefined;
}

/** A sentence about a condition that does not hold: its message, or else its reason. */
export function explain(condition: StatusCondition, otherwise: string): string {
  return condition.message || condition.reason || otherwise;
}
