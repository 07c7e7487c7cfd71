/**
 * How many requests a cluster is sent at once, decided from how it answers.
 * Pure; who waits for whom is in cluster-limits.ts.
 *
 * The limit rises while answers come as before and falls at once when the
 * server says that it has too much (429, 503) or takes longer for the same
 * work: additive increase, multiplicative decrease, the rule that shares a
 * resource fairly among clients that do not know of each other (Chiu and Jain,
 * "Analysis of the Increase and Decrease Algorithms for Congestion Avoidance",
 * 1989). The start is TCP's (RFC 5681): doubling until the first sign of
 * trouble, so that an idle server is used fully after a few rounds.
 *
 * A server whose cores are all busy answers each call later the more are sent
 * at once. That is not yet trouble, and throughput does not suffer from it, so
 * what is watched is the time per call *and slot* (Little's law: the time that
 * one call adds), not the latency. It rises when the server has others to serve.
 */

export interface Pace {
  /** Requests under way at once; may have a fraction, of which only whole ones count. */
  readonly limit: number;
  /** Doubling still, no trouble seen yet. */
  readonly starting: boolean;
  /** Usual time per call and slot, in milliseconds; undefined before the first round. */
  readonly usual: number | undefined;
}

/** What the calls of one round have shown: as many as the limit, at least {@link ROUND}. */
export interface Round {
  /** Their latency in milliseconds, on average. */
  readonly latency: number;
  /** Answers that asked for less, also to calls that then succeeded. */
  readonly refused: number;
  /** Whether calls had to wait for the limit: else a higher one would be of no use, and of no proof. */
  readonly wanted: boolean;
}

/** As many connections as a client has (src/kube/connection-pool.ts): more would only wait for one. */
export const MOST = 32;
const FIRST = 8;
/** Fewer calls say nothing. */
export const ROUND = 8;
/** On refusals, as TCP on a loss. */
const HALVE = 0.5;
/** On rising time, gentler: it may be the kind of objects that costs more (TCP Vegas reacts less too). */
const EASE = 0.8;
/** Rising means: this many times the usual. */
const RISING = 2;
/** Weight of a round in what is usual. */
const WEIGHT = 0.2;
/** Longer is trouble whatever is usual: the 99th percentile that Kubernetes promises for writes (its API call latency SLO). */
const SLO_MILLIS = 1000;

export const FIRST_PACE: Pace = { limit: FIRST, starting: true, usual: undefined };

export const slots = ({ limit }: Pace): number => Math.floor(limit);
export const roundSize = (pace: Pace): number => Math.max(ROUND, slots(pace));

export function paceAfter(pace: Pace, { latency, refused, wanted }: Round): Pace {
  const time = latency / slots(pace);
  const { usual = time } = pace;
  const learnt = usual + (time - usual) * WEIGHT;
  const lower = (factor: number): Pace => ({
    limit: Math.max(1, pace.limit * factor),
    starting: false,
    usual: learnt,
  });
  if (refused > 0) return lower(HALVE);
  if (time > usual * RISING || latency > SLO_MILLIS) return lower(EASE);
  if (!wanted) return { ...pace, usual: learnt };
  const higher = pace.starting ? pace.limit * 2 : pace.limit + 1;
  return { limit: Math.min(MOST, higher), starting: pace.starting, usual: learnt };
}
