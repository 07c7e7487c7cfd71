/**
 * Whether a live object has become what it is meant to be, by the semantics of
 * kstatus (sigs.k8s.io/cli-utils/pkg/kstatus) with four differences: a Job is
 * ready when it is complete, because what comes after it builds on its effects;
 * a Pod that crashes again and again is waited for, because most do so only until
 * what they need is there; so is a Deployment past its progress deadline, which says
 * how long it has taken and not that it will not come; a webhook is ready when it is answered.
 * Where the user has a rule of readiness, that rule is asked instead.
 */
import { groupOf, type KubeObject } from '../../api/object.ts';
import { isAccountToken } from './account-token.ts';
import { WEBHOOK_KINDS } from './infer/extension.ts';
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
  quota,
  secret,
  service,
} from './readiness/rules.ts';
import { progressing, ready } from './readiness/verdict.ts';
import { webhooks } from './readiness/webhooks.ts';
import type { Readiness, ReadinessContext, ReadinessRule } from './types.ts';
import { readinessByRules } from './user-rules/readiness.ts';

/** How the kinds of Kubernetes are judged; the reference page is generated from it. */
export interface KindReadiness {
  /** As `Deployment.apps`. */
  readonly kinds: readonly string[];
  readonly judge: ReadinessRule;
  /** When one is ready, in one sentence. */
  readonly sentence: string;
}

/** Built-in kinds that are not here are ready as soon as they exist. */
export const kindReadiness: readonly KindReadiness[] = [
  {
    kinds: ['Deployment.apps'],
    judge: deployment,
    sentence:
      'As many replicas as wanted are available, none outdated and none superfluous. One whose progress deadline has passed is waited for, and says so; one that is paused without pods has failed.',
  },
  {
    kinds: ['StatefulSet.apps'],
    judge: statefulSet,
    sentence:
      'As many replicas as wanted are available and none is superfluous; those above its partition are updated, under `OnDelete` none need be.',
  },
  {
    kinds: ['DaemonSet.apps'],
    judge: daemonSet,
    sentence: 'A pod is available on every node that wants one, and updated unless under `OnDelete`.',
  },
  {
    kinds: ['ReplicaSet.apps', 'ReplicationController'],
    judge: replicaSet,
    sentence: 'As many replicas as wanted are available, and none is superfluous.',
  },
  {
    kinds: ['Job.batch'],
    judge: job,
    sentence: 'It is complete, or suspended. One with the condition `Failed` has failed.',
  },
  {
    kinds: ['Pod'],
    judge: pod,
    sentence: 'It is `Ready`, or has succeeded. One in phase `Failed` has failed.',
  },
  {
    kinds: ['PersistentVolumeClaim'],
    judge: claim,
    sentence:
      'It is bound, or its class waits for the first pod. One in phase `Lost` has failed. Data that the point has of it must be there too.',
  },
  {
    kinds: ['CustomResourceDefinition.apiextensions.k8s.io'],
    judge: definition,
    sentence: 'It is `Established`. One whose names are taken has failed.',
  },
  {
    kinds: ['Service'],
    judge: service,
    sentence: 'At once; one of type `LoadBalancer` when it has an address.',
  },
  {
    kinds: ['Secret'],
    judge: secret,
    sentence: 'At once; one for the token of a ServiceAccount when the cluster has put it in.',
  },
  { kinds: ['Namespace'], judge: namespace, sentence: 'It is in phase `Active`.' },
  {
    kinds: ['ResourceQuota'],
    judge: quota,
    sentence: 'Its controller has counted what it limits; until then every pod is refused.',
  },
  { kinds: ['APIService.apiregistration.k8s.io'], judge: apiService, sentence: 'It is `Available`.' },
  {
    kinds: WEBHOOK_KINDS,
    judge: webhooks,
    sentence:
      'An endpoint of each Service that must be asked is ready; a Service that is not there is not waited for.',
  },
];

const RULES: ReadonlyMap<string, ReadinessRule> = new Map(
  kindReadiness.flatMap(({ kinds, judge }) => kinds.map((kind) => [kind, judge] as const)),
);

/** Whether it has to become ready; custom kinds do in ways of their own, and of Secrets those that hold a token. */
export function isJudged(object: KubeObject): boolean {
  const kind = kindOf(object);
  if (kind === 'Secret') return isAccountToken(object);
  return RULES.has(kind) || isCustom(groupOf(object.apiVersion));
}

/** @param object as read from its cluster, status included */
export function readinessOf(object: KubeObject, context: ReadinessContext): Readiness {
  if (object.metadata.deletionTimestamp !== undefined) return progressing('it is being deleted');
  const own = readinessByRules(context.rules, object);
  if (own !== undefined) return own;
  const rule = RULES.get(kindOf(object));
  if (rule !== undefined) return rule(object, context);
  return isCustom(groupOf(object.apiVersion)) ? customResource(object, context) : ready;
}
