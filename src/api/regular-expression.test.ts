import { describe, expect, it } from 'vitest';
import { patternProblem } from './regular-expression.ts';

describe('patternProblem', () => {
  it.each([/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, /^(?:\d{1,3}\.){3}$/, /^\/[^\0]*$/, /^\\1$/])(
    'finds nothing in %s',
    (pattern) => {
      expect(patternProblem(pattern.source)).toBeUndefined();
    },
  );

  it.each([
    [/^(?!a)b$/, 'look-around'],
    [/^(?<=a)b$/, 'look-around'],
    [/^(?<name>a)$/, 'named groups'],
    [/^(a)\1$/, 'back references'],
    [/^\u0041$/, 'escapes'],
    [/^[^]$/, 'an empty class'],
    [/^a{2,1001}$/, 'repeats more than 1000 times'],
    [/a/, 'not anchored'],
  ])('refuses %s for %s', (pattern, problem) => {
    expect(patternProblem(pattern.source)).toContain(problem);
  });
});
