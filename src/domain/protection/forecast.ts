/**
 * How long a recovery will take: the longest path through the units, each unit
 * with what it is expected to take, between preparing and the switch of names.
 *
 * ```
 *   prepare ──► unit ──► unit ──────────┐
 *          └──► unit ──► unit ──► unit ─┴──► DNS names, all at once
 * ```
 *
 * Units off the longest path cost nothing, until there are so many of them that
 * applying is what takes the time: an execution works on a few at once only.
 * That bound is kept too, so that a wide and shallow graph is not called fast.
 */
import { UNITS_AT_ONCE } from '../execution/concurrency.ts';
import { components, type Needs } from '../graph/topology.ts';
import { type Millis, millis } from '../time.ts';
import type { Durations, Samples } from './durations.ts';
import { applyPrior, DNS_PRIOR, PREPARE_PRIOR, readyPrior } from './forecast-prior.ts';
import {
  type Basis,
  basisOf,
  commonBasis,
  expected,
  type Prior,
  type Quantile,
} from './forecast-quantile.ts';

export interface ForecastInput {
  readonly units: readonly { readonly id: string; readonly objects: readonly string[] }[];
  /** `from` waits for `to`. */
  readonly edges: readonly { readonly from: string; readonly to: string }[];
  /** Names that are switched in the end. */
  readonly hostnames: readonly string[];
  readonly durations: Durations;
}

/** One step on the way, and where its time goes. */
export interface Leg {
  /** `prepare`, a unit id, or a hostname. */
  readonly step: string;
  readonly apply: Millis;
  /** Waiting for readiness, or for the authoritative servers. */
  readonly wait: Millis;
  readonly basis: Basis;
}

export interface Estimate {
  readonly total: Millis;
  /** The legs that follow one another, first to last. */
  readonly path: readonly Leg[];
  /** What `total` is more than its path, because so much is to be applied. */
  readonly queueing: Millis;
}

export interface Forecast {
  readonly p50: Estimate;
  /** Never less than `p50`. */
  readonly p95: Estimate;
  /** What the legs of both paths rest on. */
  readonly basis: Basis;
}

/** Never shorter for a longer duration or for one edge more. */
export function forecast(input: ForecastInput): Forecast {
  const p50 = estimate(input, 0.5);
  const p95 = estimate(input, 0.95);
  return { p50, p95, basis: commonBasis([...p50.path, ...p95.path].map(({ basis }) => basis)) };
}

function estimate(input: ForecastInput, quantile: Quantile): Estimate {
  const legs = new Map(input.units.map((unit) => [unit.id, unitLeg(unit, input.durations, quantile)]));
  const restore = longestPath(input, legs);
  const longest = sum(restore.map(lengthOf));
  const queueing = millis(Math.max(0, applyingAll(input) - longest));
  const path = [
    waiting('prepare', input.durations.prepare, PREPARE_PRIOR, quantile),
    ...restore,
    ...slowestName(input, quantile),
  ];
  return { total: millis(sum(path.map(lengthOf)) + queueing), path, queueing };
}

function unitLeg(
  { id, objects }: ForecastInput['units'][number],
  { units }: Durations,
  quantile: Quantile,
): Leg {
  const { apply, ready } = units.get(id) ?? { apply: [], ready: [] };
  return {
    step: id,
    apply: expected(apply, applyPrior(objects.length), quantile),
    wait: expected(ready, readyPrior(id), quantile),
    basis: basisOf(ready),
  };
}

function waiting(step: string, samples: Samples, prior: Prior, quantile: Quantile): Leg {
  return {
    step,
    apply: millis(0),
    wait: expected(samples, prior, quantile),
    basis: basisOf(samples),
  };
}

const lengthOf = ({ apply, wait }: Leg): number => apply + wait;
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Of many units, some are slow and some fast: all of them together take what is usual, not what is rare. */
function applyingAll({ units, durations }: ForecastInput): number {
  return sum(units.map((unit) => unitLeg(unit, durations, 0.5).apply)) / UNITS_AT_ONCE;
}

/** The names are switched at the same time, so the slowest counts. */
function slowestName({ hostnames, durations }: ForecastInput, quantile: Quantile): readonly Leg[] {
  return hostnames
    .map((name) => waiting(name, durations.dns.get(name) ?? [], DNS_PRIOR, quantile))
    .toSorted((a, b) => b.wait - a.wait)
    .slice(0, 1);
}

function longestPath({ units, edges }: ForecastInput, legs: ReadonlyMap<string, Leg>): readonly Leg[] {
  const needs = needsOf(edges);
  const order = components(
    units.map(({ id }) => id),
    needs,
  ).flat();
  const endsAt = new Map<string, number>();
  const slowestNeed = new Map<string, string>();
  let last: string | undefined;
  for (const id of order) {
    const leg = legs.get(id);
    if (leg === undefined) continue;
    let start = 0;
    for (const need of needs.get(id) ?? []) {
      const end = endsAt.get(need) ?? 0;
      if (end <= start) continue;
      start = end;
      slowestNeed.set(id, need);
    }
    endsAt.set(id, start + lengthOf(leg));
    if (last === undefined || start + lengthOf(leg) > (endsAt.get(last) ?? 0)) last = id;
  }
  const path: Leg[] = [];
  for (let id = last; id !== undefined; id = slowestNeed.get(id)) {
    const leg = legs.get(id);
    if (leg !== undefined) path.push(leg);
  }
  return path.toReversed();
}

function needsOf(edges: ForecastInput['edges']): Needs {
  const needs = new Map<string, string[]>();
  for (const { from, to } of edges) {
    const known = needs.get(from);
    if (known === undefined) needs.set(from, [to]);
    else known.push(to);
  }
  return needs;
}
