/**
 * Which captures start now, of those that are due: earliest deadline first
 * (Liu and Layland 1973), so many at once per source region. A region that is
 * slow or dead fills its own places only: scenarios of other regions never wait
 * for it, and there is no limit over all of them that it could exhaust.
 *
 * Within a region, those that last have places of their own: no capture gives
 * its place back before it ends, and a few that wait for snapshots or move data
 * for hours would else keep from all others what these need for seconds.
 */
import { compareText } from '../graph/sorting.ts';
import { type Millis, minutes, type Tick, tick } from '../time.ts';
import { type CaptureMemory, usualDuration } from './capture-memory.ts';

/** `unknown`: never measured, so it may turn out to be either. */
export type Length = 'short' | 'long' | 'unknown';

/** What lasts longer waits for storage, or moves data. */
const LONG = minutes(1);
/** A claim is put back by 31 RPOs at most: once mended, a scenario is to be noticed. */
const MOST_DOUBLINGS = 5;

export interface CaptureRequest {
  /** Of the scenario; at most one request each. */
  readonly key: string;
  /** The region that is read. */
  readonly region: string;
  /** See {@link claimOf}. */
  readonly deadline: Tick;
  readonly length: Length;
}

export interface RunningCapture {
  readonly region: string;
  /** As it was expected to be. */
  readonly length: Length;
  readonly lasted: Millis;
}

export interface CaptureChoice {
  /** Keys to start now, most urgent first. */
  readonly start: readonly string[];
  /** For each that has to wait: how many of its region are before it, running or with an earlier deadline. */
  readonly ahead: ReadonlyMap<string, number>;
}

/** @param lastTook what the last attempt took, whatever came of it */
export function lengthOf(lastTook: Millis | undefined, durations: readonly Millis[]): Length {
  if (lastTook === undefined && durations.length === 0) return 'unknown';
  return Math.max(lastTook ?? 0, usualDuration(durations)) > LONG ? 'long' : 'short';
}

/**
 * By when a capture is to be verified. One that fails again and again gives way:
 * its claim is no older than the last attempt, and is put back by twice as much
 * with each failure after the first. While it waits it stands still, so its turn comes.
 * @param expires when the newest verified point becomes older than the RPO
 */
export function claimOf({ last, consecutiveFailures }: CaptureMemory, rpo: Millis, expires: Tick): Tick {
  if (last === undefined || consecutiveFailures === 0) return expires;
  const doublings = Math.min(consecutiveFailures - 1, MOST_DOUBLINGS);
  return tick(Math.max(expires, last.endedAt + rpo * (2 ** doublings - 1)));
}

/**
 * @param requests those that are due and not running
 * @param perRegion how many short captures one region takes at once, and as many long ones
 */
export function chooseCaptures(
  requests: readonly CaptureRequest[],
  running: readonly RunningCapture[],
  perRegion: number,
): CaptureChoice {
  const taken = new Map<string, number>();
  const claimed = new Map<string, number>();
  const add = (counts: Map<string, number>, region: string, place: Place): void => {
    for (const name of [region, `${place} ${region}`]) counts.set(name, (counts.get(name) ?? 0) + 1);
  };
  for (const { region, length, lasted } of running)
    for (const counts of [taken, claimed]) add(counts, region, lasted > LONG ? 'long' : placeFor(length));
  const start: string[] = [];
  const ahead = new Map<string, number>();
  for (const { key, region, length } of requests.toSorted(byDeadline)) {
    const place = placeFor(length);
    const isFree = (taken.get(`${place} ${region}`) ?? 0) < perRegion;
    if (isFree && (taken.get(region) ?? 0) < perRegion * mostInAll(length)) {
      start.push(key);
      add(taken, region, place);
    } else ahead.set(key, claimed.get(isFree ? region : `${place} ${region}`) ?? 0);
    add(claimed, region, place);
  }
  return { start, ahead };
}

type Place = 'short' | 'long';

/** One of unknown length is given the benefit of the doubt; if it lasts, it frees its place for a short one. */
const placeFor = (length: Length): Place => (length === 'long' ? 'long' : 'short');

/**
 * Of a region in all, in places of one sort: of those that free their place by
 * lasting there could be any number. Only what is known to be short may use the last.
 */
const mostInAll = (length: Length): number => (length === 'short' ? 3 : 2);

const byDeadline = (a: CaptureRequest, b: CaptureRequest): number =>
  a.deadline - b.deadline || compareText(a.key, b.key);
