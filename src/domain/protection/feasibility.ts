/**
 * Whether what a scenario asks for can be had: its RPO against what captures
 * take, its RTO against the forecast, and what the recovery cluster said when
 * it was asked. Numbers are in the sentences, since a wish is corrected by
 * knowing which one would hold.
 */
import { formatDuration, type Millis, millis, seconds, tick, toSeconds } from '../time.ts';
import type { Samples } from './durations.ts';
import type { Finding, FindingReason } from './feasibility-finding.ts';
import type { Estimate, Forecast, Leg } from './forecast.ts';
import type { Basis } from './forecast-quantile.ts';
import { nearestRank } from './forecast-quantile.ts';
import { nextCapture } from './schedule.ts';

/** What asking the recovery cluster brought. */
export type Rehearsed =
  | {
      readonly kind: 'rehearsed';
      /** Objects the recovery cluster would take. */
      readonly accepted: number;
      /** Objects it could not be asked about, by why. */
      readonly notRehearsed: readonly { readonly why: string; readonly objects: number }[];
      /** What besides could not be looked at, and why. */
      readonly unchecked: readonly string[];
      readonly findings: readonly Finding[];
    }
  | { readonly kind: 'not-rehearsed'; readonly message: string };

export interface FeasibilityFacts {
  readonly rpo: Millis;
  readonly rto: Millis;
  /** Of recent captures, from start to verified. */
  readonly captures: Samples;
  /** Undefined while there is no recovery point. */
  readonly forecast: Forecast | undefined;
  readonly recovery: Rehearsed;
  /** What is wrong with the place of the recovery points. */
  readonly store: readonly Finding[];
  /** Why an execution could not be planned. */
  readonly plan: readonly Finding[];
}

export interface Feasibility {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: 'Feasible' | 'NotRehearsed' | FindingReason;
  readonly message: string;
  /** Most serious first. */
  readonly findings: readonly Finding[];
}

/** What makes recovery fail comes before what makes it late, and that before what loses more. */
const SEVERITY: readonly FindingReason[] = [
  'StoreInSourceRegion',
  'Unplannable',
  'RecoveryRefuses',
  'RecoveryTooSmall',
  'RTOTooShort',
  'RPOTooShort',
];
/** How many findings the message tells; the rest are listed in status. */
const TOLD = 3;

/** A finding is certain whatever else is not known; without one, not knowing is no `True`. */
export function judgeFeasibility(facts: FeasibilityFacts): Feasibility {
  const { recovery } = facts;
  const findings = [
    ...facts.store,
    ...facts.plan,
    ...(recovery.kind === 'rehearsed' ? recovery.findings : []),
    ...rtoFindings(facts.rto, facts.forecast),
    ...rpoFindings(facts.rpo, facts.captures),
  ].toSorted((a, b) => SEVERITY.indexOf(a.reason) - SEVERITY.indexOf(b.reason));
  const [first] = findings;
  if (first !== undefined)
    return { status: 'False', reason: first.reason, message: tell(findings, recovery), findings };
  if (recovery.kind === 'not-rehearsed')
    return { status: 'Unknown', reason: 'NotRehearsed', message: recovery.message, findings };
  const parts = [...rehearsedParts(recovery), ...rtoParts(facts.forecast)];
  return { status: 'True', reason: 'Feasible', message: parts.join('; '), findings };
}

function tell(findings: readonly Finding[], recovery: Rehearsed): string {
  const told = findings
    .slice(0, TOLD)
    .map(({ object, message, remedy }) => `${object}: ${message} (${remedy})`);
  const more = findings.length > TOLD ? [`and ${findings.length - TOLD} more, see status.feasibility`] : [];
  const unasked = recovery.kind === 'not-rehearsed' ? [recovery.message] : [];
  return [...told, ...more, ...unasked].join('; ');
}

function rehearsedParts({
  accepted,
  notRehearsed,
  unchecked,
}: Extract<Rehearsed, { kind: 'rehearsed' }>): readonly string[] {
  const unasked = notRehearsed.map(({ why, objects }) => `${objects} not rehearsed: ${why}`);
  return [`the recovery cluster would take ${accepted} objects`, ...unasked, ...unchecked];
}

function rtoParts(forecast: Forecast | undefined): readonly string[] {
  return forecast === undefined ? [] : [`predicted RTO ${predicted(forecast)}`];
}

function predicted({ p50, p95, basis }: Forecast): string {
  return `${formatDuration(p50.total)} typically, ${formatDuration(p95.total)} in 19 of 20 cases (${BASIS[basis]})`;
}

const BASIS: Readonly<Record<Basis, string>> = {
  measured: 'measured in earlier executions',
  mixed: 'measured in part, the rest estimated by kind',
  prior: 'estimated by kind, nothing was measured yet',
};

/**
 * An objective below the typical time is missed more often than not; one below
 * the p95 is said only when something was measured, as an estimate of what is
 * rare is too weak to call a wish infeasible.
 */
export function rtoFindings(rto: Millis, forecast: Forecast | undefined): readonly Finding[] {
  if (forecast === undefined) return [];
  const { p50, p95, basis } = forecast;
  const isTooShort = p50.total > rto || (basis !== 'prior' && p95.total > rto);
  if (!isTooShort) return [];
  return [
    {
      object: 'spec.objectives.rto',
      reason: 'RTOTooShort',
      message: `an RTO of ${formatDuration(rto)} is shorter than the predicted ${predicted(forecast)}; the time goes to ${whereTimeGoes(p95)}`,
      remedy: `allow ${formatDuration(roundedUp(p95.total))} or more, or shorten what takes longest`,
    },
  ];
}

/** The three slowest legs of an estimate. */
export function whereTimeGoes({ path, queueing }: Estimate): string {
  const length = ({ apply, wait }: Leg): number => apply + wait;
  const legs = path
    .filter((leg) => length(leg) > 0)
    .toSorted((a, b) => length(b) - length(a))
    .slice(0, 3)
    .map((leg) => `${leg.step} ${formatDuration(millis(length(leg)))}`);
  const busy = queueing > 0 ? [`applying so many units ${formatDuration(queueing)}`] : [];
  return [...legs, ...busy].join(', ');
}

/**
 * Captures follow each other at best with the rest that the schedule keeps, so
 * just before one is verified the point in force is two captures and a rest old.
 */
export function rpoFindings(rpo: Millis, captures: Samples): readonly Finding[] {
  const capture = nearestRank(captures, 0.95);
  if (capture === undefined) return [];
  const cycle = millis(2 * capture + shortestRest(capture));
  if (rpo >= cycle) return [];
  return [
    {
      object: 'spec.objectives.rpo',
      reason: 'RPOTooShort',
      message: `an RPO of ${formatDuration(rpo)} is shorter than the ${formatDuration(cycle)} that a point is old at best when the next is verified (captures take ${formatDuration(capture)}, p95 of ${captures.length})`,
      remedy: `allow ${formatDuration(roundedUp(cycle))} or more, or select less`,
    },
  ];
}

/** What the schedule leaves between two captures when the RPO leaves it no choice. */
function shortestRest(capture: Millis): Millis {
  return nextCapture({
    rpo: millis(0),
    last: { startedAt: tick(0), endedAt: tick(capture), took: capture },
    durations: [capture],
    consecutiveFailures: 0,
    spread: 0,
    now: tick(capture),
  }).delay;
}

/** A tenth more, in whole seconds: what is advised must hold on a slower day too. */
const roundedUp = (duration: Millis): Millis => seconds(Math.ceil(toSeconds(duration) * 1.1));
