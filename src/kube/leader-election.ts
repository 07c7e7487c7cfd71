/**
 * Decides which replica may act, with the algorithm of client-go: a record that
 * the leader keeps renewing, and that others may take when they have seen it
 * unchanged for its whole duration *on their own clock*. No moment of one
 * machine is ever compared with one of another.
 *
 * Why a deposed leader has stopped in time: it counts from before it sent its
 * last successful renewal, others from after they saw it, so it is always ahead;
 * and it stops `leaseDuration - renewDeadline` before they may take over.
 */
import {
  type Clock,
  elapsed,
  between as elapsedBetween,
  formatDuration,
  type Instant,
  type Millis,
  millis,
  seconds,
  type Tick,
} from '../domain/time.ts';
import type { Random } from './backoff.ts';
import { follow, onAbort, orAborted, withDeadline } from './deadline.ts';
import type { LeaseLock, ObservedLease } from './lease.ts';
import { describeError, type Log } from './log.ts';

export interface ElectionTiming {
  /** How long others wait after the last renewal they saw. */
  readonly leaseDuration: Millis;
  /** The leader stops after this long without a renewal; less than the lease's duration. */
  readonly renewDeadline: Millis;
  /** Between attempts. */
  readonly retryPeriod: Millis;
}

/** client-go's. */
export const DEFAULT_ELECTION_TIMING: ElectionTiming = {
  leaseDuration: seconds(15),
  renewDeadline: seconds(10),
  retryPeriod: seconds(2),
};
/** Waits are lengthened by up to this share, so that candidates do not step on each other, as client-go. */
const JITTER = 0.2;

export interface ElectionDeps {
  readonly lock: LeaseLock;
  /** Unique among the replicas. */
  readonly identity: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly timing: ElectionTiming;
}

/** Held by whoever acts as leader. */
export interface Leadership {
  /** Aborts when leadership ends for whatever reason: all work must stop then. */
  readonly signal: AbortSignal;
  isLeading(): boolean;
  /** Call right before each irreversible effect. @throws NotLeadingError */
  assertLeading(): void;
}

/** An effect was refused because this replica is not, or no longer surely, the leader. */
export class NotLeadingError extends Error {
  override readonly name = 'NotLeadingError';
  readonly code = 'NotLeading';
  readonly retry = 'never';
}

/** Only the end of the process can end it, and must: another replica leads. */
export class WorkNotEndedError extends Error {
  override readonly name = 'WorkNotEndedError';
  readonly code = 'WorkNotEnded';
  readonly retry = 'never';

  constructor(waited: Millis) {
    super(`what was begun as leader has not ended ${formatDuration(waited)} after the lease was lost`);
  }
}

export type ElectionEnd = 'stopped' | 'lost';

/**
 * Waits for leadership, runs `lead` while it lasts, and gives the lease back
 * once `lead` has ended. `lead` must end soon after its signal aborts.
 * @returns 'stopped' when `signal` aborted or `lead` ended by itself, 'lost' when leadership was lost
 * @throws what `lead` throws without being told to end; WorkNotEndedError when it goes on for another lease's duration after leadership was lost
 */
export async function runAsLeader(
  deps: ElectionDeps,
  lead: (leadership: Leadership) => Promise<void>,
  signal: AbortSignal,
): Promise<ElectionEnd> {
  const won = await campaign(deps, signal);
  if (won === undefined) return 'stopped';
  const { lock, identity, log } = deps;
  log.info({ lease: lock.name, identity }, 'leading');
  const term: Term = { ...won, end: new AbortController(), lost: new AbortController() };
  const unfollow = follow(signal, term.end);
  const ended = new AbortController();
  // Renewing goes on until the work has really ended, also after it was told to.
  const keeping = Promise.all([renew(deps, term, ended.signal), fence(deps, term, ended.signal)]);
  try {
    await endOf(lead(leadershipOf(deps, term)), deps, term, ended.signal);
  } finally {
    ended.abort();
    unfollow();
    await keeping;
    if (!term.lost.signal.aborted) await release(deps, term);
  }
  return term.lost.signal.aborted ? 'lost' : 'stopped';
}

