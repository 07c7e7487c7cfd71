/**
 * Which live objects are never copied because the recovery cluster makes them
 * itself, or because a copy would do harm: two sets of Pods, a migration run
 * twice, a second snapshot of an empty volume.
 */
import { arrayAt, at, textAt } from '../../api/fields.ts';
import { groupOf, type KubeObject, objectKey, refKey } from '../../api/object.ts';
import { GROUP } from '../../api/v1alpha1/common.ts';
import { accountOfToken, isAccountToken, isGeneratedToken } from './account-token.ts';
import { kindName, kindOf } from './kinds.ts';
import { type EndSign, runOnceKinds } from './operators/run-once.ts';
import { GENERATED_BY_OPERATORS } from './operators.ts';
import { conditionOf } from './readiness/verdict.ts';
import type { LeftOutReason } from './types.ts';
import { aggregatedVersionOf } from './world.ts';

/** All objects of the selection, as far as one object's fate depends on others. */
export interface Neighbours {
  get(key: string): KubeObject | undefined;
}

/** Why an object is not copied; 'kept' when it is. */
type Verdict = LeftOutReason | 'kept';

/**
 * @param neighbours the same for as long as the judge is used: what it has found out of an owner it does not look at again
 * @returns says why an object is left out; undefined when it is to be copied
 */
export function leavingOut(neighbours: Neighbours): (object: KubeObject) => LeftOutReason | undefined {
  const verdicts = new Map<string, Verdict>();
  return (object) => {
    judge(object, neighbours, verdicts);
    const verdict = verdicts.get(objectKey(object));
    return verdict === 'kept' ? undefined : verdict;
  };
}

/**
 * Owners first, each once, and from a list instead of by recursion: whoever may
 * write ConfigMaps decides how many owners there are and how long their chains.
 */
function judge(first: KubeObject, neighbours: Neighbours, verdicts: Map<string, Verdict>): void {
  const open = new Set<string>();
  const waiting = [first];
  for (let object = waiting.at(-1); object !== undefined; object = waiting.at(-1)) {
    const key = objectKey(object);
    const known = verdicts.get(key) ?? ownReason(object, neighbours);
    if (known !== undefined || open.has(key)) {
      verdicts.set(key, known ?? inheritedVerdict(object, verdicts));
      waiting.pop();
      continue;
    }
    open.add(key);
    for (const ownedBy of ownerKeys(object)) {
      const owner = neighbours.get(ownedBy);
      // One that is open leads back to itself: objects that own each other are kept.
      if (owner !== undefined && !open.has(ownedBy)) waiting.push(owner);
    }
  }
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

/**
 * An object lives as long as one of its owners does, so every owner must be left
 * out for it to follow; one that is not there, or not judged yet, is none of those.
 */
function inheritedVerdict(object: KubeObject, verdicts: ReadonlyMap<string, Verdict>): Verdict {
  const owners = ownerKeys(object).map((key) => verdicts.get(key) ?? 'kept');
  const [first = 'kept'] = owners;
  return owners.every((verdict) => verdict !== 'kept' && INHERITED.has(verdict)) ? first : 'kept';
}

function ownerKeys({ metadata }: KubeObject): readonly string[] {
  const { namespace, ownerReferences = [] } = metadata;
  return ownerReferences.map(({ apiVersion, kind, name }) => {
    const ref = { group: groupOf(apiVersion), kind, name };
    return refKey(namespace === undefined ? ref : { ...ref, namespace });
  });
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
      return isMadeForAccount(object, neighbours);
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

/** One that names no account is taken by no server. */
function isMadeForAccount(secret: KubeObject, neighbours: Neighbours): boolean {
  if (!isAccountToken(secret)) return false;
  const { namespace = '' } = secret.metadata;
  const account = accountOfToken(secret);
  return (
    account === undefined ||
    isGeneratedToken(secret, neighbours.get(`ServiceAccount/${namespace}/${account}`))
  );
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

const ENDS: ReadonlyMap<string, readonly EndSign[]> = new Map(
  runOnceKinds.flatMap(({ kinds, ends }) => kinds.map((kind) => [kind, ends] as const)),
);

const isCompleted = (object: KubeObject, kind: string): boolean =>
  ENDS.get(kind)?.some((sign) => hasEnded(object, sign)) ?? false;

function hasEnded(object: KubeObject, sign: EndSign): boolean {
  if ('condition' in sign) {
    const { condition, is } = sign;
    const status = conditionOf(object, condition)?.status;
    return is.some((value) => value === status);
  }
  const found = textAt(object, 'status', ...sign.path);
  return found !== undefined && (sign.is?.includes(found) ?? true);
}
