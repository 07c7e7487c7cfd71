/**
 * Asks a target once, within a deadline, and says how it went. Every failure of
 * the target is an outcome and not an exception, so that one dead endpoint never
 * disturbs the observation of the others.
 */
import type { ProbeOutcome } from '../domain/health/probe-history.ts';
import { between, type Clock, formatDuration, type Millis } from '../domain/time.ts';
import { DeadlineExceededError, withDeadline } from '../kube/deadline.ts';
import { explainFailure, type FailureText, ProbeFailure } from './failure.ts';
import { askHttp } from './http.ts';
import type { ProbeTarget } from './target.ts';
import { askTcp } from './tcp.ts';

/** @throws only the reason of `signal`, when that aborted */
export type Prober = (target: ProbeTarget, timeout: Millis, signal: AbortSignal) => Promise<ProbeOutcome>;

/** @param clock measures latency and ends probes that take longer than their timeout */
export function proberFor(clock: Clock): Prober {
  return async (target, timeout, signal) => {
    const started = clock.tick();
    let deadline: AbortSignal | undefined;
    try {
      await withDeadline(clock, timeout, signal, (bounded) => {
        deadline = bounded;
        return target.kind === 'http' ? askHttp(target, clock, bounded) : askTcp(target, clock, bounded);
      });
      return { kind: 'passed', latency: between(started, clock.tick()) };
    } catch (error) {
      signal.throwIfAborted();
      const latency = between(started, clock.tick());
      // A name that was still being resolved is the resolver's failure, not the target's.
      const late = deadline?.reason instanceof DeadlineExceededError && !(error instanceof ProbeFailure);
      return { kind: 'failed', latency, ...(late ? tooLate(timeout) : explainFailure(error)) };
    }
  };
}

/** Whatever a socket says when it is broken off, what happened is that it took too long. */
function tooLate(timeout: Millis): FailureText {
  return { reason: 'timeout', message: `no answer within ${formatDuration(timeout)}` };
}
