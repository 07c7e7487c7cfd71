/**
 * What is remembered of one probe, and what may be concluded from it. A probe
 * stands for what users see, so a single lost packet must not count: only
 * several failures in a row make it failing. Apart from the zone's verdict,
 * because probes of a zone and of a whole region are weighed the same way.
 */
import { type Millis, millis } from '../time.ts';

/**
 * `resolver` means that our own DNS resolver gave no answer: this says nothing
 * about the target, while `dns` (the name does not exist) does.
 */
export type ProbeFailureReason =
  | 'timeout'
  | 'refused'
  | 'unreachable'
  | 'dns'
  | 'resolver'
  | 'tls'
  | 'status'
  | 'protocol';

export type ProbeOutcome =
  | { readonly kind: 'passed'; readonly latency: Millis }
  | {
      readonly kind: 'failed';
      /** Time until the failure was known. */
      readonly latency: Millis;
      readonly reason: ProbeFailureReason;
      /** For people; holds no header, body or credential. */
      readonly message: string;
    };

export interface ProbeHistory {
  readonly name: string;
  /** Whether it ever passed while this process watched. */
  readonly passedBefore: boolean;
  /** Failures since it last passed. */
  readonly failures: number;
  readonly last: ProbeOutcome;
  /** Of the last passes, newest last, at most {@link LATENCY_WINDOW}. */
  readonly latencies: readonly Millis[];
}

/** Failures in a row after which a probe counts as failing. */
export const CONFIRM_FAILURES = 3;
/** Passes that the 95th percentile is taken over: the largest but one of 20. */
export const LATENCY_WINDOW = 20;

/** Failing probes that a message names. */
const NAMED_FAILURES = 3;

/** `unsettled`: too little is known to say either. */
export type ProbeStanding = 'passing' | 'failing' | 'unsettled';

/** The history after one more outcome. */
export function remember(
  name: string,
  before: ProbeHistory | undefined,
  outcome: ProbeOutcome,
): ProbeHistory {
  const latencies = before?.latencies ?? [];
  if (outcome.kind === 'passed') {
    const recent = [...latencies, outcome.latency].slice(-LATENCY_WINDOW);
    return { name, passedBefore: true, failures: 0, last: outcome, latencies: recent };
  }
  const failures = (before?.failures ?? 0) + (outcome.reason === 'resolver' ? 0 : 1);
  return { name, passedBefore: before?.passedBefore ?? false, failures, last: outcome, latencies };
}

/**
 * @param confirmAfter failures in a row that count; 1 tells what would be
 *   concluded if the newest failures turned out not to be a fluke
 */
export function standing(history: ProbeHistory, confirmAfter: number): ProbeStanding {
  if (history.last.kind === 'passed') return 'passing';
  if (history.last.reason === 'resolver') return 'unsettled';
  if (history.failures >= confirmAfter) return 'failing';
  return history.passedBefore ? 'passing' : 'unsettled';
}

/** Whether the next outcome may settle what this one left open: worth asking again soon. */
export function isFaltering(history: ProbeHistory): boolean {
  return history.failures > 0 && history.failures < CONFIRM_FAILURES;
}

export interface ProbeTally {
  readonly total: number;
  readonly passing: number;
  readonly failing: number;
  /** 95th percentile of recent passes; undefined when none passed yet. */
  readonly latency: Millis | undefined;
  /** The first few of the failing ones and why, for people: `shop: connection refused`. */
  readonly failures: readonly string[];
}

export function tally(probes: readonly ProbeHistory[], confirmAfter: number): ProbeTally {
  const passing = probes.filter((probe) => standing(probe, confirmAfter) === 'passing');
  const failing = probes.filter((probe) => standing(probe, confirmAfter) === 'failing');
  return {
    total: probes.length,
    passing: passing.length,
    failing: failing.length,
    latency: percentile95(passing.flatMap((probe) => probe.latencies)),
    failures: failing
      .slice(0, NAMED_FAILURES)
      .map(({ name, last }) => (last.kind === 'failed' ? `${name}: ${last.message}` : name)),
  };
}

/** Nearest-rank 95th percentile; undefined of nothing. */
function percentile95(values: readonly Millis[]): Millis | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.ceil(sorted.length * 0.95) - 1];
  return value === undefined ? undefined : millis(value);
}