/** A moment on both clocks of this machine. */
interface Moment {
  readonly tick: Tick;
  readonly wall: Instant;
}

/** A time of leading. */
interface Term {
  /** As last written. */
  lease: ObservedLease;
  /** Just before the last successful write was sent. */
  since: Moment;
  /** Tells the work to stop. */
  readonly end: AbortController;
  readonly lost: AbortController;
}

/** Waits for the work, but not for ever once another may lead: some of it may be stuck. */
async function endOf(
  work: Promise<void>,
  { clock, timing, log }: ElectionDeps,
  term: Term,
  ended: AbortSignal,
): Promise<void> {
  const overdue = new AbortController();
  const undo = onAbort(term.lost.signal, () => {
    clock.sleep(timing.leaseDuration, ended).then(
      () => overdue.abort(new WorkNotEndedError(timing.leaseDuration)),
      // Rejects when it has ended.
      () => undefined,
    );
  });
  try {
    await orAborted(work, overdue.signal);
  } catch (error) {
    const { aborted: isTold, reason } = term.end.signal;
    if (overdue.signal.aborted || !isTold) throw error;
    // What waits for something ends by throwing when it is told to end, mostly the reason it was told.
    if (error !== reason)
      log.warn(
        { error: describeError(error) },
        'the work of the leader ended by an error when it was told to end',
      );
  } finally {
    undo();
  }
}

/** Tries until it leads or `signal` aborts. */
async function campaign(
  deps: ElectionDeps,
  signal: AbortSignal,
): Promise<Pick<Term, 'lease' | 'since'> | undefined> {
  const { clock, timing, random, log, lock } = deps;
  const seen: Seen = { version: undefined, at: undefined };
  while (!signal.aborted) {
    try {
      const since = momentOf(clock);
      const lease = await withDeadline(clock, attemptLimit(timing), signal, (bounded) =>
        tryToTake(deps, seen, bounded),
      );
      if (lease !== undefined) return { lease, since };
    } catch (error) {
      if (signal.aborted) return undefined;
      log.warn({ lease: lock.name, error: describeError(error) }, 'the lease cannot be read or taken');
    }
    const wait = millis(timing.retryPeriod * (1 + JITTER * random()));
    // Rejects only when stopped, which ends the loop.
    await clock.sleep(wait, signal).catch(() => undefined);
  }
  return undefined;
}

/** What a candidate last saw, and when that began by its own clock. `version` '' means that there was no lease. */
interface Seen {
  version: string | undefined;
  at: Tick | undefined;
}

async function tryToTake(
  { lock, identity, clock, timing }: ElectionDeps,
  seen: Seen,
  signal: AbortSignal,
): Promise<ObservedLease | undefined> {
  const current = await lock.read(signal);
  const version = current?.version ?? '';
  const firstLook = seen.version === undefined;
  if (seen.version !== version || seen.at === undefined) {
    seen.version = version;
    seen.at = clock.tick();
  }
  const record = current?.record;
  const vacant =
    record === undefined
      ? // Deleted under a leader that may not know it yet: it gets the time to stop.
        firstLook
      : record.holder === '' || record.holder === identity;
  const duration = Math.max(timing.leaseDuration, record?.leaseDuration ?? 0);
  if (!vacant && elapsedBetween(seen.at, clock.tick()) < duration) return undefined;
  const now = clock.now();
  return lock.write(
    {
      holder: identity,
      leaseDuration: timing.leaseDuration,
      acquired: now,
      renewed: now,
      transitions: record === undefined ? 0 : record.transitions + 1,
    },
    current?.version,
    signal,
  );
}

