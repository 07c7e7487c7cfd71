/**
 * How long a sync of VolSync is waited for. A copy takes as long as it takes, so
 * what is measured is for how long nothing has come on: VolSync was not at it, or
 * was and no mover ran. Pure.
 */
import { between, type Millis, minutes, type Tick } from '../time.ts';
import type { SyncState } from './volsync.ts';

/** Of storage that copies whole volumes, before a mover can run and after it has. */
const AT_LEAST_WITHOUT_MOVER = minutes(30);

type Waiting = Extract<SyncState, { kind: 'waiting' }>;

export interface SyncProgress {
  readonly turn: Waiting['turn'];
  /** When VolSync was last seen to be at it. */
  readonly goingAt: Tick;
  /** When a mover was last seen to run, or the end whose turn it is has got it. */
  readonly movedAt: Tick;
}

export const syncBegun = (since: Tick): SyncProgress => ({
  turn: 'origin',
  goingAt: since,
  movedAt: since,
});

export function syncGoesOn(
  progress: SyncProgress,
  { turn, moving }: Waiting,
  moverRuns: boolean,
  now: Tick,
): SyncProgress {
  const hasTurned = turn !== progress.turn;
  return {
    turn,
    goingAt: moving || hasTurned ? now : progress.goingAt,
    movedAt: moverRuns || hasTurned ? now : progress.movedAt,
  };
}

export type Overdue =
  /** VolSync is not at it. */
  | { readonly kind: 'idle' }
  /** It is, and nothing comes of it. */
  | { readonly kind: 'stuck'; readonly after: Millis };

/** @param patience how long VolSync may take to begin. @returns undefined while it is to be waited for */
export function syncOverdue(
  { goingAt, movedAt }: SyncProgress,
  { moving }: Waiting,
  patience: Millis,
  now: Tick,
): Overdue | undefined {
  if (!moving) return between(goingAt, now) >= patience ? { kind: 'idle' } : undefined;
  const after = patience > AT_LEAST_WITHOUT_MOVER ? patience : AT_LEAST_WITHOUT_MOVER;
  return between(movedAt, now) >= after ? { kind: 'stuck', after } : undefined;
}
