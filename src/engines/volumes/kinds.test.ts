import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contentName, formerContentName } from './kinds.ts';

const POINT = 'dr-shop-20261123120000';

test('contents of claims whose namespaces and names join to the same text have names of their own', () => {
  const cache = { namespace: 'shop', name: 'cache-data' };
  const data = { namespace: 'shop-cache', name: 'data' };
  expect(formerContentName(POINT, cache)).toBe(formerContentName(POINT, data));
  for (const purpose of ['check', 'restore'] as const)
    expect(contentName(purpose, POINT, cache)).not.toBe(contentName(purpose, POINT, data));
});

test('no two claims or points share the name of a content, however they join, and every name is one that Kubernetes takes', () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9]{0,3}$/);
  const long = fc.integer({ min: 1, max: 200 }).map((length) => 'a'.repeat(length));
  const words = fc.array(fc.oneof(word, long), { minLength: 3, maxLength: 6 });
  const cut = fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 3 }));
  fc.assert(
    fc.property(words, cut, cut, (all, one, other) => {
      const [a, b] = [split(all, one), split(all, other)];
      const [first, second] = [contentName('restore', a.point, a), contentName('restore', b.point, b)];
      expect(first === second).toBe(JSON.stringify(a) === JSON.stringify(b));
      expect(first).toMatch(/^[a-z0-9][-a-z0-9]{0,251}[a-z0-9]$/);
    }),
  );
});

/** Words that are joined to three texts, so that all of them joined always read alike. */
function split(words: readonly string[], [first, second]: readonly [number, number]) {
  const a = 1 + (first % (words.length - 2));
  const b = a + 1 + (second % (words.length - a - 1));
  const [namespace = '', name = '', point = ''] = [words.slice(0, a), words.slice(a, b), words.slice(b)].map(
    (part) => part.join('-'),
  );
  return { namespace, name, point };
}
