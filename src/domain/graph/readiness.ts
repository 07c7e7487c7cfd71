/**
 * Whether a live object has become what it is meant to be, by the semantics of
 * kstatus (sigs.k8s.io/cli-utils/pkg/kstatus) with one difference: a Job is
 * ready when it is complete, because what comes after it builds on its effects.
 */
import { groupOf, type KubeObject } from '../../api/object.ts';
import { isCustom, kindOf } from './kinds.ts';
import { daemonSet, deployment, replicaSet, statefulSet } from './readiness/replicas.ts';
import {
  apiService,
  claim,
  customResource,
  definition,
  job,
  namespace,
  pod,
  service,
} from './readiness/rules.ts';
import { progressing, ready } from './readiness/verdict.ts';
import type { Readiness, ReadinessContext, ReadinessRule } from './types.ts';

/** Built-in kinds that are not here are ready as soon as they exist. */
const RULES: ReadonlyMap<string, ReadinessRule> = new Map([
  ['Deployment.apps', deployment],
  ['StatefulSet.apps', statefulSet],
  ['DaemonSet.apps', daemonSet],
  ['ReplicaSet.apps', replicaSet],
  ['ReplicationController', replicaSet],
  ['Job.batch', job],
  ['Pod', pod],
  ['PersistentVolumeClaim', claim],
  ['CustomResourceDefinition.apiextensions.k8s.io', definition],
  ['Service', service],
  ['Namespace', namespace],
  ['APIService.apiregistration.k8s.io', apiService],
]);

/** @param object as read from its cluster, status included */
export function readinessOf(object: KubeObject, context: ReadinessContext): Readiness {
  if (object.metadata.deletionTimestamp !== undefined) return progressing('it is being deleted');
  const rule = RULES.get(kindOf(object));
  if (rule !== undefined) return rule(object, context);
  return isCustom(groupOf(object.apiVersion)) ? customResource(object, context) : ready;
}
