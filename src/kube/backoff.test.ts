import fc from 'fast-check';
import { expect, test } from 'vitest';
import { millis, seconds } from '../domain/time.ts';
import { backoffDelay, between } from './backoff.ts';

const policy = { base: millis(200), max: seconds(60) };

test('a delay lies between half its ceiling and its ceiling, and never above the maximum', () => {
  fc.assert(
    fc.property(fc.nat(10_000), fc.double({ min: 0, max: 0.999_999, noNaN: true }), (attempt, random) => {
      const ceiling = Math.min(60_000, 200 * 2 ** Math.min(attempt, 30));
      const delay = backoffDelay(policy, attempt, () => random);
      expect(delay).toBeGreaterThanOrEqual(ceiling / 2);
      expect(delay).toBeLessThanOrEqual(ceiling);
    }),
  );
});

test('with the same randomness, delays never shrink from one attempt to the next', () => {
  const delays = Array.from({ length: 40 }, (_, attempt) => backoffDelay(policy, attempt, () => 0.5));
  expect(delays).toEqual(delays.toSorted((a, b) => a - b));
  expect(delays.at(-1)).toBe(45_000);
});

test('a duration is drawn from its range', () => {
  expect(between(seconds(10), seconds(20), () => 0)).toBe(10_000);
  expect(between(seconds(10), seconds(20), () => 0.5)).toBe(15_000);
});
