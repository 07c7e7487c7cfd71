import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Instant, instant } from '../time.ts';
import { closedSince, firstOpen, timeZoneProblem, type Window } from './exclusion-windows.ts';

const at = (text: string): Instant => instant(Date.parse(text));
const window = (changes: Partial<Window> = {}): Window => ({
  from: '02:00',
  to: '03:00',
  timeZone: 'UTC',
  ...changes,
});
const openAt = (windows: readonly Window[], text: string): string | undefined => {
  const open = firstOpen(windows, at(text));
  return open === undefined ? undefined : new Date(open).toISOString();
};

describe('exclusion windows', () => {
  it.each([
    ['before it', '2026-11-23T01:59:59.999Z', '2026-11-23T01:59:59.999Z'],
    ['at its start', '2026-11-23T02:00:00.000Z', '2026-11-23T03:00:00.000Z'],
    ['inside', '2026-11-23T02:30:12.345Z', '2026-11-23T03:00:00.000Z'],
    ['at its end', '2026-11-23T03:00:00.000Z', '2026-11-23T03:00:00.000Z'],
  ])('open when it should be: %s', (_what, moment, open) => {
    expect(openAt([window()], moment)).toBe(open);
  });

  it('run over midnight, on the days they start on', () => {
    const friday = window({ from: '22:00', to: '04:00', days: ['Fri'] });

    expect(openAt([friday], '2026-11-27T23:00:00.000Z')).toBe('2026-11-28T04:00:00.000Z');
    expect(openAt([friday], '2026-11-28T23:00:00.000Z')).toBe('2026-11-28T23:00:00.000Z');
    expect(openAt([friday], '2026-11-27T01:00:00.000Z')).toBe('2026-11-27T01:00:00.000Z');
  });

  it('are in local time, with its daylight saving', () => {
    const paris = window({ timeZone: 'Europe/Paris', from: '02:00', to: '04:00' });

    // Clocks go from 02:00 to 03:00: the window lasts one hour.
    expect(openAt([paris], '2026-03-29T01:00:00.000Z')).toBe('2026-03-29T02:00:00.000Z');
    // They go from 03:00 back to 02:00: it lasts three.
    expect(openAt([paris], '2026-10-25T00:00:00.000Z')).toBe('2026-10-25T03:00:00.000Z');
  });

  it.each([
    ['none', '2026-11-23T01:59:59.999Z', undefined],
    ['one', '2026-11-23T02:30:12.345Z', '2026-11-23T02:00:00.000Z'],
    ['one that has just begun', '2026-11-23T02:00:00.000Z', '2026-11-23T02:00:00.000Z'],
    ['the second of two that follow each other', '2026-11-23T04:10:00.000Z', '2026-11-23T02:00:00.000Z'],
  ])('tell since when they last: %s', (_what, moment, since) => {
    const closed = closedSince([window(), window({ from: '03:00', to: '05:30' })], at(moment));

    expect(closed).toBe(since === undefined ? undefined : at(since));
  });

  it('that follow each other are one', () => {
    expect(openAt([window(), window({ from: '03:00', to: '05:30' })], '2026-11-23T02:10:00.000Z')).toBe(
      '2026-11-23T05:30:00.000Z',
    );
  });

  it('that leave nothing open say so', () => {
    expect(
      openAt(
        [window({ from: '00:00', to: '12:00' }), window({ from: '12:00', to: '00:00' })],
        '2026-11-23T02:10:00.000Z',
      ),
    ).toBeUndefined();
  });

  it('name a time zone that there is not', () => {
    expect(timeZoneProblem('Europe/Paris')).toBeUndefined();
    expect(timeZoneProblem('Mars/Olympus')).toContain('Mars/Olympus');
  });

  it('never move a capture back in time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), fc.nat(1439), fc.nat(1439), (moment, from, to) => {
        const text = (minute: number): string =>
          `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
        const open = firstOpen([window({ from: text(from), to: text(to) })], instant(moment));
        expect(open ?? Infinity).toBeGreaterThanOrEqual(moment);
      }),
      { numRuns: 30 },
    );
  });
});
