/** Readiness of everything that does not count replicas. */
import { arrayAt, at, fieldsAt, numberAt, textAt } from '../../../api/fields.ts';
import { objectKey } from '../../../api/object.ts';
import { isAccountToken } from '../account-token.ts';
import { storageClassOf } from '../storage-class.ts';
import type { ReadinessRule } from '../types.ts';
import { lackOf } from './signs.ts';
import {
  conditionOf,
  explain,
  failed,
  holds,
  isStale,
  observed,
  progressing,
  ready,
  UNSEEN,
} from './verdict.ts';

export const job: ReadinessRule = (object) => {
  const failure = conditionOf(object, 'Failed');
  if (failure?.status === 'True') return failed(explain(failure, 'the job has failed'));
  if (conditionOf(object, 'Complete')?.status === 'True') return ready;
  // Suspended in the source, suspended here: there is nothing to wait for.
  if (at(object, 'spec', 'suspend') === true) return ready;
  const wanted = numberAt(object, 'spec', 'completions') ?? 1;
  const succeeded = numberAt(object, 'status', 'succeeded') ?? 0;
  return progressing(`${succeeded} of ${wanted} completions`);
};

export const pod: ReadinessRule = (object) => {
  const phase = textAt(object, 'status', 'phase');
  if (phase === 'Succeeded') return ready;
  if (phase === 'Failed') return failed(textAt(object, 'status', 'message') ?? 'its containers have failed');
  if (conditionOf(object, 'Ready')?.status === 'True') return ready;
  const waiting = arrayAt(object, 'status', 'containerStatuses').flatMap(
    (status) => textAt(status, 'state', 'waiting', 'reason') ?? [],
  );
  const scheduled = conditionOf(object, 'PodScheduled');
  if (scheduled?.status === 'False') return progressing(explain(scheduled, 'not scheduled to a node yet'));
  return progressing(
    waiting[0] === undefined ? 'its containers are not ready yet' : `waiting: ${waiting[0]}`,
  );
};

/**
 * A claim whose class waits for its first consumer is ready while it is
 * pending: it is bound only when a pod needs it, and that pod comes later.
 */
export const claim: ReadinessRule = (object, context) => {
  const phase = textAt(object, 'status', 'phase');
  if (phase === 'Bound') return ready;
  if (phase === 'Lost') return failed('its volume is lost');
  const storageClass = storageClassOf(object)?.name ?? '';
  const hasVolume = (textAt(object, 'spec', 'volumeName') ?? '') !== '';
  if (!hasVolume && context.bindingMode(storageClass) === 'WaitForFirstConsumer') return ready;
  return progressing(
    storageClass === '' ? 'waiting for a volume' : `waiting for a volume of class ${storageClass}`,
  );
};

export const definition: ReadinessRule = (object) => {
  const names = conditionOf(object, 'NamesAccepted');
  if (names?.status === 'False') return failed(explain(names, 'its names are taken'));
  return conditionOf(object, 'Established')?.status === 'True' ? ready : progressing('not served yet');
};

export const service: ReadinessRule = (object) => {
  if (textAt(object, 'spec', 'type') !== 'LoadBalancer') return ready;
  const hasAddress = arrayAt(object, 'status', 'loadBalancer', 'ingress').length > 0;
  return hasAddress ? ready : progressing('waiting for the address of its load balancer');
};

export const namespace: ReadinessRule = (object) =>
  textAt(object, 'status', 'phase') === 'Active' ? ready : progressing('not active yet');

/** A pod that mounts an empty one starts without a token. */
export const secret: ReadinessRule = (object) => {
  if (!isAccountToken(object)) return ready;
  const hasToken = (textAt(object, 'data', 'token') ?? '') !== '';
  return hasToken ? ready : progressing('the token of its account is not there yet');
};

/** Until its controller has counted, the API server refuses every pod. */
export const quota: ReadinessRule = (object) => {
  const counted = fieldsAt(object, 'status', 'hard') ?? {};
  const isCounted = Object.keys(fieldsAt(object, 'spec', 'hard') ?? {}).every((what) => what in counted);
  return isCounted ? ready : progressing('nothing is counted yet');
};

export const apiService: ReadinessRule = (object) => {
  const available = conditionOf(object, 'Available');
  if (available?.status === 'True') return ready;
  return progressing(available === undefined ? 'not available yet' : explain(available, 'not available yet'));
};

/**
 * A custom resource says by convention how it is: `Stalled` and `Reconciling`
 * (kstatus), `Ready` or `Available`. Those and others that it showed in the
 * source are waited for; one that showed none and has none is ready when it
 * exists, for nothing can be waited for.
 */
export const customResource: ReadinessRule = (object, context) => {
  const stalled = conditionOf(object, 'Stalled');
  if (stalled?.status === 'True') return failed(explain(stalled, 'its controller has given up'));
  const unseen =
    numberAt(object, 'status', 'observedGeneration') === undefined ? undefined : observed(object);
  if (unseen !== undefined) return unseen;
  const reconciling = conditionOf(object, 'Reconciling');
  if (reconciling?.status === 'True') return progressing(explain(reconciling, 'its controller is at work'));
  const condition = conditionOf(object, 'Ready') ?? conditionOf(object, 'Available');
  if (condition !== undefined && !holds(condition, object)) {
    return progressing(isStale(condition, object) ? UNSEEN : explain(condition, 'not ready yet'));
  }
  const lack = lackOf(object, context.shown(objectKey(object)));
  return lack === undefined ? ready : progressing(lack);
};
