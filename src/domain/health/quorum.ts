/**
 * The verdict that several observers reach together. Observations are aged by
 * the reader's own clock, from when their sequence last moved: timestamps of
 * two machines are never compared. What a dead observer said last is not news:
 * an observation counts only after its sequence was seen to move.
 *
 * With n observers and r required, Failed needs max(r, floor(n/2) + 1) fresh
 * observations of Failed, so that a minority can never fail a region.
 */
import type { RegionHealthStatus, Verdict } from '../../api/v1alpha1/region-health.ts';
import { between, type Millis, type Tick } from '../time.ts';

/** What one observer published. */
export type Observation = NonNullable<RegionHealthStatus['observations']>[number];

export interface ObserverAge {
  readonly sequence: number;
  /** Undefined until the sequence was seen to move. */
  readonly movedAt: Tick | undefined;
}

export type ObserverAges = ReadonlyMap<string, ObserverAge>;

/** @param own the observer whose observation is being made now, fresh by itself */
export function ageObservations(
  before: ObserverAges,
  observations: readonly Observation[],
  own: string,
  now: Tick,
): ObserverAges {
  const aged = observations.map(({ observer, sequence }): [string, ObserverAge] => {
    const known = before.get(observer);
    if (observer === own || (known !== undefined && known.sequence !== sequence))
      return [observer, { sequence, movedAt: now }];
    return [observer, known ?? { sequence, movedAt: undefined }];
  });
  return new Map(aged);
}

export interface QuorumRules {
  /** Configured number of observers that must agree on Failed. */
  readonly required: number;
  /** An observation whose sequence has not moved for this long is stale. */
  readonly staleAfter: Millis;
}

export interface QuorumVerdict {
  readonly verdict: Verdict;
  /** Who saw what; empty when there is one observer and nothing to add. */
  readonly message: string;
}

export function decideQuorum(
  observations: readonly Observation[],
  ages: ObserverAges,
  rules: QuorumRules,
  now: Tick,
): QuorumVerdict {
  const majority = Math.floor(observations.length / 2) + 1;
  const needed = Math.max(rules.required, majority);
  const fresh = observations.filter(({ observer }) => isFresh(ages.get(observer), rules.staleAfter, now));
  const votes = (verdict: Verdict): number => fresh.filter((seen) => seen.verdict === verdict).length;
  const told = observations.length === 1 ? '' : tell(observations, fresh, needed);
  if (votes('Failed') >= needed) return { verdict: 'Failed', message: told };
  const agreed = UNFAILED.find((verdict) => votes(verdict) >= majority);
  return { verdict: agreed ?? 'Unknown', message: told };
}

const UNFAILED: readonly Verdict[] = ['Healthy', 'Degraded', 'Unreachable', 'Unknown'];

function isFresh(age: ObserverAge | undefined, staleAfter: Millis, now: Tick): boolean {
  return age?.movedAt !== undefined && between(age.movedAt, now) <= staleAfter;
}

function tell(all: readonly Observation[], fresh: readonly Observation[], needed: number): string {
  const seen = all.map((one) =>
    fresh.includes(one) ? `${one.observer} says ${one.verdict}` : `${one.observer} is silent`,
  );
  return `${seen.join(', ')}; ${needed} of ${all.length} must say Failed`;
}
