/**
 * Snapshots of claims in the source: asked for all at once, so that their
 * instants are close, and protected from then on. A snapshot lives in the
 * storage; what is made here are the objects that stand for it, and those must
 * not take it along when somebody deletes the namespace they are in.
 */
import { numberAt, textAt } from '../../../api/fields.ts';
import { type KubeObject, objectKey } from '../../../api/object.ts';
import { type Instant, instant } from '../../../domain/time.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { KubeError } from '../../../kube/errors.ts';
import { keyText } from '../../../kube/reconciler.ts';
import { inParallel } from '../../native/parallel.ts';
import {
  CONTENT,
  getOne,
  listOf,
  type Maker,
  marksOf,
  SNAPSHOT,
  SNAPSHOT_API,
  selectorOf,
  snapshotName,
  typeOf,
} from '../kinds.ts';

/** Requests under way at once: the fewer rounds, the closer the instants. */
const PARALLEL = 32;

/** A claim of which a snapshot is wanted. */
export interface Wanted {
  readonly claim: KubeObject;
  readonly snapshotClass: string;
  readonly driver: string;
}

/** One snapshot of the storage, and the objects that stand for it in the source. */
export interface Taken {
  /** refKey of the claim. */
  readonly claim: string;
  readonly namespace: string;
  /** Of the VolumeSnapshot. */
  readonly name: string;
  /** Of the VolumeSnapshotContent. */
  readonly content: string;
  readonly handle: string;
  readonly cutAt: Instant;
  readonly restoreSize: string | undefined;
  /** Of the VolumeGroupSnapshot, in the same namespace. */
  readonly group?: string;
  /** The group in the storage's terms; not every driver tells it. */
  readonly groupHandle?: string;
}

export const keyOfClaim = (claim: KubeObject): string => objectKey(claim);

/**
 * @returns by claim, why its snapshot could not be asked for
 * @throws KubeError when the source does not answer; code `AlreadyExists` when another capture makes a point of this name
 */
export async function askForSnapshots(
  wanted: readonly Wanted[],
  point: string,
  maker: Maker,
  source: Cluster,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const refusals = await inParallel(wanted, PARALLEL, async ({ claim, snapshotClass }) => {
    const { namespace = '', name } = claim.metadata;
    const object = {
      apiVersion: SNAPSHOT_API,
      kind: SNAPSHOT.kind,
      metadata: { namespace, name: snapshotName(point, claim.metadata), ...marksOf(maker, 'point', point) },
      spec: { volumeSnapshotClassName: snapshotClass, source: { persistentVolumeClaimName: name } },
    };
    try {
      await source.create(object, signal);
      return undefined;
    } catch (error) {
      if (!isRefusal(error) || signal.aborted) throw error;
      return [keyOfClaim(claim), error.message] as const;
    }
  });
  return new Map(refusals.filter((refusal) => refusal !== undefined));
}

/** Whether a request can do no better when it is sent again, and says nothing of another capture. */
export const isRefusal = (error: unknown): error is KubeError =>
  error instanceof KubeError && error.retry !== 'backoff' && error.code !== 'AlreadyExists';

/** The snapshots asked for, by claim, as they are now. @throws KubeError */
export async function lookAtSnapshots(
  wanted: readonly Wanted[],
  point: string,
  maker: Maker,
  source: Cluster,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, KubeObject>> {
  const objects = await listOf(
    source,
    SNAPSHOT,
    { labelSelector: selectorOf(maker, 'point', point) },
    signal,
  );
  const byName = new Map(objects.map((object) => [keyText(object.metadata), object]));
  return new Map(
    wanted.flatMap(({ claim }) => {
      const name = snapshotName(point, claim.metadata);
      const found = byName.get(keyText({ ...claim.metadata, name }));
      return found === undefined ? [] : [[keyOfClaim(claim), found] as const];
    }),
  );
}

/**
 * What the storage says of snapshots that are cut. The VolumeSnapshot itself
 * tells only the second; its content has the instant.
 * @throws KubeError
 */
export async function detailsOf(
  snapshots: ReadonlyMap<string, KubeObject>,
  source: Cluster,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Taken>> {
  const found = await inParallel([...snapshots], PARALLEL, async ([claim, snapshot]) => {
    const name = textAt(snapshot, 'status', 'boundVolumeSnapshotContentName');
    const content = name === undefined ? undefined : await getOne(source, CONTENT, { name }, signal);
    const taken = content && takenOf(claim, snapshot, content);
    return taken === undefined ? undefined : ([claim, taken] as const);
  });
  return new Map(found.filter((one) => one !== undefined));
}

/** The snapshot in the storage's terms; undefined while a content does not tell. */
export const handleOf = (content: KubeObject): string | undefined =>
  textAt(content, 'status', 'snapshotHandle') ?? textAt(content, 'spec', 'source', 'snapshotHandle');

/** @returns undefined when the content does not say which snapshot it is */
export function takenOf(claim: string, snapshot: KubeObject, content: KubeObject): Taken | undefined {
  const handle = handleOf(content);
  const nanos = numberAt(content, 'status', 'creationTime');
  if (handle === undefined || nanos === undefined) return undefined;
  const { namespace = '', name } = snapshot.metadata;
  const group = textAt(snapshot, 'status', 'volumeGroupSnapshotName');
  const groupHandle = textAt(content, 'status', 'volumeGroupSnapshotHandle');
  return {
    claim,
    namespace,
    name,
    content: content.metadata.name,
    handle,
    cutAt: instant(Math.floor(nanos / 1e6)),
    restoreSize: textAt(snapshot, 'status', 'restoreSize'),
    ...(group === undefined ? {} : { group }),
    ...(groupHandle === undefined ? {} : { groupHandle }),
  };
}

/**
 * Marks the contents as ours, and lets none of them take its snapshot along:
 * who deletes the namespace would delete the copies with it.
 * @param cluster where the snapshots are
 * @throws KubeError
 */
export async function protect(
  taken: readonly Taken[],
  point: string,
  maker: Maker,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<void> {
  const type = await typeOf(cluster, CONTENT, signal);
  if (type === undefined) return;
  const patch = { metadata: marksOf(maker, 'point', point), spec: { deletionPolicy: 'Retain' } };
  await inParallel(taken, PARALLEL, ({ content }) =>
    cluster.mergePatch(type, { name: content }, patch, signal),
  );
}
