/**
 * What to do about an object that is to be applied, given what the target has
 * under its name. Pure, and the only place that decides whose an object is.
 */
import { groupOf, type KubeObject } from '../../../api/object.ts';
import { isOurs, SCENARIO_LABEL } from '../../../api/ownership.ts';
import type { ScenarioIdentity } from '../../engine.ts';
import { objectDigest } from './digest.ts';

export type Judgement =
  | { readonly kind: 'create' }
  /** Ours from before: our fields are applied, by force, those of others are left. */
  | { readonly kind: 'update'; readonly existing: KubeObject }
  /** Good as it is, not ours: used without being written to. */
  | { readonly kind: 'accept'; readonly existing: KubeObject }
  /** Made by the cluster itself: what the source's had is added, never taken over by force. */
  | { readonly kind: 'complement'; readonly existing: KubeObject }
  | { readonly kind: 'foreign'; readonly owner: string | undefined }
  | { readonly kind: 'being-deleted'; readonly existing: KubeObject };

/**
 * @param captured as in the point
 * @param existing what the target has, undefined when nothing
 */
export function judge(
  captured: KubeObject,
  existing: KubeObject | undefined,
  scenario: ScenarioIdentity,
): Judgement {
  if (existing === undefined) return { kind: 'create' };
  if (existing.metadata.deletionTimestamp !== undefined) return { kind: 'being-deleted', existing };
  if (isOurs(existing, scenario)) return { kind: 'update', existing };
  // A namespace is a place, not a thing: one that an administrator has made for the recovery, with
  // quotas and policies of its own, is used as it is and stays theirs. What clashes inside is found
  // object by object.
  if (captured.kind === 'Namespace' && groupOf(captured.apiVersion) === '')
    return { kind: 'accept', existing };
  // Captured only when it says more than the one that is made by itself: pull secrets, a cloud identity.
  if (isDefaultAccount(captured)) return { kind: 'complement', existing };
  if (isClusterMade(captured)) return { kind: 'accept', existing };
  const isClusterScoped = captured.metadata.namespace === undefined;
  // Shared by many (a StorageClass, a definition): an equal one serves as well as ours would.
  if (isClusterScoped && objectDigest(existing) === objectDigest(captured))
    return { kind: 'accept', existing };
  return { kind: 'foreign', owner: existing.metadata.labels?.[SCENARIO_LABEL] };
}

function isDefaultAccount({ apiVersion, kind, metadata }: KubeObject): boolean {
  return kind === 'ServiceAccount' && groupOf(apiVersion) === '' && metadata.name === 'default';
}

/** Whether every cluster, or every namespace of it, has this object without anyone's doing. */
function isClusterMade(object: KubeObject): boolean {
  const { name, namespace, labels } = object.metadata;
  switch (`${object.kind}.${groupOf(object.apiVersion)}`) {
    case 'ConfigMap.':
      return name === 'kube-root-ca.crt';
    case 'Service.':
      return name === 'kubernetes' && namespace === 'default';
    case 'PriorityClass.scheduling.k8s.io':
      return name.startsWith('system-');
    case 'ClusterRole.rbac.authorization.k8s.io':
    case 'ClusterRoleBinding.rbac.authorization.k8s.io':
      return name.startsWith('system:') || labels?.['kubernetes.io/bootstrapping'] === 'rbac-defaults';
    default:
      return false;
  }
}
