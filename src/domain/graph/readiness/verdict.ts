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
  };
}

/** @returns what to answer while the status is of an older spec; undefined when it is of this one */
export function observed(object: KubeObject): Readiness | undefined {
  const generation = object.metadata.generation ?? 0;
  const seen = numberAt(object, 'status', 'observedGeneration') ?? 0;
  return seen < generation ? progressing('its controller has not seen it yet') : undefined;
}

/** A sentence about a condition that does not hold: its message, or else its reason. */
export function explain(condition: StatusCondition, otherwise: string): string {
  return condition.message || condition.reason || otherwise;
}
