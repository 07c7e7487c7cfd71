/**
 * Turns a row of observations into a verdict that does not flap: a region fails
 * only after it has looked failed without a break for the configured time, and
 * recovers only after a quiet time. All ages are on this process's monotonic
 * clock, so a restart starts them anew; a verdict of Failed itself survives.
 *
 *                 suspected for `failFor`, confirmed, allowed
 *   not failed ─────────────────────────────────────────────► Failed
 *        ▲      any break starts the time anew                   │
 *        └───────────────────────────────────────────────────────┘
 *                 Healthy or Degraded for `recoverAfter`
 *
 * Unreachable and Unknown are no recovery: a region does not get well by
 * going out of sight.
 */
import type { Verdict } from '../../api/v1alpha1/region-health.ts';
import { between, type Millis, millis, type Tick } from '../time.ts';

/** The part of a judgement that this file needs; see RawVerdict. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly provisional: Verdict;
  readonly suspected: boolean;
}

export interface HealthState {
  readonly verdict: Verdict;
  /** Undefined before this process's first observation. */
  readonly lastSeen: Tick | undefined;
  /** Since when the region has looked failed without a break. */
  readonly suspectedSince: Tick | undefined;
  /** Since when a failed region has looked well without a break. */
  readonly quietSince: Tick | undefined;
}

export interface Timing {
  readonly failFor: Millis;
  readonly recoverAfter: Millis;
  /** Observations further apart than this are not continuous: nobody knows what was in between. */
  readonly maxGap: Millis;
}

export type Pending =
  | { readonly kind: 'none' }
  /** Looks failed; becomes Failed when `remaining` is 0 and nothing holds it. */
  | { readonly kind: 'failing'; readonly elapsed: Millis; readonly remaining: Millis }
  | { readonly kind: 'recovering'; readonly elapsed: Millis; readonly remaining: Millis };

export interface Settled {
  readonly state: HealthState;
  readonly pending: Pending;
}

/** The state to begin with: the verdict a former process published, or Unknown. */
export function resume(verdict: Verdict | undefined): HealthState {
  return {
    verdict: verdict ?? 'Unknown',
    lastSeen: undefined,
    suspectedSince: undefined,
    quietSince: undefined,
  };
}

/** @param mayFail false holds a region that is due to fail where it is, with `remaining` 0 */
export function settle(
  before: HealthState,
  raw: Judgement,
  timing: Timing,
  mayFail: boolean,
  now: Tick,
): Settled {
  const continuous = before.lastSeen !== undefined && between(before.lastSeen, now) <= timing.maxGap;
  const kept = continuous ? before : resume(before.verdict);
  if (before.verdict === 'Failed') return settleFailed(kept, raw, timing, now);
  const since = kept.suspectedSince ?? now;
  const suspectedSince = raw.suspected || raw.verdict === 'Failed' ? since : undefined;
  const base = { lastSeen: now, suspectedSince, quietSince: undefined };
  if (raw.verdict !== 'Failed')
    return { state: { ...base, verdict: raw.verdict }, pending: { kind: 'none' } };
  const elapsed = between(since, now);
  if (elapsed >= timing.failFor && mayFail)
    return { state: { ...base, verdict: 'Failed' }, pending: { kind: 'none' } };
  const remaining = millis(Math.max(0, timing.failFor - elapsed));
  return { state: { ...base, verdict: raw.provisional }, pending: { kind: 'failing', elapsed, remaining } };
}

function settleFailed(before: HealthState, raw: Judgement, timing: Timing, now: Tick): Settled {
  const base = { lastSeen: now, suspectedSince: undefined };
  if (raw.verdict !== 'Healthy' && raw.verdict !== 'Degraded')
    return { state: { ...base, verdict: 'Failed', quietSince: undefined }, pending: { kind: 'none' } };
  const quietSince = before.quietSince ?? now;
  const elapsed = between(quietSince, now);
  if (elapsed >= timing.recoverAfter)
    return { state: { ...base, verdict: raw.verdict, quietSince: undefined }, pending: { kind: 'none' } };
  const remaining = millis(timing.recoverAfter - elapsed);
  return {
    state: { ...base, verdict: 'Failed', quietSince },
    pending: { kind: 'recovering', elapsed, remaining },
  };
}
