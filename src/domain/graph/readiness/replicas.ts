/** Readiness of what runs a number of pods: rolled out when as many as wanted are available and none is outdated. */
import { at, numberAt, textAt } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import type { Readiness, ReadinessRule } from '../types.ts';
import { conditionOf, explain, failed, observed, progressing, ready } from './verdict.ts';

export const deployment: ReadinessRule = (object) => {
  const unseen = observed(object);
  if (unseen !== undefined) return unseen;
  const wanted = numberAt(object, 'spec', 'replicas') ?? 1;
  const total = numberAt(object, 'status', 'replicas') ?? 0;
  if (at(object, 'spec', 'paused') === true && total === 0 && wanted > 0) {
    return failed(`0 of ${wanted} replicas: it is paused, and starts none until it is resumed`);
  }
  const counts = { wanted, total, ...countsOf(object, 'updatedReplicas', 'availableReplicas') };
  // A paused Deployment keeps pods of an older template on purpose.
  const state = rolledOut(
    object,
    at(object, 'spec', 'paused') === true ? { ...counts, updated: wanted, total: wanted } : counts,
  );
  return withPassedDeadline(object, state);
};

/**
 * A deadline that has passed is told and no more: the controller goes on trying,
 * and an execution that follows on one which failed would else find the
 * condition from before and fail at once, although its cause has been removed.
 */
function withPassedDeadline(object: KubeObject, state: Readiness): Readiness {
  const progress = conditionOf(object, 'Progressing');
  if (state.kind !== 'progressing' || progress?.reason !== 'ProgressDeadlineExceeded') return state;
  return progressing(`${state.message}; ${progress.message ?? 'its progress deadline has passed'}`);
}

export const statefulSet: ReadinessRule = (object) => {
  const unseen = observed(object);
  if (unseen !== undefined) return unseen;
  const wanted = numberAt(object, 'spec', 'replicas') ?? 1;
  const counts = countsOf(object, 'updatedReplicas', 'availableReplicas');
  // Pods below the partition, and all under OnDelete, stay at the older revision on purpose.
  const partition = numberAt(object, 'spec', 'updateStrategy', 'rollingUpdate', 'partition') ?? 0;
  const onDelete = textAt(object, 'spec', 'updateStrategy', 'type') === 'OnDelete';
  const older = onDelete ? wanted : Math.min(partition, wanted);
  const total = numberAt(object, 'status', 'replicas') ?? 0;
  return rolledOut(object, { wanted, total, available: counts.available, updated: counts.updated + older });
};

export const daemonSet: ReadinessRule = (object) => {
  const unseen = observed(object);
  if (unseen !== undefined) return unseen;
  const wanted = numberAt(object, 'status', 'desiredNumberScheduled') ?? 0;
  const counts = countsOf(object, 'updatedNumberScheduled', 'numberAvailable');
  const onDelete = textAt(object, 'spec', 'updateStrategy', 'type') === 'OnDelete';
  return rolledOut(object, { ...counts, wanted, total: wanted, updated: onDelete ? wanted : counts.updated });
};

/** ReplicaSets and ReplicationControllers: they have one template only, so nothing is ever outdated. */
export const replicaSet: ReadinessRule = (object) => {
  const unseen = observed(object);
  if (unseen !== undefined) return unseen;
  const wanted = numberAt(object, 'spec', 'replicas') ?? 1;
  const total = numberAt(object, 'status', 'replicas') ?? 0;
  const { available } = countsOf(object, 'availableReplicas', 'availableReplicas');
  return rolledOut(object, { wanted, total, available, updated: wanted });
};

interface Counts {
  readonly wanted: number;
  /** All that exist, outdated and superfluous ones included. */
  readonly total: number;
  readonly updated: number;
  readonly available: number;
}

function countsOf(
  object: KubeObject,
  updated: string,
  available: string,
): Pick<Counts, 'updated' | 'available'> {
  return {
    updated: numberAt(object, 'status', updated) ?? 0,
    available: numberAt(object, 'status', available) ?? 0,
  };
}

function rolledOut(object: KubeObject, { wanted, total, updated, available }: Counts): Readiness {
  if (available < wanted)
    return progressing(withCause(object, `${available} of ${wanted} replicas available`));
  if (updated < wanted) return progressing(withCause(object, `${updated} of ${wanted} replicas updated`));
  if (total > wanted) return progressing(`${total - wanted} superfluous replicas still to end`);
  return ready;
}

/** What keeps pods from being made, e.g. an exceeded quota, when the controller says so. */
function withCause(object: KubeObject, message: string): string {
  const failure = conditionOf(object, 'ReplicaFailure');
  return failure?.status === 'True' ? `${message}: ${explain(failure, 'replicas fail')}` : message;
}
