/**
 * When the next capture is due so that the RPO holds, and whether it holds.
 *
 * ```
 *   start k        start k+1     (it fails)   retry        its end
 *     |--- wait -------|---- D ------|-- rest --|---- D -----|
 *     '------------------- must stay within RPO - margin ----'
 * ```
 *
 * A point is of the instant its capture starts, and replaces the one before it
 * when the next capture has been verified. So the age of what could be restored
 * peaks at the end of the next capture, and `wait` is chosen such that even a
 * failed attempt and its retry fit in.
 */
import { between, type Millis, millis, seconds, type Tick } from '../time.ts';

export interface CaptureHistory {
  readonly rpo: Millis;
  /** Start of the latest attempt, successful or not; undefined before the first. */
  readonly lastStartedAt: Tick | undefined;
  /** End of the latest attempt; when not known it is taken to have lasted as long as expected. */
  readonly lastEndedAt?: Tick | undefined;
  /** Of successful captures, start to verified. */
  readonly durations: readonly Millis[];
  /** Failed attempts since the last success. */
  readonly consecutiveFailures: number;
  readonly now: Tick;
}

/** Two captures are never closer than this, end to start: a source must be left alone in between. */
const MIN_REST = seconds(2);
/** Part of the RPO kept free: durations vary, and the machine may be busy. */
const MARGIN = 0.1;
/** Longest pause between failing attempts; shorter when the RPO is. */
const MAX_BACKOFF = seconds(300);

/**
 * How long to wait from `now` until the next capture; 0 when it is due. When
 * the RPO is too short for the measured durations, captures follow each other
 * with as much rest as work, and no closer: {@link rpoState} then tells.
 */
export function nextCapture(history: CaptureHistory): Millis {
  const { lastStartedAt, lastEndedAt, now } = history;
  if (lastStartedAt === undefined) return millis(0);
  const expected = expectedDuration(history.durations);
  const sinceStart = between(lastStartedAt, now);
  const sinceEnd = lastEndedAt === undefined ? millis(sinceStart - expected) : between(lastEndedAt, now);
  const rest = restBetween(expected);
  if (history.consecutiveFailures > 0) return waitFor(backoff(history, rest), sinceEnd);
  const interval = history.rpo * (1 - MARGIN) - 2 * expected - rest;
  return millis(Math.max(waitFor(interval, sinceStart), waitFor(rest, sinceEnd)));
}

const waitFor = (target: number, passed: Millis): Millis => millis(Math.max(0, target - passed));

/** The longest of the known durations: one slow capture in the window is reason enough to expect another. */
const expectedDuration = (durations: readonly Millis[]): Millis => millis(Math.max(0, ...durations));

/** At most half of the time is spent capturing. */
const restBetween = (expected: Millis): number => Math.max(MIN_REST, expected);

/** Doubles from the rest that is kept anyway, so that the first retry is the one that was planned for. */
function backoff({ rpo, consecutiveFailures }: CaptureHistory, rest: number): number {
  const cap = Math.max(rest, Math.min(MAX_BACKOFF, rpo / 2));
  // 2 ** 30 rests exceed any cap; without the limit the power would overflow to Infinity.
  return Math.min(cap, rest * 2 ** Math.min(consecutiveFailures - 1, 30));
}

/** Whether the newest verified point is young enough; 'none' when there is no point. */
export function rpoState(ageOfNewestVerified: Millis | undefined, rpo: Millis): 'held' | 'breached' | 'none' {
  if (ageOfNewestVerified === undefined) return 'none';
  return ageOfNewestVerified <= rpo ? 'held' : 'breached';
}
