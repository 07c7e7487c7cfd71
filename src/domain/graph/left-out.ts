/**
 * Which live objects are never copied because the recovery cluster makes them
 * itself, or because a copy would do harm: two sets of Pods, a migration run
 * twice, a second snapshot of an empty volume.
 */
import { arrayAt, at, textAt } from '../../api/fields.ts';
import { groupOf, type KubeObject, type OwnerReference, refKey, refOf } from '../../api/object.ts';
import { GROUP } from '../../api/v1alpha1/common.ts';
import { kindName, kindOf } from './kinds.ts';
import { GENERATED_BY_OPERATORS } from './operators.ts';
import type { LeftOutReason } from './types.ts';
import { aggregatedVersionOf } from './world.ts';

/** All objects of the selection, as far as one object's fate depends on others. */
export interface Neighbours {
  get(key: string): KubeObject | undefined;
}

/** @returns undefined when the object is to be copied. */
export function reasonToLeaveOut(object: KubeObject, neighbours: Neighbours): LeftOutReason | undefined {
  return ownReason(object, neighbours) ?? inheritedReason(object, neighbours, new Set());
}

function ownReason(object: KubeObject, neighbours: Neighbours): LeftOutReason | undefined {
  const kind = kindOf(object);
  if (groupOf(object.apiVersion) === GROUP) return 'Bookkeeping';
  if (object.metadata.deletionTimestamp !== undefined) return 'BeingDeleted';
  if (isTransient(object, kind)) return 'Transient';
  if (isClusterOwned(object, kind, neighbours)) return 'ClusterOwned';
  if (isGenerated(object, kind)) return 'GeneratedByController';
  if (isCompleted(object, kind)) return 'Completed';
  return VOLUME_KINDS.has(kind) ? 'CopiedSeparately' : undefined;
}

/** Reasons that also hold for what the object owns: in the other cluster it would have no owner, and be collected. */
const INHERITED: ReadonlySet<LeftOutReason> = new Set(['BeingDeleted', 'GeneratedByController', 'Completed']);

/** An object lives as long as one of its owners does, so every owner must be left out for it to follow. */
function inheritedReason(
  object: KubeObject,
  neighbours: Neighbours,
  visited: ReadonlySet<string>,
): LeftOutReason | undefined {
  const owners = object.metadata.ownerReferences ?? [];
  const seen = new Set([...visited, refKey(refOf(object))]);
  const reasons = owners.map((reference) => {
    const owner = neighbours.get(ownerKey(object, reference));
    if (owner === undefined || seen.has(refKey(refOf(owner)))) return undefined;
    const reason = ownReason(owner, neighbours) ?? inheritedReason(owner, neighbours, seen);
    return reason !== undefined && INHERITED.has(reason) ? reason : undefined;
  });
  return reasons.every((reason) => reason !== undefined) ? reasons[0] : undefined;
}

function ownerKey(object: KubeObject, owner: OwnerReference): string {
  const { namespace } = object.metadata;
  const ref = { group: groupOf(owner.apiVersion), kind: owner.kind, name: owner.name };
  return refKey(namespace === undefined ? ref : { ...ref, namespace });
}

/** Volume data travels by itself; a restored snapshot object would take a snapshot of the new, still empty claim. */
const VOLUME_KINDS: ReadonlySet<string> = new Set([
  'PersistentVolume',
  'VolumeSnapshot.snapshot.storage.k8s.io',
  'VolumeSnapshotContent.snapshot.storage.k8s.io',
  'VolumeGroupSnapshot.groupsnapshot.storage.k8s.io',
  'VolumeGroupSnapshotContent.groupsnapshot.storage.k8s.io',
]);

function isTransient(object: KubeObject, kind: string): boolean {
  if (kind === 'Event' || kind === 'Event.events.k8s.io') return true;
  if (groupOf(object.apiVersion) === 'coordination.k8s.io') return true;
  // Leader election before Leases: the holder is a process of the lost region.
  return object.metadata.annotations?.['control-plane.alpha.kubernetes.io/leader'] !== undefined;
}

