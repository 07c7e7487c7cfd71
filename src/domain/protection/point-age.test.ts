import { expect, test } from 'vitest';
import { millis, minutes } from '../time.ts';
import { currentAsOf, isAhead } from './point-age.ts';

const at = (text: string) => Date.parse(text);
const noon = '2026-03-01T12:00:00Z';
const later = '2026-03-01T12:30:00.000Z';

test('a point is current as of its capture, or of the last look that found nothing changed', () => {
  expect(currentAsOf({ capturedAt: noon })).toBe(at(noon));
  expect(currentAsOf({ capturedAt: noon, confirmedAt: later })).toBe(at(later));
});

test('a point that a clock has dated ahead is current as of the last look at it', () => {
  expect(currentAsOf({ capturedAt: later, confirmedAt: noon })).toBe(at(noon));
});

test('an age below zero is not known, but for the little by which clocks differ', () => {
  expect([minutes(1), millis(0), millis(-60_000)].map(isAhead)).toEqual([false, false, false]);
  expect(isAhead(millis(-60_001))).toBe(true);
});

test('times that cannot be read say nothing', () => {
  expect(currentAsOf({ capturedAt: 'soon', confirmedAt: noon })).toBeUndefined();
  expect(currentAsOf({ capturedAt: noon, confirmedAt: 'soon' })).toBe(at(noon));
});
