/**
 * Waits for the end of one sync of VolSync, for as long as it comes on: what VolSync
 * says of its two ends does not tell that, as a destination says that it is at it
 * while it listens, and a source while its mover waits for a place.
 */
import type { KubeObject } from '../../../api/object.ts';
import { between, formatDuration, millis, seconds, type Tick } from '../../../domain/time.ts';
import { type SyncState, syncState } from '../../../domain/volumes/volsync.ts';
import {
  type Overdue,
  syncBegun,
  syncGoesOn,
  syncOverdue,
} from '../../../domain/volumes/volsync-progress.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { keyText } from '../../../kube/reconciler.ts';
import { getOne } from '../kinds.ts';
import { REPLICATION_DESTINATION, REPLICATION_SOURCE } from './kinds.ts';
import type { Key, SyncRequest } from './listen.ts';
import { moverRuns, whyNoMover } from './mover.ts';

const PAUSE = millis(500);
/** Much shorter than it may take to run. */
const LOOK_AT_MOVER_EVERY = seconds(10);

/** The two ends of a sync that was asked for. */
export interface SyncEnds {
  /** Of the ReplicationSource. */
  readonly here: Key;
  /** Of the ReplicationDestination. */
  readonly there: Key;
}

export type SyncEnd =
  /** `name`: of the VolumeSnapshot in the recovery region. */
  { readonly kind: 'image'; readonly name: string } | { readonly kind: 'failed'; readonly message: string };

/** @throws KubeError */
export async function untilSynced(
  ends: SyncEnds,
  recovery: Cluster,
  request: SyncRequest,
  since: Tick,
  signal: AbortSignal,
): Promise<SyncEnd> {
  const { regions, point, clock, patience } = request;
  const { source } = regions;
  let progress = syncBegun(since);
  let lookedAt: Tick | undefined;
  for (;;) {
    const [origin, destination] = await Promise.all([
      getOne(source, REPLICATION_SOURCE, ends.here, signal),
      getOne(recovery, REPLICATION_DESTINATION, ends.there, signal),
    ]);
    const state = syncState(origin, destination, point);
    if (state.kind === 'done') return { kind: 'image', name: state.image };
    if (state.kind === 'failed') return state;
    const now = clock.tick();
    const isSending = origin !== undefined && state.moving && state.turn === 'origin';
    const isDue = isSending && (lookedAt === undefined || between(lookedAt, now) >= LOOK_AT_MOVER_EVERY);
    if (isDue) lookedAt = now;
    progress = syncGoesOn(progress, state, isDue && (await moverRuns(origin, source, signal)), now);
    const overdue = syncOverdue(progress, state, patience, now);
    if (overdue !== undefined) {
      const message = await describe(overdue, state, { ends, origin, source, recovery }, signal);
      return { kind: 'failed', message };
    }
    await clock.sleep(PAUSE, signal);
  }
}

interface Seen {
  readonly ends: SyncEnds;
  readonly origin: KubeObject | undefined;
  readonly source: Cluster;
  readonly recovery: Cluster;
}

async function describe(
  overdue: Overdue,
  { turn, problem }: Extract<SyncState, { kind: 'waiting' }>,
  { ends: { here, there }, origin, source, recovery }: Seen,
  signal: AbortSignal,
): Promise<string> {
  if (problem !== undefined) return problem;
  const [where, what] =
    turn === 'origin'
      ? [source.name, `ReplicationSource ${keyText(here)}`]
      : [recovery.name, `ReplicationDestination ${keyText(there)}`];
  if (overdue.kind === 'idle')
    return `VolSync in ${where} has not taken up ${what}: see whether it runs there`;
  const after = formatDuration(overdue.after);
  if (origin === undefined || turn === 'destination')
    return `VolSync in ${where} has made no image for ${after} of what ${what} has received: see its Events, and its VolumeSnapshot`;
  const why = await whyNoMover(origin, source, signal);
  return `VolSync in ${where} is at ${what}, but no mover of it has run for ${after}: ${why}`;
}
