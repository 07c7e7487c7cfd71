import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, objectDigest, sha256 } from './digest.ts';

test('canonical JSON says the same as JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('canonical JSON is the same whatever order the fields came in, and sorted by code unit', () => {
  const fields = fc.uniqueArray(fc.tuple(fc.string(), fc.jsonValue()), { selector: ([key]) => key });
  fc.assert(
    fc.property(fields, (entries) => {
      const [one, other] = [entries, entries.toReversed()].map((some) => ({
        inner: Object.fromEntries(some),
      }));
      expect(canonicalJson(one)).toBe(canonicalJson(other));
    }),
  );
  expect(canonicalJson({ b: 1, '0': 2, '-': 3, a: [{ d: 1, c: 2 }] })).toBe(
    '{"-":3,"0":2,"a":[{"c":2,"d":1}],"b":1}',
  );
});

test('fields that are undefined are left out, and a key __proto__ is a key', () => {
  expect(canonicalJson({ b: undefined, a: [undefined], c: null })).toBe('{"a":[null],"c":null}');
  expect(canonicalJson(JSON.parse('{"__proto__":{"x":1}}'))).toBe('{"__proto__":{"x":1}}');
});

test('an object has the same digest whenever it is asked for, and another one after a change', () => {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { a: '1' } };
  const digest = objectDigest(object);
  expect(digest).toBe(objectDigest(object));
  expect(digest).toBe(
    sha256('{"apiVersion":"v1","data":{"a":"1"},"kind":"ConfigMap","metadata":{"name":"a"}}'),
  );
  expect(objectDigest({ ...object, data: { a: '2' } })).not.toBe(digest);
});
