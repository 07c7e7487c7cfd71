/**
 * What is known of kinds as such: how one is named without its version, which
 * belong to Kubernetes itself, and in which order they are applied when no
 * reference says otherwise.
 */
import { groupOf, type KubeObject, type ObjectRef } from '../../api/object.ts';

/** Objects are never changed, and every rule asks. */
const kinds = new WeakMap<KubeObject, string>();

/** `Deployment.apps`, `Secret`: a kind with its group, whatever the version. */
export function kindOf(object: KubeObject): string {
  const known = kinds.get(object);
  if (known !== undefined) return known;
  const kind = kindName(groupOf(object.apiVersion), object.kind);
  kinds.set(object, kind);
  return kind;
}

export function kindName(group: string, kind: string): string {
  return group === '' ? kind : `${kind}.${group}`;
}

/** The same for something that is only referred to. */
export const kindOfRef = (ref: ObjectRef): string => kindName(ref.group, ref.kind);

/**
 * What a cluster's discovery says of a kind; undefined when it does not serve
 * it. A list of `ResourceType`s answers it with `find`.
 */
export type KindLookup = (
  group: string,
  kind: string,
) => { readonly resource: string; readonly namespaced: boolean } | undefined;

/**
 * The groups the API server serves by itself (k8s.io/api v0.35, `k8s.io/kubernetes/pkg/apis`).
 * A kind of any other group comes from a CustomResourceDefinition, also those
 * whose group merely ends in k8s.io, like Gateway API or VolumeSnapshot.
 */
const BUILT_IN_GROUPS: ReadonlySet<string> = new Set([
  '',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'apps',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'coordination.k8s.io',
  'discovery.k8s.io',
  'events.k8s.io',
  'extensions',
  'flowcontrol.apiserver.k8s.io',
  'internal.apiserver.k8s.io',
  'networking.k8s.io',
  'node.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'resource.k8s.io',
  'scheduling.k8s.io',
  'storage.k8s.io',
  'storagemigration.k8s.io',
]);

export const isCustom = (group: string): boolean => !BUILT_IN_GROUPS.has(group);

/**
 * Order of application among objects that do not refer to each other. What
 * limits or admits pods comes before pods, what sends load to them after.
 */
const APPLY_ORDER: readonly string[] = [
  'CustomResourceDefinition.apiextensions.k8s.io',
  'Namespace',
  'StorageClass.storage.k8s.io',
  'PriorityClass.scheduling.k8s.io',
  'RuntimeClass.node.k8s.io',
  'IngressClass.networking.k8s.io',
  'ResourceQuota',
  'LimitRange',
  'NetworkPolicy.networking.k8s.io',
  'ServiceAccount',
  'Secret',
  'ConfigMap',
  'PersistentVolumeClaim',
  'ClusterRole.rbac.authorization.k8s.io',
  'Role.rbac.authorization.k8s.io',
  'ClusterRoleBinding.rbac.authorization.k8s.io',
  'RoleBinding.rbac.authorization.k8s.io',
  'Service',
  'Endpoints',
  'EndpointSlice.discovery.k8s.io',
  'DaemonSet.apps',
  'StatefulSet.apps',
  'ReplicaSet.apps',
  'ReplicationController',
  'Deployment.apps',
  'Pod',
  'Job.batch',
  'CronJob.batch',
];
/** After every workload; custom resources and unknown kinds come in between. */
const APPLY_LAST: readonly string[] = [
  'HorizontalPodAutoscaler.autoscaling',
  'PodDisruptionBudget.policy',
  'Ingress.networking.k8s.io',
];

const RANKS: ReadonlyMap<string, number> = new Map([
  ...APPLY_ORDER.map((kind, rank) => [kind, rank] as const),
  ...APPLY_LAST.map((kind, rank) => [kind, APPLY_ORDER.length + 1 + rank] as const),
]);

/** Smaller is applied earlier. */
export const applyRank = (kind: string): number => RANKS.get(kind) ?? APPLY_ORDER.length;
