/**
 * Builds Kubernetes objects for tests from the little that a test is about:
 * `anObject('Deployment', 'shop/web', { spec: … })`.
 */
import type { KubeObject, ObjectMeta } from '../api/object.ts';

const API_VERSIONS: Readonly<Record<string, string>> = {
  APIService: 'apiregistration.k8s.io/v1',
  ClusterRole: 'rbac.authorization.k8s.io/v1',
  ClusterRoleBinding: 'rbac.authorization.k8s.io/v1',
  ControllerRevision: 'apps/v1',
  CronJob: 'batch/v1',
  CustomResourceDefinition: 'apiextensions.k8s.io/v1',
  DaemonSet: 'apps/v1',
  Deployment: 'apps/v1',
  DRScenario: 'antipode.dev/v1alpha1',
  EndpointSlice: 'discovery.k8s.io/v1',
  HorizontalPodAutoscaler: 'autoscaling/v2',
  Ingress: 'networking.k8s.io/v1',
  IngressClass: 'networking.k8s.io/v1',
  Job: 'batch/v1',
  Lease: 'coordination.k8s.io/v1',
  NetworkPolicy: 'networking.k8s.io/v1',
  PodDisruptionBudget: 'policy/v1',
  PriorityClass: 'scheduling.k8s.io/v1',
  ReplicaSet: 'apps/v1',
  Role: 'rbac.authorization.k8s.io/v1',
  RoleBinding: 'rbac.authorization.k8s.io/v1',
  RuntimeClass: 'node.k8s.io/v1',
  StatefulSet: 'apps/v1',
  StorageClass: 'storage.k8s.io/v1',
  VolumeSnapshot: 'snapshot.storage.k8s.io/v1',
};

/** Whatever of an object matters to the test; metadata is completed, the rest taken as it is. */
export interface ObjectParts {
  readonly apiVersion?: string;
  readonly metadata?: Partial<ObjectMeta>;
  readonly [field: string]: unknown;
}

/**
 * @param kind a built-in kind, or any kind when `parts` has its apiVersion; the core group is assumed otherwise
 * @param where `namespace/name`, or `name` for a cluster-scoped object
 */
export function anObject(kind: string, where: string, parts: ObjectParts = {}): KubeObject {
  const { apiVersion = API_VERSIONS[kind] ?? 'v1', metadata, ...body } = parts;
  const slash = where.indexOf('/');
  const named =
    slash < 0 ? { name: where } : { namespace: where.slice(0, slash), name: where.slice(slash + 1) };
  return { apiVersion, kind, ...body, metadata: { ...named, ...metadata } };
}

/** Metadata saying that `owner` owns and controls the object. */
export function controlledBy(owner: KubeObject): Partial<ObjectMeta> {
  return { ownerReferences: [{ ...ownedBy(owner), controller: true }] };
}

/** One owner reference to `owner`, without control. */
export function ownedBy(owner: KubeObject): { apiVersion: string; kind: string; name: string; uid: string } {
  const { apiVersion, kind, metadata } = owner;
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? `uid-of-${metadata.name}` };
}

/**
 * A workload with one container; `pod` is merged into its pod spec.
 * @param kind Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController or Job
 */
export function aWorkload(
  kind: string,
  where: string,
  pod: Readonly<Record<string, unknown>> = {},
  spec: Readonly<Record<string, unknown>> = {},
): KubeObject {
  const app = where.slice(where.indexOf('/') + 1);
  const containers = [{ name: 'main', image: 'registry.example/app:1' }];
  const template = { metadata: { labels: { app } }, spec: { containers, ...pod } };
  return anObject(kind, where, { spec: { selector: { matchLabels: { app } }, template, ...spec } });
}
