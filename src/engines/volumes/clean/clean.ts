/**
 * Takes back what was made for points that are no more: in the source the
 * snapshots with their data, in the recovery region what a look has left there.
 * What is wanted is found by marks, so that what could not be done, because the
 * source was gone or a capture was killed, is done when this is called again.
 */
import type { KubeObject } from '../../../api/object.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import type { KubeError } from '../../../kube/errors.ts';
import type { Log } from '../../../kube/log.ts';
import { type Store, StoreError } from '../../../store/store.ts';
import { inParallel } from '../../native/parallel.ts';
import { MANIFESTS, nameOfKey, nameStem } from '../../native/points/layout.ts';
import type { Trials } from '../cut/trials.ts';
import { type KindName, listOf, type Maker, pointOf, selectorOf, typeOf } from '../kinds.ts';
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
import { describeFailed, tryEach } from './try-each.ts';

const PARALLEL = 16;

export interface Removed {
  /** Names of points of which snapshots were removed. */
  readonly points: readonly string[];
  readonly failed: readonly KubeError[];
}

/**
 * Removes the snapshots of points of this maker for which `isNeeded` is false,
 * with their data. What fails for groups holds up no single ones.
 */
export async function removeSnapshots(
  maker: Maker,
  isNeeded: (point: string) => boolean,
  source: Cluster,
  late: LateContents,
  signal: AbortSignal,
): Promise<Removed> {
  const points = new Set<string>();
  // A group goes as a whole, and takes its members along.
  const families = [GROUPED, SINGLE];
  const all = families.map((family) => async () => {
    for (const point of await removeFamily(family, maker, isNeeded, source, late, signal)) points.add(point);
  });
  const come = families.map((family) => () => removeLateContents(family, source, late, signal));
  const failed = await tryEach([...all, ...come], signal);
  return { points: [...points].toSorted(), failed };
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
    const { points } = removed;
    if (points.length > 0) log.info({ points, cluster: region.name }, 'removed the snapshots of points');
    const failed = [
      ...removed.failed,
      ...(await removeSyncs(maker, isNeeded, region, signal)),
      ...(await removeChecks(maker, isNeeded, region, signal)),
    ];
    if (failed.length === 0) return undefined;
    signal.throwIfAborted();
    return describeFailed(failed);
  } catch (error) {
    if (!(error instanceof StoreError) || signal.aborted) throw error;
    return error.message;
  }
}

/** What directs VolSync is marked with the newest point that it was used for. */
function removeSyncs(
  maker: Maker,
  isNeeded: (point: string) => boolean,
  region: Cluster,
  signal: AbortSignal,
): Promise<readonly KubeError[]> {
  const labelSelector = selectorOf(maker, 'volsync');
  const ofKind = async (kind: KindName): Promise<void> => {
    const type = await typeOf(region, kind, signal);
    if (type === undefined) return;
    for (const object of await listOf(region, kind, { labelSelector }, signal)) {
      const point = pointOf(object, maker);
      const { namespace = '', name } = object.metadata;
      if (point !== undefined && !isNeeded(point)) await region.remove(type, { namespace, name }, signal);
    }
  };
  const kinds = [REPLICATION_SOURCE, REPLICATION_DESTINATION];
  return tryEach(
    kinds.map((kind) => () => ofKind(kind)),
    signal,
  );
}