/** ConfigMaps that a controller puts into every namespace. */
const PUBLISHED_CONFIG_MAPS: ReadonlySet<string> = new Set(['kube-root-ca.crt', 'openshift-service-ca.crt']);

function isClusterOwned(object: KubeObject, kind: string, neighbours: Neighbours): boolean {
  const { name, namespace = '' } = object.metadata;
  switch (kind) {
    case 'ConfigMap':
      return PUBLISHED_CONFIG_MAPS.has(name);
    case 'ServiceAccount':
      return name === 'default' && !isCustomised(object);
    case 'Secret':
      return at(object, 'type') === 'kubernetes.io/service-account-token';
    case 'Service':
      return namespace === 'default' && name === 'kubernetes';
    case 'Endpoints':
      return isApiServer(object) || hasSelector(neighbours.get(`Service/${namespace}/${name}`));
    case 'EndpointSlice.discovery.k8s.io':
      return isApiServer(object) || isManagedSlice(object);
    case 'APIService.apiregistration.k8s.io':
      // Those without a server behind them are made for every group the cluster serves.
      return aggregatedVersionOf(object) === undefined;
    case 'CSIStorageCapacity.storage.k8s.io':
      return true;
    default:
      return false;
  }
}

const isApiServer = ({ metadata }: KubeObject): boolean =>
  metadata.namespace === 'default' && metadata.name === 'kubernetes';

const hasSelector = (service: KubeObject | undefined): boolean =>
  at(service, 'spec', 'selector') !== undefined;

/** Slices made by the endpoint slice controllers, from a Service or by mirroring Endpoints; others are a user's. */
const isManagedSlice = ({ metadata }: KubeObject): boolean =>
  metadata.labels?.['endpointslice.kubernetes.io/managed-by']?.endsWith('-controller.k8s.io') ?? false;

/** Token Secrets in `secrets` were put there by clusters before 1.24, not by a user. */
function isCustomised(account: KubeObject): boolean {
  return (
    arrayAt(account, 'imagePullSecrets').length > 0 ||
    Object.keys(account.metadata.annotations ?? {}).length > 0 ||
    arrayAt(account, 'secrets').some((secret) => !textAt(secret, 'name')?.startsWith('default-token-')) ||
    at(account, 'automountServiceAccountToken') !== undefined
  );
}

/**
 * Kinds that their controlling owner makes anew. For Pods and the like any
 * controller counts: whatever runs Pods (a Deployment, a database operator, a
 * Rollout) replaces those it misses, and copies would stand beside them.
 */
const GENERATED: ReadonlyMap<string, ReadonlySet<string> | 'any'> = new Map<
  string,
  ReadonlySet<string> | 'any'
>([
  ['Pod', 'any'],
  ['ReplicaSet.apps', 'any'],
  ['ControllerRevision.apps', 'any'],
  ['Job.batch', new Set(['CronJob.batch'])],
  ...[...GENERATED_BY_OPERATORS].map(([kind, makers]) => [kind, new Set(makers)] as const),
]);

function isGenerated(object: KubeObject, kind: string): boolean {
  const makers = GENERATED.get(kind);
  const controller = object.metadata.ownerReferences?.find((owner) => owner.controller === true);
  if (makers === undefined || controller === undefined) return false;
  return makers === 'any' || makers.has(kindName(groupOf(controller.apiVersion), controller.kind));
}

/** A failed Job has run to its end too: its effects, as far as they went, are in the data. */
function isCompleted(object: KubeObject, kind: string): boolean {
  if (kind === 'Pod') return ['Succeeded', 'Failed'].includes(textAt(object, 'status', 'phase') ?? '');
  if (kind !== 'Job.batch') return false;
  return arrayAt(object, 'status', 'conditions').some(
    (condition) =>
      ['Complete', 'Failed'].includes(textAt(condition, 'type') ?? '') &&
      textAt(condition, 'status') === 'True',
  );
}
