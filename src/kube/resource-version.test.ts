import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareVersions, mayBeOutdated } from './resource-version.ts';

test('versions are in the order of their numbers, however large', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 100n }), fc.bigInt({ min: 0n, max: 2n ** 100n }), (a, b) => {
      const order = compareVersions(String(a), String(b));
      expect(Math.sign(order ?? Number.NaN)).toBe(a < b ? -1 : a > b ? 1 : 0);
    }),
  );
});

test.each(['', '-1', '012', '1.5', 'abc', ' 1'])('%j has no order', (text) => {
  expect(compareVersions(text, '1')).toBeUndefined();
  expect(compareVersions('1', text)).toBeUndefined();
});

test.each(['Gone', 'Unavailable', 'Malformed', 'Invalid'] as const)(
  'after %s the version is in doubt',
  (code) => {
    expect(mayBeOutdated(code)).toBe(true);
  },
);

test.each(['Unreachable', 'TooManyRequests'] as const)('%s says nothing of the version', (code) => {
  expect(mayBeOutdated(code)).toBe(false);
});
