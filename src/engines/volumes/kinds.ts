/** The kinds of the snapshot APIs, and what is common to the objects of them that Antipode makes. */
import { at, textAt } from '../../api/fields.ts';
import type { KubeObject } from '../../api/object.ts';
import {
  bounded,
  distinctName,
  RECOVERY_POINT_ANNOTATION,
  SCENARIO_LABEL,
  scenarioLabel,
} from '../../api/ownership.ts';
import type { Cluster, ListOptions, ResourceType } from '../../kube/cluster.ts';
import { isOwn, type Owner } from '../native/points/claims.ts';

export const SNAPSHOT_GROUP = 'snapshot.storage.k8s.io';
export const GROUP_GROUP = 'groupsnapshot.storage.k8s.io';
export const SNAPSHOT_API = `${SNAPSHOT_GROUP}/v1`;

export const SNAPSHOT = { group: SNAPSHOT_GROUP, kind: 'VolumeSnapshot' } as const;
export const CONTENT = { group: SNAPSHOT_GROUP, kind: 'VolumeSnapshotContent' } as const;
export const SNAPSHOT_CLASS = { group: SNAPSHOT_GROUP, kind: 'VolumeSnapshotClass' } as const;
export const GROUP = { group: GROUP_GROUP, kind: 'VolumeGroupSnapshot' } as const;
export const GROUP_CONTENT = { group: GROUP_GROUP, kind: 'VolumeGroupSnapshotContent' } as const;
export const GROUP_CLASS = { group: GROUP_GROUP, kind: 'VolumeGroupSnapshotClass' } as const;
export const STORAGE_CLASS = { group: 'storage.k8s.io', kind: 'StorageClass' } as const;
export const CSI_DRIVER = { group: 'storage.k8s.io', kind: 'CSIDriver' } as const;
export const VOLUME = { group: '', kind: 'PersistentVolume' } as const;
export const NAMESPACE = { group: '', kind: 'Namespace' } as const;
export const SECRET = { group: '', kind: 'Secret' } as const;
export const CSI_NODE = { group: 'storage.k8s.io', kind: 'CSINode' } as const;
export const NODE = { group: '', kind: 'Node' } as const;
export const CLAIM = { group: '', kind: 'PersistentVolumeClaim' } as const;

export interface KindName {
  readonly group: string;
  readonly kind: string;
}

/** Whose points are in which store, for marks on what is made for them. */
export interface Maker {
  readonly owner: Owner;
  /** Of the store that has the points; operators and stores may share a cluster. */
  readonly store: string;
}

const UID_ANNOTATION = 'antipode.dev/scenario-uid';
const OBJECTIVE_ANNOTATION = 'antipode.dev/objective-uid';
const STORE_ANNOTATION = 'antipode.dev/store';
/** What an object of ours is for; things of one purpose are cleaned up together. */
const PURPOSE_LABEL = 'antipode.dev/volume-purpose';
/**
 * `point`: data of a recovery point. `check`: for as long as one look takes. `restore`: until its claim is filled.
 * `volsync`: what directs VolSync, for one point after the other.
 */
export type Purpose = 'point' | 'check' | 'restore' | 'volsync';
/** The recovery point, cut to what a label may hold: to find what belongs together, not to tell points apart. */
const POINT_LABEL = 'antipode.dev/volume-point';
const LABEL_LIMIT = 63;

