/**
 * Time in named units. A bare `number` never says whether it is seconds or
 * milliseconds, nor whether it may be compared with one from another machine.
 */

declare const unit: unique symbol;
/** A length of time in milliseconds. */
export type Millis = number & { readonly [unit]: 'ms' };
/** A wall-clock moment: milliseconds since 1970 on *this* machine's clock. For display and records. */
export type Instant = number & { readonly [unit]: 'epoch-ms' };
/**
 * A moment on this process's monotonic clock. The only kind of moment that
 * decisions about ages may use: wall clocks jump and differ between machines.
 */
export type Tick = number & { readonly [unit]: 'monotonic-ms' };

/** Source of time; passed to whatever needs it, never imported. */
export interface Clock {
  now(): Instant;
  tick(): Tick;
  /** Resolves after `delay`, or rejects with the signal's reason when aborted first. */
  sleep(delay: Millis, signal: AbortSignal): Promise<void>;
}

export const millis = (value: number): Millis => value as Millis;
export const seconds = (value: number): Millis => (value * 1000) as Millis;
export const minutes = (value: number): Millis => (value * 60_000) as Millis;
export const toSeconds = (duration: Millis): number => duration / 1000;
export const instant = (epochMillis: number): Instant => epochMillis as Instant;
/** For implementations of {@link Clock}; everyone else gets ticks from one. */
export const tick = (monotonicMillis: number): Tick => monotonicMillis as Tick;

/** Time elapsed on one monotonic clock. */
export const between = (earlier: Tick, later: Tick): Millis => (later - earlier) as Millis;
/** Wall-clock difference; for reports only, both moments from the same machine. */
export const elapsed = (earlier: Instant, later: Instant): Millis => (later - earlier) as Millis;

export const toRfc3339 = (moment: Instant): string => new Date(moment).toISOString();

/** @returns undefined when `text` is not an RFC 3339 time. */
export function fromRfc3339(text: string): Instant | undefined {
  const value = Date.parse(text);
  return Number.isNaN(value) ? undefined : instant(value);
}

const UNIT_MILLIS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
const DURATION = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;

/**
 * Parses `90s`, `5m`, `1h30m`, `250ms` (Go's notation, whole numbers, largest unit first).
 * @returns undefined when `text` is anything else, the empty string included.
 */
export function parseDuration(text: string): Millis | undefined {
  const match = DURATION.exec(text);
  if (text === '' || match === null) return undefined;
  const names = ['h', 'm', 's', 'ms'];
  let total = 0;
  for (const [index, name] of names.entries())
    total += Number(match[index + 1] ?? 0) * (UNIT_MILLIS[name] ?? 0);
  return millis(total);
}

/** Writes a duration the way {@link parseDuration} reads it, rounded to whole seconds from one second up. */
export function formatDuration(duration: Millis): string {
  if (duration < 1000) return `${Math.round(duration)}ms`;
  let rest = Math.round(duration / 1000);
  let text = '';
  for (const [name, size] of [
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) text += `${count}${name}`;
  }
  return text;
}
