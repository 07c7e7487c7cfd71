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
import { between, formatDuration, type Millis, millis, seconds, type Tick } from '../time.ts';
import { type Attempt, type CaptureMemory, usualDuration } from './capture-memory.ts';
import { isAhead } from './point-age.ts';

export interface CaptureHistory extends CaptureMemory {
  readonly rpo: Millis;
  /** 0 to 1, the scenario's own: how much earlier than needed it starts, so that many with one RPO do not start together. */
  readonly spread: number;
  readonly now: Tick;
}

/** Two captures are never closer than this, end to start: a source must be left alone in between. */
const MIN_REST = seconds(2);
/** Part of the RPO kept free: durations vary, and the machine may be busy. */
const MARGIN = 0.1;
/** Largest part by which a wait is shortened to keep scenarios apart. */
const SPREAD = 0.1;
/** Longest pause between failing attempts; shorter when the RPO is. */
const MAX_BACKOFF = seconds(300);

export interface NextCapture {
  /** From `now`; 0 when it is due. */
  readonly delay: Millis;
  /** Why then, in a sentence. */
  readonly because: string;
}

/**
 * When the next capture is due. When the RPO is too short for the measured
 * durations, captures follow each other with as much rest as work, and no
 * closer: {@link rpoState} then tells. The rest is that of the last attempt
 * alone: one that was slow puts off the next one, and no later one.
 */
export function nextCapture(history: CaptureHistory): NextCapture {
  const { last, now, consecutiveFailures, spread } = history;
  if (last === undefined) return { delay: millis(0), because: 'nothing was captured yet' };
  const sinceEnd = between(last.endedAt, now);
  const rest = restAfter(last.took);
  if (consecutiveFailures > 0) {
    const pause = backoff(history, rest) * (1 - SPREAD * spread);
    const because = `the last ${consecutiveFailures === 1 ? 'run' : `${consecutiveFailures} runs`} failed`;
    return { delay: waitFor(Math.max(pause, rest), sinceEnd), because };
  }
  const { interval, because } = holdingInterval(history, last);
  const holding = waitFor(interval * (1 - SPREAD * spread), between(last.startedAt, now));
  const resting = waitFor(rest, sinceEnd);
  return holding >= resting
    ? { delay: holding, because }
    : { delay: resting, because: 'the RPO is too short for more rest between captures' };
}

/** As soon as the last attempt allows: for an edited spec, which is in force only when a capture has shown it can be. */
export function soonestCapture(history: CaptureHistory): NextCapture {
  const { last, now, consecutiveFailures } = history;
  if (last === undefined || consecutiveFailures > 0) return nextCapture(history);
  const delay = waitFor(restAfter(last.took), between(last.endedAt, now));
  return { delay, because: 'the edited spec is tried' };
}

/** From start to start, so that the RPO holds if it can. */
function holdingInterval(history: CaptureHistory, { took }: Attempt) {
  const rpo = formatDuration(history.rpo);
  const usable = history.rpo * (1 - MARGIN);
  const expected = expectedDuration(history, took);
  const withRetry = usable - 2 * expected - restAfter(expected);
  return withRetry > 0
    ? { interval: withRetry, because: `the RPO of ${rpo} holds with time for one retry` }
    : {
        interval: Math.min(expected, usable - expected),
        because: `the RPO of ${rpo} holds, without time for a retry`,
      };
}

/**
 * The capture that comes before hours in which none may start: as late as leaves
 * time for it and one retry, so that what could be lost in those hours is least.
 * @param closing from now until they begin
 * @returns undefined when there is no time for it, or the latest one will do
 */
export function captureBefore(closing: Millis, history: CaptureHistory): NextCapture | undefined {
  const { last, durations, spread, now } = history;
  const expected = usualDuration(durations);
  const latest = closing - (2 * expected + restAfter(expected)) * (1 + spread);
  const since = last === undefined ? Number.POSITIVE_INFINITY : between(last.endedAt, now);
  // It has ended no earlier than that.
  if (-since >= latest) return undefined;
  const delay = Math.max(0, latest, restAfter(last?.took ?? millis(0)) - since);
  if (delay >= closing) return undefined;
  return { delay: millis(delay), because: 'an exclusion window begins after it' };
}

const waitFor = (target: number, passed: Millis): Millis => millis(Math.max(0, target - passed));

/**
 * What the next capture is planned to take. A copy that took longer than the RPO
 * is no reason to hurry, unless it was the last one: were there another like it,
 * the RPO would be broken whenever it started.
 */
function expectedDuration({ rpo, durations }: CaptureHistory, last: Millis): Millis {
  const bearable = durations.filter((duration) => duration <= rpo * (1 - MARGIN));
  return millis(Math.max(last, usualDuration(bearable)));
}

/** At most half of the time is spent capturing. */
const restAfter = (took: Millis): number => Math.max(MIN_REST, took);

/** Doubles from the rest that is kept anyway, so that the first retry is the one that was planned for. */
function backoff({ rpo, consecutiveFailures }: CaptureHistory, rest: number): number {
  const cap = Math.max(rest, Math.min(MAX_BACKOFF, rpo / 2));
  // 2 ** 30 rests exceed any cap; without the limit the power would overflow to Infinity.
  return Math.min(cap, rest * 2 ** Math.min(consecutiveFailures - 1, 30));
}

/** Whether the newest verified point is young enough; 'none' when there is no point, 'ahead' when nobody knows how old it is. */
export function rpoState(
  ageOfNewestVerified: Millis | undefined,
  rpo: Millis,
): 'held' | 'breached' | 'none' | 'ahead' {
  if (ageOfNewestVerified === undefined) return 'none';
  if (isAhead(ageOfNewestVerified)) return 'ahead';
  return ageOfNewestVerified <= rpo ? 'held' : 'breached';
}
