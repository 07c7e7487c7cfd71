/**
 * An object of ours that the API does not let us change into the captured one:
 * reported, or, where the user has said so, deleted to be made anew. It is only
 * deleted when the target would take the new one, and never when data would go
 * with it. Nothing waits here: while it is not gone, the caller tries again.
 */
import { isDeepStrictEqual } from 'node:util';
import { at } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import { kindOf } from '../../../domain/graph/kinds.ts';
import type { Cluster, Propagation, ResourceType } from '../../../kube/cluster.ts';
import { KubeError } from '../../../kube/errors.ts';
import type { ApplyOutcome } from '../../engine.ts';
import { normalize } from '../objects/normalize.ts';
import { makingWay, obstacleOf, unchangeable } from './obstacles.ts';
import type { Replay, Wish } from './replay.ts';

export interface Unchangeable {
  readonly replay: Replay;
  readonly wish: Wish;
  /** Ours. */
  readonly existing: KubeObject;
  /** As it would be made anew. */
  readonly object: KubeObject;
  /** That cannot be changed. */
  readonly fields: readonly string[];
}

/** With these, data or what others have made would be lost. */
const NEVER: ReadonlySet<string> = new Set([
  'CustomResourceDefinition.apiextensions.k8s.io',
  'Namespace',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'VolumeGroupSnapshot.groupsnapshot.storage.k8s.io',
  'VolumeGroupSnapshotContent.groupsnapshot.storage.k8s.io',
  'VolumeSnapshot.snapshot.storage.k8s.io',
  'VolumeSnapshotContent.snapshot.storage.k8s.io',
]);

/** @returns `gone` when the name is free now. @throws KubeError */
export async function makeWay(conflict: Unchangeable, signal: AbortSignal): Promise<ApplyOutcome | 'gone'> {
  const { replay, wish, existing, fields } = conflict;
  const { cluster } = replay.target;
  const { key } = wish;
  const reported = (remedy: string): ApplyOutcome => unchangeable(key, fields, cluster.name, remedy);
  if (NEVER.has(kindOf(existing)))
    return reported(
      `${existing.kind}s are never deleted to be made anew, because what they hold would be lost: make it alike there, or exclude it`,
    );
  if (replay.options.conflicts === 'Report')
    return reported(
      'delete it there, or set spec.replication.conflicts to Recreate to have it deleted and made anew',
    );
  const propagation = propagationOf(existing, wish.captured);
  const claim = propagation === 'Background' ? await claimOwnedBy(cluster, existing, signal) : undefined;
  if (claim !== undefined)
    return reported(
      `it is not deleted, because the claim ${claim} would be deleted with it: save the data, then delete it there`,
    );
  const refusal = await refusalOfNew(conflict, signal);
  if (refusal !== undefined) return refusal;
  return deleteExisting(conflict, propagation, signal);
}

/**
 * What the old one has made stays where the new one will adopt it. What it would
 * not adopt, such as Pods that another selector is for, would run on beside the
 * new ones, with nobody to end them.
 */
function propagationOf(existing: KubeObject, captured: KubeObject): Propagation {
  const selector = (object: KubeObject): unknown => at(object, 'spec', 'selector');
  return isDeepStrictEqual(selector(existing), selector(normalize(captured))) ? 'Orphan' : 'Background';
}

/** The name of one; a StatefulSet owns its claims when its retention policy says so. @throws KubeError */
async function claimOwnedBy(
  cluster: Cluster,
  { metadata: { namespace, uid } }: KubeObject,
  signal: AbortSignal,
): Promise<string | undefined> {
  const type = await cluster.typeFor({ apiVersion: 'v1', kind: 'PersistentVolumeClaim' }, signal);
  if (type === undefined || namespace === undefined) return undefined;
  const { items } = await cluster.list(type, { namespace }, signal);
  const owned = items.find(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid));
  return owned?.metadata.name;
}

/**
 * A dry-run of the creation: everything is judged before the API server notices
 * that the name is taken, so AlreadyExists means that it would be accepted.
 */
async function refusalOfNew(
  { replay, wish, object }: Unchangeable,
  signal: AbortSignal,
): Promise<ApplyOutcome | undefined> {
  try {
    await replay.target.cluster.create(object, signal, { dryRun: true });
  } catch (error) {
    if (signal.aborted || !(error instanceof KubeError)) throw error;
    return error.code === 'AlreadyExists' ? undefined : obstacleOf(wish.key, error);
  }
  return undefined;
}

/** @throws KubeError */
async function deleteExisting(
  { replay, wish, existing, fields }: Unchangeable,
  propagation: Propagation,
  signal: AbortSignal,
): Promise<ApplyOutcome | 'gone'> {
  const { cluster } = replay.target;
  const { key, type } = wish;
  const { uid } = existing.metadata;
  if (uid === undefined) throw new KubeError('Malformed', `${key} has no uid`, { cluster: cluster.name });
  const what = fields.join(', ');
  replay.log.warn(
    { object: key, cluster: cluster.name, fields, propagation },
    'deleting an object that cannot be changed, to make it anew',
  );
  replay.recreating.set(
    key,
    `was deleted in ${cluster.name} and made anew, because ${what} cannot be changed`,
  );
  await cluster.remove(type, idOf(existing, type), signal, { uid, propagation });
  const left = await cluster.get(type, idOf(existing, type), signal);
  return left === undefined || left.metadata.uid !== uid ? 'gone' : makingWay(key, left, cluster.name);
}

function idOf({ metadata: { name, namespace } }: KubeObject, type: ResourceType) {
  return type.namespaced && namespace !== undefined ? { namespace, name } : { name };
}
