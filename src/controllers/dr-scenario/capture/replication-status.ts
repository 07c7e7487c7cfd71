/** What a scenario's status says of its captures: the last one, and when and why the next. Pure. */
import type { DRScenarioStatus } from '../../../api/v1alpha1/dr-scenario.ts';
import { counted } from '../../../domain/counted.ts';
import { type Instant, instant, toRfc3339 } from '../../../domain/time.ts';
import type { Decision } from '../decide.ts';
import type { Offer } from '../points/offer.ts';
import type { CaptureState } from './captures.ts';
import type { CaptureOutcome } from './outcome.ts';

export function replicationStatus(
  { replication: before }: DRScenarioStatus,
  { capture: plan }: Decision,
  ended: CaptureOutcome | undefined,
  state: CaptureState,
  now: Instant,
): DRScenarioStatus['replication'] {
  const {
    nextAt: _nextAt,
    nextReason: _nextReason,
    ...known
  } = { ...before, ...(ended && lastRun(before, ended, now)) };
  switch (state.kind) {
    case 'running':
      return { ...known, lastStartedAt: toRfc3339(state.since) };
    case 'waiting':
      return { ...known, nextAt: toRfc3339(now), nextReason: waitingReason(state.ahead) };
    case 'idle':
      break;
  }
  if (plan.kind !== 'wait') return known;
  // To the second: a status that differs by milliseconds each time would be written each time.
  const nextAt = instant(Math.round((now + plan.delay) / 1000) * 1000);
  return { ...known, nextAt: toRfc3339(nextAt), nextReason: plan.because };
}

const waitingReason = (ahead: number): string =>
  ahead === 0
    ? 'it starts now'
    : `${ahead} captures of the same region go first: their points expire earlier`;

function lastRun(
  before: DRScenarioStatus['replication'],
  capture: CaptureOutcome,
  now: Instant,
): NonNullable<DRScenarioStatus['replication']> {
  const succeeded = capture.kind !== 'failed';
  return {
    lastStartedAt: toRfc3339(instant(now - capture.took)),
    lastFinishedAt: toRfc3339(now),
    lastDurationMillis: Math.round(capture.took),
    ...(capture.kind === 'succeeded' ? { lastCaptureMillis: Math.round(capture.took) } : {}),
    lastResult: succeeded ? ('Succeeded' as const) : ('Failed' as const),
    lastMessage: messageOf(capture),
    consecutiveFailures: succeeded ? 0 : (before?.consecutiveFailures ?? 0) + 1,
  };
}

function messageOf(capture: CaptureOutcome): string {
  switch (capture.kind) {
    case 'succeeded':
      return withProblem(
        `${counted(capture.point.manifest.objects.length, 'object')} captured and verified`,
        capture.offer,
      );
    case 'unchanged':
      return withProblem(`nothing has changed since ${capture.point.manifest.name}`, capture.offer);
    case 'failed':
      return capture.offer === undefined ? capture.message : withProblem(capture.message, capture.offer);
  }
}

const withProblem = (message: string, { problem }: Offer): string =>
  problem === undefined ? message : `${message}; ${problem}`;
