/**
 * Decides what one observation means: judges the region, checks that it is not
 * the observer that is lost, and lets time pass before anything is concluded.
 * Pure: everything remembered comes in as memory and goes out as memory.
 */
import type { Verdict } from '../../api/v1alpha1/region-health.ts';
import { type Pending, settle } from '../../domain/health/hysteresis.ts';
import {
  type Elsewhere,
  isolationSuspected,
  lookElsewhere,
  type Sighting,
} from '../../domain/health/isolation.ts';
import { isFaltering } from '../../domain/health/probe-history.ts';
import { ageObservations, decideQuorum, type Observation } from '../../domain/health/quorum.ts';
import { judgeRegion, type RawVerdict } from '../../domain/health/region.ts';
import { formatDuration, type Millis, millis, seconds } from '../../domain/time.ts';
import { collect } from './evidence.ts';
import type { Sights, ValidSubject } from './gather.ts';
import type { RegionMemory } from './memory.ts';

export interface Decision {
  readonly memory: RegionMemory;
  readonly raw: RawVerdict;
  readonly verdict: Verdict;
  /** Why, for people. */
  readonly message: string;
  readonly isolated: boolean;
  /** The kubeconfig leads elsewhere than to the cluster that nodes of the region were seen in. */
  readonly anotherCluster: boolean;
  readonly observation: Observation;
  /** What other regions may learn from this observation; undefined when there was no way to see anything. */
  readonly sighting: Sighting | undefined;
  /** From the beginning of this observation to the beginning of the next. */
  readonly next: Millis;
}

/** Doubts are settled sooner than the next interval. */
const RECHECK = seconds(1);
/** Status is refreshed at least this often, so other observers may wait three times as long for news. */
export const PUBLISH_AT_LEAST_EVERY = seconds(30);
/** Steps in which the quiet time of a recovering region is told. */
const QUIET_STEP = seconds(30);
/** There is one observer in this version of the API. */
const REQUIRED_OBSERVERS = 1;

/**
 * @param sightings the newest of every region that this process watches
 * @param observer the name of this observer
 */
export function decide(
  subject: ValidSubject,
  sights: Sights,
  memory: RegionMemory,
  sightings: Iterable<Sighting>,
  observer: string,
): Decision {
  const { spec, rules, object } = subject;
  const { at } = sights;
  const { evidence, probes, zones, cluster } = collect(spec.region, sights, memory);
  const raw = judgeRegion(evidence, rules.region);
  const sighting = sightingOf(subject, sights);
  const elsewhere = lookElsewhere(sightings, object.metadata.name, memory.health.suspectedSince, at);
  const isolated = sighting !== undefined && isolationSuspected(sighting, elsewhere);
  const mayFail = sighting?.contact === true || elsewhere.kind === 'alone' || elsewhere.kind === 'contact';
  const judgement = isolated ? NOTHING : raw;
  const { state, pending } = settle(memory.health, judgement, rules.timing, mayFail, at);
  const own: Observation = {
    observer,
    sequence: memory.sequence + 1,
    verdict: state.verdict,
    controlPlaneReachable: sights.controlPlane.kind === 'answers',
    message: isolated
      ? isolationMessage(object.metadata.name, elsewhere, state.verdict)
      : tell(raw, state.verdict, pending, mayFail ? undefined : elsewhere, subject),
  };
  const ages = ageObservations(memory.ages, [own], observer, at);
  const staleAfter = millis(3 * Math.max(rules.interval, PUBLISH_AT_LEAST_EVERY));
  const quorum = decideQuorum([own], ages, { required: REQUIRED_OBSERVERS, staleAfter }, at);
  const message = quorum.message === '' ? own.message : `${own.message}; ${quorum.message}`;
  const doubtful = [...probes.values()].some(isFaltering);
  return {
    memory: { ...memory, health: state, probes, zones, cluster, sequence: own.sequence, ages },
    raw,
    verdict: quorum.verdict,
    message,
    isolated,
    anotherCluster: evidence.controlPlane.kind === 'answers' && evidence.controlPlane.another,
    observation: own,
    sighting,
    next: nextLook(rules.interval, pending, doubtful),
  };
}

/** What an observation is worth that was made by an observer which is probably cut off. */
const NOTHING = { verdict: 'Unknown', provisional: 'Unknown', suspected: false } as const;

function sightingOf({ object, rules }: ValidSubject, sights: Sights): Sighting | undefined {
  const blind = sights.controlPlane.kind === 'silent' && sights.controlPlane.reason === 'NotAsked';
  if (blind && sights.probes.length === 0) return undefined;
  const answered = sights.controlPlane.kind === 'answers' || sights.controlPlane.contact;
  const contact = answered || sights.probes.some(({ outcome }) => outcome.kind === 'passed');
  return { region: object.metadata.name, at: sights.at, contact, freshFor: rules.timing.maxGap };
}

function isolationMessage(region: string, elsewhere: Elsewhere, verdict: Verdict): string {
  const others = elsewhere.kind === 'nothing' ? elsewhere.regions : [];
  const silent = [region, ...others].toSorted().join(', ');
  const kept = verdict === 'Failed' ? '; the verdict of before stands' : '; nothing is concluded';
  return `no watched region shows any sign of life (${silent}), so this observer is probably cut off${kept}`;
}

/** @param held what a region that is due to fail still waits for */
function tell(
  raw: RawVerdict,
  verdict: Verdict,
  pending: Pending,
  held: Elsewhere | undefined,
  { spec, rules }: ValidSubject,
): string {
  const { timing } = rules;
  switch (pending.kind) {
    case 'none': {
      const stays = verdict === 'Failed' && raw.verdict !== 'Failed';
      if (!stays) return raw.message;
      return `${raw.message}; stays Failed until it has looked well for ${spec.failure.recoverAfter}`;
    }
    case 'failing': {
      const waiting = held?.kind === 'waiting' ? held.regions.join(', ') : '';
      const lasted = `${raw.message}; for ${formatDuration(pending.elapsed)}, Failed after ${formatDuration(timing.failFor)}`;
      return waiting === '' ? lasted : `${lasted}, once another region was looked at again (${waiting})`;
    }
    case 'recovering': {
      const quiet = millis(Math.floor(pending.elapsed / QUIET_STEP) * QUIET_STEP);
      return `${raw.message}; for ${formatDuration(quiet)}, recovered after ${formatDuration(timing.recoverAfter)}`;
    }
  }
}

/** The end of a running time is not missed by waiting for the next interval. */
function nextLook(interval: Millis, pending: Pending, doubtful: boolean): Millis {
  const soon = doubtful ? RECHECK : interval;
  if (pending.kind === 'none') return millis(Math.min(interval, soon));
  const due = pending.remaining === 0 ? RECHECK : pending.remaining;
  return millis(Math.min(interval, soon, due));
}