/** Renews until `ended`; ends the term at once when another holds the lease. */
async function renew(deps: ElectionDeps, term: Term, ended: AbortSignal): Promise<void> {
  const { clock, timing, log, lock } = deps;
  while (!ended.aborted && !term.lost.signal.aborted) {
    // Rejects only when ended, which ends the loop.
    await clock.sleep(timing.retryPeriod, ended).catch(() => undefined);
    if (ended.aborted) return;
    try {
      await withDeadline(clock, attemptLimit(timing), ended, (bounded) => renewOnce(deps, term, bounded));
    } catch (error) {
      if (!ended.aborted)
        log.warn({ lease: lock.name, error: describeError(error) }, 'the lease was not renewed');
    }
  }
}

async function renewOnce(deps: ElectionDeps, term: Term, signal: AbortSignal): Promise<void> {
  const { lock, identity, clock, timing } = deps;
  const since = momentOf(clock);
  const record = { ...term.lease.record, leaseDuration: timing.leaseDuration, renewed: since.wall };
  const written = await lock.write(record, term.lease.version, signal);
  if (written !== undefined) {
    term.lease = written;
    term.since = since;
    return;
  }
  // Somebody wrote since: we ourselves, when an answer was lost, or another holder.
  const current = await lock.read(signal);
  if (current?.record.holder === identity) term.lease = current;
  else lose(deps, term, current === undefined ? 'the lease was deleted' : 'another replica holds the lease');
}

/** Ends the term when it was not renewed in time, whatever the renewals are waiting for. */
async function fence(deps: ElectionDeps, term: Term, ended: AbortSignal): Promise<void> {
  while (!ended.aborted && !term.lost.signal.aborted) {
    const left = deps.timing.renewDeadline - age(deps.clock, term);
    if (left <= 0) lose(deps, term, 'the lease was not renewed in time');
    // Rejects only when ended, which ends the loop.
    else await deps.clock.sleep(millis(left), ended).catch(() => undefined);
  }
}

function lose({ log, lock, identity }: ElectionDeps, term: Term, reason: string): void {
  term.lost.abort();
  log.warn({ lease: lock.name, identity, reason }, 'not leading any more');
  term.end.abort(new NotLeadingError(`not leading any more: ${reason}`));
}

/** Lets another replica take over at once. Best effort: without it, the lease runs out by itself. */
async function release({ lock, clock, timing, log, identity }: ElectionDeps, term: Term): Promise<void> {
  try {
    await withDeadline(clock, attemptLimit(timing), new AbortController().signal, async (bounded) => {
      const give = ({ record, version }: ObservedLease) => {
        const given = { ...record, holder: '', leaseDuration: seconds(1), renewed: clock.now() };
        return lock.write(given, version, bounded);
      };
      if ((await give(term.lease)) !== undefined) return;
      // The last renewal may have been cut off after it was written.
      const current = await lock.read(bounded);
      if (current?.record.holder === identity) await give(current);
    });
  } catch (error) {
    log.warn({ lease: lock.name, error: describeError(error) }, 'the lease was not given back');
  }
}

function leadershipOf({ clock, timing }: ElectionDeps, term: Term): Leadership {
  const isLeading = (): boolean => !term.end.signal.aborted && age(clock, term) < timing.renewDeadline;
  return {
    signal: term.end.signal,
    isLeading,
    assertLeading: () => {
      if (!isLeading())
        throw new NotLeadingError('not leading: the lease is lost or was not renewed in time');
    },
  };
}

function momentOf(clock: Clock): Moment {
  return { tick: clock.tick(), wall: clock.now() };
}

/**
 * Time since the last renewal was sent: the larger of both clocks' answers,
 * because the monotonic one stands still while the machine is suspended.
 */
function age(clock: Clock, { since }: Term): Millis {
  return millis(Math.max(elapsedBetween(since.tick, clock.tick()), elapsed(since.wall, clock.now())));
}

/** One hanging attempt must leave time for others before the renew deadline. */
function attemptLimit({ renewDeadline, retryPeriod }: ElectionTiming): Millis {
  return millis(Math.max(retryPeriod, renewDeadline / 3));
}
