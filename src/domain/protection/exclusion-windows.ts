/**
 * The hours in which the user wants no capture to start. Windows are in local
 * time of a zone, so the hour that daylight saving skips or repeats belongs to
 * a window like any other.
 */
import { type Instant, instant, minutes } from '../time.ts';

export interface Window {
  /** `02:30`, local time. */
  readonly from: string;
  /** Earlier than `from`: on the next day. */
  readonly to: string;
  /** `Mon` to `Sun`, on which it starts; every day when undefined. */
  readonly days?: readonly string[] | undefined;
  /** IANA name. */
  readonly timeZone: string;
}

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const DAY_MINUTES = 24 * 60;
/** As far as is looked ahead: windows that leave nothing open for so long are taken to be closed for ever. */
const HORIZON_DAYS = 8;
const STEPS = HORIZON_DAYS * DAY_MINUTES;

/** @returns a problem naming the zone, or undefined when it is known */
export function timeZoneProblem(timeZone: string): string | undefined {
  try {
    clockOf(timeZone);
    return undefined;
  } catch {
    return `there is no time zone ${timeZone}: write an IANA name such as Europe/Paris`;
  }
}

/**
 * The first minute from `moment` on that is in no window; `moment` itself when it is in none.
 * @returns undefined when the windows leave no minute of the next eight days open
 * @throws RangeError for a time zone that {@link timeZoneProblem} refuses
 */
export function firstOpen(windows: readonly Window[], moment: Instant): Instant | undefined {
  const isOpen = openness(windows);
  if (isOpen(moment)) return moment;
  // Minute by minute: at most 11,520 steps, and right across every change of the clocks.
  const firstMinute = Math.floor(moment / minutes(1) + 1) * minutes(1);
  for (let step = 0; step < STEPS; step += 1) {
    const next = instant(firstMinute + step * minutes(1));
    if (isOpen(next)) return next;
  }
  return undefined;
}

/**
 * When the windows that `moment` is in have begun: every minute from then on is
 * in one; undefined when it is in none, or they began more than eight days before.
 * @throws RangeError for a time zone that {@link timeZoneProblem} refuses
 */
export function closedSince(windows: readonly Window[], moment: Instant): Instant | undefined {
  const isOpen = openness(windows);
  if (isOpen(moment)) return undefined;
  const minute = Math.floor(moment / minutes(1)) * minutes(1);
  for (let step = 1; step < STEPS; step += 1)
    if (isOpen(instant(minute - step * minutes(1)))) return instant(minute - (step - 1) * minutes(1));
  return undefined;
}

/** Whether a moment is in no window. */
function openness(windows: readonly Window[]): (at: Instant) => boolean {
  const clocks = new Map(windows.map(({ timeZone }) => [timeZone, clockOf(timeZone)]));
  return (at) => {
    const times = new Map([...clocks].map(([timeZone, clock]) => [timeZone, localTime(clock, at)]));
    return !windows.some((window) => covers(window, times.get(window.timeZone)));
  };
}

interface LocalTime {
  /** 0 for Monday. */
  readonly day: number;
  /** Of the day. */
  readonly minute: number;
}

function covers({ from, to, days }: Window, time: LocalTime | undefined): boolean {
  if (time === undefined) return false;
  const { day, minute } = time;
  const start = minuteOf(from);
  const end = minuteOf(to);
  const startsOn = (index: number): boolean =>
    days === undefined || days.includes(DAYS[(index + DAYS.length) % DAYS.length] ?? '');
  if (start < end) return startsOn(day) && minute >= start && minute < end;
  return (startsOn(day) && minute >= start) || (startsOn(day - 1) && minute < end);
}

function minuteOf(time: string): number {
  const [hours, rest] = time.split(':');
  return Number(hours) * 60 + Number(rest);
}

function clockOf(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
}

function localTime(clock: Intl.DateTimeFormat, moment: Instant): LocalTime {
  const parts = new Map(clock.formatToParts(moment).map(({ type, value }) => [type, value]));
  return {
    day: DAYS.indexOf(parts.get('weekday') ?? ''),
    minute: minuteOf(`${parts.get('hour')}:${parts.get('minute')}`),
  };
}
