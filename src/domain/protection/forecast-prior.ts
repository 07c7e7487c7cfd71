/**
 * How long things take before anything was measured. Guesses, each with its
 * reason, used until executions have shown better; whatever is said on their
 * account is said to be an estimate.
 */
import { parseRefKey } from '../../api/object.ts';
import { isCustom, kindOfRef } from '../graph/kinds.ts';
import { millis, seconds } from '../time.ts';
import type { Prior } from './forecast-quantile.ts';

const prior = (p50: number, p95: number): Prior => ({ p50: seconds(p50), p95: seconds(p95) });

/** Lists every kind of the point once, several at a time: seconds, also for thousands of objects. */
export const PREPARE_PRIOR: Prior = prior(2, 10);

/**
 * external-dns looks for changes once a minute by default (`--interval=1m`), so
 * a change waits half of that on average and all of it at worst; the provider's
 * own servers need a few seconds more, and some of them up to half a minute.
 */
export const DNS_PRIOR: Prior = prior(35, 90);

/** Two requests an object (look, write) to an API server in another region; slow when it is busy. */
const APPLY_AN_OBJECT: Prior = { p50: millis(50), p95: millis(250) };

/** Pods: scheduling, pulling an image of some hundred MB, starting, one or two probe periods. */
const PODS = prior(20, 90);
const READY_BY_KIND: ReadonlyMap<string, Prior> = new Map([
  ['Deployment.apps', PODS],
  ['ReplicaSet.apps', PODS],
  ['ReplicationController', PODS],
  ['DaemonSet.apps', PODS],
  ['Pod', PODS],
  // One pod after the other, each with a volume to attach, and databases replay their log first.
  ['StatefulSet.apps', prior(45, 180)],
  // To its end: it starts like any pod, and then does what it is for.
  ['Job.batch', prior(30, 180)],
  // A volume is made by a provider's API, when it is not made only for its consumer.
  ['PersistentVolumeClaim', prior(5, 30)],
  // Ready once the API server serves the kind.
  ['CustomResourceDefinition.apiextensions.k8s.io', prior(1, 5)],
  ['APIService.apiregistration.k8s.io', prior(5, 30)],
  // Ready at once, but with a load balancer, which a provider's API makes.
  ['Service', prior(1, 30)],
  ['Ingress.networking.k8s.io', prior(1, 30)],
]);
/** Read back at the next look. */
const AT_ONCE: Prior = { p50: millis(0), p95: millis(500) };
/** Custom resources: something reconciles them, nobody knows what. */
const RECONCILED = prior(5, 60);

export function applyPrior(objects: number): Prior {
  return { p50: millis(APPLY_AN_OBJECT.p50 * objects), p95: millis(APPLY_AN_OBJECT.p95 * objects) };
}

/** @param unit id of a unit: the refKey of its main object */
export function readyPrior(unit: string): Prior {
  const ref = parseRefKey(unit);
  if (ref === undefined) return AT_ONCE;
  const known = READY_BY_KIND.get(kindOfRef(ref));
  if (known !== undefined) return known;
  return isCustom(ref.group) ? RECONCILED : AT_ONCE;
}
