import { expect, test } from 'vitest';
import { firstFew } from './first-few.ts';

test.each([
  [[], ''],
  [['a', 'b'], 'a, b'],
  [['a', 'b', 'c', 'd'], 'a, b and 2 more'],
])('of %j two are told, and the others counted', (texts, told) => {
  expect(firstFew(texts, 2)).toBe(told);
});
