/**
 * The image that a sync of VolSync ends with: a VolumeSnapshot in the recovery
 * region, kept for as long as its point is there. Claims are made from the
 * snapshot of the storage that it stands for, as from any other: by its handle,
 * in whichever namespace the claim is to be. So it is that snapshot which must
 * stay, also when the VolumeSnapshot goes with its namespace.
 */
import { textAt } from '../../../api/fields.ts';
import { type KubeObject, objectKey } from '../../../api/object.ts';
import type { PointVolume } from '../../../domain/protection/point.ts';
import type { Clock, Millis } from '../../../domain/time.ts';
import { KEEP_IMAGE_LABEL } from '../../../domain/volumes/volsync.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { follow } from '../cut/follow.ts';
import { protect, takenOf } from '../cut/snapshots.ts';
import { CONTENT, getOne, type Maker, marksOf, modeOf, SNAPSHOT, typeOf } from '../kinds.ts';

export interface Image {
  readonly namespace: string;
  /** Of the VolumeSnapshot. */
  readonly name: string;
}

export interface ImageRequest {
  readonly point: string;
  readonly maker: Maker;
  readonly clock: Pick<Clock, 'tick' | 'sleep'>;
  readonly patience: Millis;
}

/** Marks it as the point's, and as nobody else's: its ReplicationDestination would take it along. @throws KubeError */
export async function keepImage(
  { namespace, name }: Image,
  point: string,
  maker: Maker,
  recovery: Cluster,
  signal: AbortSignal,
): Promise<void> {
  const type = await typeOf(recovery, SNAPSHOT, signal);
  if (type === undefined) return;
  const { labels, annotations } = marksOf(maker, 'point', point);
  const metadata = {
    labels: { ...labels, [KEEP_IMAGE_LABEL]: 'true' },
    annotations,
    ownerReferences: null,
  };
  await recovery.mergePatch(type, { namespace, name }, { metadata }, signal);
}

/**
 * Waits until volumes can be made of an image, and keeps its snapshot from then on.
 * @param claim in the source
 * @returns how it is in the point, or why there is no way to tell
 * @throws KubeError
 */
export async function imageVolume(
  claim: KubeObject,
  { namespace, name }: Image,
  recovery: Cluster,
  { point, maker, clock, patience }: ImageRequest,
  signal: AbortSignal,
): Promise<Pick<PointVolume, 'image' | 'snapshot'> | string> {
  const key = objectKey(claim);
  const look = async (looking: AbortSignal) => {
    const found = await getOne(recovery, SNAPSHOT, { namespace, name }, looking);
    return new Map(found === undefined ? [] : [[key, found] as const]);
  };
  const following = { look, keys: [key], milestone: 'ready', since: clock.tick(), patience, clock } as const;
  const { reached, problems } = await follow(following, signal);
  const [problem, snapshot] = [problems.get(key), reached.get(key)];
  if (snapshot === undefined) return `the copy of VolSync: ${problem ?? 'it is gone'}`;
  const bound = textAt(snapshot, 'status', 'boundVolumeSnapshotContentName');
  const content = bound === undefined ? undefined : await getOne(recovery, CONTENT, { name: bound }, signal);
  const taken = content && takenOf(key, snapshot, content);
  const driver = textAt(content, 'spec', 'driver');
  if (taken === undefined || driver === undefined) return 'the copy of VolSync has no handle';
  await protect([taken], point, maker, recovery, signal);
  const { handle, restoreSize } = taken;
  const image = `${namespace}/${name}`;
  return {
    image,
    snapshot: {
      driver,
      handle,
      name: image,
      ...(restoreSize === undefined ? {} : { restoreSize }),
      sourceVolumeMode: modeOf(claim),
    },
  };
}