export interface Marks {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Labels and annotations of what is made for a point. */
export function marksOf({ owner, store }: Maker, purpose: Purpose, point: string): Marks {
  const { objective } = owner;
  return {
    labels: {
      [SCENARIO_LABEL]: scenarioLabel(owner),
      [PURPOSE_LABEL]: purpose,
      [POINT_LABEL]: bounded(point, LABEL_LIMIT),
    },
    annotations: {
      [RECOVERY_POINT_ANNOTATION]: point,
      [UID_ANNOTATION]: owner.uid,
      ...(objective === undefined ? {} : { [OBJECTIVE_ANNOTATION]: objective }),
      [STORE_ANNOTATION]: store,
    },
  };
}

/** Chooses what has {@link marksOf} of a purpose, of this scenario or another's of the same name; of one point or all. */
export function selectorOf({ owner }: Pick<Maker, 'owner'>, purpose: Purpose, point?: string): string {
  const all = `${SCENARIO_LABEL}=${scenarioLabel(owner)},${PURPOSE_LABEL}=${purpose}`;
  return point === undefined ? all : `${all},${POINT_LABEL}=${bounded(point, LABEL_LIMIT)}`;
}

/** The point that an object of ours belongs to; undefined when another operator or store made it. */
export function pointOf({ metadata }: KubeObject, { owner, store }: Maker): string | undefined {
  const { annotations = {} } = metadata;
  const uid = annotations[UID_ANNOTATION];
  const objective = annotations[OBJECTIVE_ANNOTATION];
  const { namespace, name } = owner;
  const made = {
    scenario: uid === undefined ? { namespace, name } : { namespace, name, uid },
    ...(objective === undefined ? {} : { objective }),
  };
  if (!isOwn(made, owner) || annotations[STORE_ANNOTATION] !== store) return undefined;
  return annotations[RECOVERY_POINT_ANNOTATION];
}

/** Whether an object of ours was made for a scenario of this name that was deleted since. */
export const isOfFormer = ({ metadata: { annotations } }: KubeObject, { owner }: Maker): boolean =>
  annotations?.[UID_ANNOTATION] !== owner.uid;

/** Limit of Kubernetes for names of objects. */
const NAME_LIMIT = 253;

/** The same name for the same point and claim, wherever it is asked for. */
export function snapshotName(point: string, claim: { readonly name: string }): string {
  return bounded(`${claim.name}-${point}`, NAME_LIMIT);
}

/**
 * Contents have no namespace; those of one look must not be in the way of a restore,
 * nor those of one claim in that of another.
 */
export function contentName(
  purpose: 'check' | 'restore',
  point: string,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): string {
  const text = `antipode-${purpose}-${namespace}-${name}-${point}`;
  return distinctName(text, [namespace, name, point], NAME_LIMIT);
}

/**
 * What earlier versions called the content of a restore. Those of `shop`, `cache-data`
 * and of `shop-cache`, `data` had the same name, so no other is made with it.
 */
export function formerContentName(
  point: string,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): string {
  return bounded(`antipode-restore-${namespace}-${name}-${point}`, NAME_LIMIT);
}

/** @returns undefined when the cluster does not serve it, as of its last discovery. @throws KubeError */
export async function typeOf(
  cluster: Cluster,
  { group, kind }: KindName,
  signal: AbortSignal,
): Promise<ResourceType | undefined> {
  const types = await cluster.discover(signal);
  return types.find((type) => type.group === group && type.kind === kind);
}

/** Of a kind as the cluster serves it. @throws KubeError */
export async function apiVersionFor(
  cluster: Cluster,
  kind: KindName,
  signal: AbortSignal,
): Promise<string | undefined> {
  const type = await typeOf(cluster, kind, signal);
  return type && `${type.group}/${type.version}`;
}

/** All of a kind; none when it is not served. @throws KubeError */
export async function listOf(
  cluster: Cluster,
  kind: KindName,
  options: Pick<ListOptions, 'namespace' | 'labelSelector' | 'fieldSelector'>,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const type = await typeOf(cluster, kind, signal);
  return type === undefined ? [] : (await cluster.list(type, options, signal)).items;
}

/** @returns undefined when there is none, or its kind is not served. @throws KubeError */
export async function getOne(
  cluster: Cluster,
  kind: KindName,
  key: { readonly namespace?: string; readonly name: string },
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  const type = await typeOf(cluster, kind, signal);
  return type === undefined ? undefined : cluster.get(type, key, signal);
}

/** What kind of volume the claim is for; absent means a file system. */
export function modeOf(claim: KubeObject): 'Filesystem' | 'Block' {
  return at(claim, 'spec', 'volumeMode') === 'Block' ? 'Block' : 'Filesystem';
}

/** The PersistentVolume of a claim; undefined while it has none, and so no data. */
export function volumeNameOf(claim: KubeObject | undefined): string | undefined {
  const name = textAt(claim, 'spec', 'volumeName') ?? '';
  return name === '' ? undefined : name;
}

/** Whether there is data to copy: a claim may name the volume that it is to have, and is Pending until it has it. */
export function hasVolume(claim: KubeObject): boolean {
  return volumeNameOf(claim) !== undefined && textAt(claim, 'status', 'phase') !== 'Pending';
}
