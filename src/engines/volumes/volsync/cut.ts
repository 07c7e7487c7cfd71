/**
 * Waits for the snapshots that VolSync cuts when it takes up its syncs: what hooks
 * have frozen for them stays frozen so long, and no longer.
 */
import { textAt } from '../../../api/fields.ts';
import { type KubeObject, objectKey } from '../../../api/object.ts';
import { between, type Clock, formatDuration, type Millis, millis, type Tick } from '../../../domain/time.ts';
import { syncState } from '../../../domain/volumes/volsync.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { inParallel } from '../../native/parallel.ts';
import { errorOf, hasReached } from '../cut/follow.ts';
import { getOne, listOf, SNAPSHOT } from '../kinds.ts';
import { REPLICATION_SOURCE } from './kinds.ts';
import { type Key, originKey } from './listen.ts';

const PARALLEL = 8;
const PAUSE = millis(500);

export interface CutWaiting {
  /** The trigger of the syncs. */
  readonly point: string;
  readonly source: Cluster;
  readonly clock: Pick<Clock, 'tick' | 'sleep'>;
  readonly since: Tick;
  readonly patience: Millis;
}

/** A sync that was begun. */
export interface Begun {
  readonly claim: KubeObject;
  /** Snapshots of earlier syncs that were there before. */
  readonly cutBefore: readonly KubeObject[];
}

/** The snapshots that VolSync has cut for a ReplicationSource. @throws KubeError */
export async function cutsOf(
  { namespace, name }: Key,
  source: Cluster,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const snapshots = await listOf(source, SNAPSHOT, { namespace }, signal);
  return snapshots.filter(({ metadata: { ownerReferences = [] } }) =>
    ownerReferences.some((owner) => owner.kind === REPLICATION_SOURCE.kind && owner.name === name),
  );
}

/** Returns when each is cut or cannot be any more. @returns by claim, why it is not. @throws KubeError */
export async function untilCut(
  syncs: readonly Begun[],
  { point, source, clock, since, patience }: CutWaiting,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  for (;;) {
    const seen = await inParallel(syncs, PARALLEL, async (sync) => ({
      claim: objectKey(sync.claim),
      state: await look(sync, point, source, signal),
    }));
    const isLate = between(since, clock.tick()) >= patience;
    if (isLate || seen.every(({ state }) => state.kind !== 'waiting')) {
      const late = ` after ${formatDuration(patience)}`;
      const problems = seen.flatMap(({ claim, state }) =>
        state.kind === 'cut'
          ? []
          : [[claim, `${state.message}${state.kind === 'waiting' ? late : ''}`] as const],
      );
      return new Map(problems);
    }
    await clock.sleep(PAUSE, signal);
  }
}

type CutState =
  | { readonly kind: 'cut' }
  | { readonly kind: 'waiting'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string };

async function look(
  { claim, cutBefore }: Begun,
  point: string,
  source: Cluster,
  signal: AbortSignal,
): Promise<CutState> {
  const key = originKey(claim);
  const [origin, cuts] = await Promise.all([
    getOne(source, REPLICATION_SOURCE, key, signal),
    cutsOf(key, source, signal),
  ]);
  // It may be all over, and its snapshot gone.
  if (textAt(origin, 'status', 'lastManualSync') === point) return { kind: 'cut' };
  const before = new Set(cutBefore.map(({ metadata }) => metadata.uid));
  const snapshot = cuts.find(({ metadata }) => !before.has(metadata.uid));
  if (snapshot !== undefined && hasReached(snapshot, 'cut')) return { kind: 'cut' };
  const sync = syncState(origin, undefined, point);
  if (sync.kind === 'failed') return sync;
  const error = errorOf(snapshot);
  return {
    kind: 'waiting',
    message: `VolSync has cut no snapshot of it${error === undefined ? '' : `: ${error}`}`,
  };
}
