/** Setting status conditions without losing when they last changed. */
import type { Condition } from '../api/v1alpha1/common.ts';
import { type Instant, toRfc3339 } from './time.ts';

export interface ConditionUpdate {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  /** From the catalogue of the kind, in src/api/v1alpha1/reasons/. */
  readonly reason: string;
  readonly message: string;
}

/**
 * The conditions after an update: the time of transition moves only when the
 * status does, order is kept, types that are not named stay as they are.
 */
export function withConditions(
  before: readonly Condition[],
  updates: readonly ConditionUpdate[],
  generation: number,
  now: Instant,
): Condition[] {
  const merged = new Map(before.map((condition) => [condition.type, condition]));
  for (const update of updates) {
    const previous = merged.get(update.type);
    const unchanged = previous !== undefined && previous.status === update.status;
    merged.set(update.type, {
      ...update,
      observedGeneration: generation,
      lastTransitionTime: unchanged ? previous.lastTransitionTime : toRfc3339(now),
    });
  }
  return [...merged.values()];
}

export function findCondition(conditions: readonly Condition[], type: string): Condition | undefined {
  return conditions.find((condition) => condition.type === type);
}
