/**
 * Takes back what was made for points that are no more: in the source the
 * snapshots with their data, in the recovery region what a look has left there.
 * What is wanted is found by marks, so that what could not be done, because the
 * source was gone or a capture was killed, is done when this is called again.
 */
import type { KubeObject } from '../../../api/object.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { KubeError } from '../../../kube/errors.ts';
import type { Log } from '../../../kube/log.ts';
import { type Store, StoreError } from '../../../store/store.ts';
import { inParallel } from '../../native/parallel.ts';
import { MANIFESTS, nameOfKey, nameStem } from '../../native/points/layout.ts';
import type { Trials } from '../cut/trials.ts';
import { listOf, type Maker, pointOf, selectorOf, typeOf } from '../kinds.ts';
import { REPLICATION_DESTINATION, REPLICATION_SOURCE } from '../volsync/kinds.ts';
import { removeChecks } from './checks.ts';
import type { LateContents } from './late-contents.ts';
import {
  contentNameOf,
  type Family,
  GROUPED,
  removeContent,
  removeLateContents,
  removeObjects,
  SINGLE,
} from './remove-snapshots.ts';

const PARALLEL = 16;

/**
 * Removes the snapshots of points of this maker for which `isNeeded` is false,
 * with their data.
 * @returns names of the points whose snapshots were removed
 * @throws KubeError
 */
export async function removeSnapshots(
  maker: Maker,
  isNeeded: (point: string) => boolean,
  source: Cluster,
  late: LateContents,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const removed = new Set<string>();
  // A group goes as a whole, and takes its members along.
  for (const family of [GROUPED, SINGLE])
    for (const point of await removeFamily(family, maker, isNeeded, source, late, signal)) removed.add(point);
  for (const family of [GROUPED, SINGLE]) await removeLateContents(family, source, late, signal);
  return [...removed].toSorted();
}

async function removeFamily(
  family: Family,
  maker: Maker,
  isNeeded: (point: string) => boolean,
  source: Cluster,
  late: LateContents,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const isGoing = (object: KubeObject): boolean => {
    const point = pointOf(object, maker);
    return point !== undefined && !isNeeded(point) && object.metadata.deletionTimestamp === undefined;
  };
  const labelSelector = selectorOf(maker, 'point');
  const snapshots = (await listOf(source, family.snapshot, { labelSelector }, signal)).filter(isGoing);
  const left = (await listOf(source, family.content, { labelSelector }, signal)).filter(isGoing);
  const going = new Set(snapshots.map((object) => contentNameOf(object, family)));
  await removeObjects(snapshots, family, source, late, signal);
  const others = left.filter(({ metadata }) => !going.has(metadata.name));
  await inParallel(others, PARALLEL, (content) => removeContent(content, family, source, signal));
  return [...snapshots, ...others].flatMap((object) => pointOf(object, maker) ?? []);
}

export interface SweepDeps {
  readonly maker: Maker;
  readonly store: Store;
  /** Names of points that this process is making. */
  readonly busy: ReadonlySet<string>;
  /** Names of points that are on offer or missing: that the store has not got them is somebody's mistake. */
  readonly listed: ReadonlySet<string>;
  readonly log: Log;
  readonly trials: Pick<Trials, 'lateContents'>;
}

/**
 * Removes the snapshots in a region of which no published point knows: their
 * point was removed, or its capture was killed.
 * @returns why some may be left
 */
export async function removeSnapshotsOfNone(
  { maker, store, busy, listed, log, trials }: SweepDeps,
  region: Cluster,
  signal: AbortSignal,
): Promise<string | undefined> {
  const stem = `${MANIFESTS}${nameStem(maker.owner)}`;
  try {
    // Before the snapshots: a point that is published meanwhile was busy when they were listed.
    const before = new Set(busy);
    const published = new Set((await store.list(stem, signal)).map(nameOfKey));
    const isNeeded = (point: string): boolean =>
      published.has(point) || listed.has(point) || before.has(point) || busy.has(point);
    const removed = await removeSnapshots(maker, isNeeded, region, trials.lateContents, signal);
    await removeSyncs(maker, isNeeded, region, signal);
    await removeChecks(maker, isNeeded, region, signal);
    if (removed.length > 0)
      log.info({ points: removed, cluster: region.name }, 'removed the snapshots of points');
    return undefined;
  } catch (error) {
    if (!(error instanceof KubeError || error instanceof StoreError) || signal.aborted) throw error;
    return error.message;
  }
}

/** What directs VolSync is marked with the newest point that it was used for. */
async function removeSyncs(
  maker: Maker,
  isNeeded: (point: string) => boolean,
  region: Cluster,
  signal: AbortSignal,
): Promise<void> {
  for (const kind of [REPLICATION_SOURCE, REPLICATION_DESTINATION]) {
    const type = await typeOf(region, kind, signal);
    if (type === undefined) continue;
    const found = await listOf(region, kind, { labelSelector: selectorOf(maker, 'volsync') }, signal);
    for (const object of found) {
      const point = pointOf(object, maker);
      const { namespace = '', name } = object.metadata;
      if (point !== undefined && !isNeeded(point)) await region.remove(type, { namespace, name }, signal);
    }
  }
}
