import { describe, expect, it } from 'vitest';
import { applyOperation, type Operation, parsePointer, valueAt } from './patch.ts';

const at = (text: string) => parsePointer(text) ?? [];
const apply = (document: unknown, operation: Operation) => applyOperation(document, operation);
const patched = (value: unknown) => ({ kind: 'patched', value });

describe('the examples of RFC 6902, appendix A', () => {
  it('A.1 adds a member of an object', () => {
    const operation: Operation = { op: 'add', path: at('/baz'), value: 'qux' };
    expect(apply({ foo: 'bar' }, operation)).toEqual(patched({ baz: 'qux', foo: 'bar' }));
  });

  it('A.2 adds an element of an array', () => {
    const operation: Operation = { op: 'add', path: at('/foo/1'), value: 'qux' };
    expect(apply({ foo: ['bar', 'baz'] }, operation)).toEqual(patched({ foo: ['bar', 'qux', 'baz'] }));
  });

  it('A.3 removes a member of an object', () => {
    expect(apply({ baz: 'qux', foo: 'bar' }, { op: 'remove', path: at('/baz') })).toEqual(
      patched({ foo: 'bar' }),
    );
  });

  it('A.4 removes an element of an array', () => {
    expect(apply({ foo: ['bar', 'qux', 'baz'] }, { op: 'remove', path: at('/foo/1') })).toEqual(
      patched({ foo: ['bar', 'baz'] }),
    );
  });

  it('A.5 replaces a value', () => {
    const operation: Operation = { op: 'replace', path: at('/baz'), value: 'boo' };
    expect(apply({ baz: 'qux', foo: 'bar' }, operation)).toEqual(patched({ baz: 'boo', foo: 'bar' }));
  });

  it('A.8 tests a value with success', () => {
    const document = { baz: 'qux', foo: ['a', 2, 'c'] };
    expect(apply(document, { op: 'test', path: at('/baz'), value: 'qux' })).toEqual(patched(document));
    expect(apply(document, { op: 'test', path: at('/foo/1'), value: 2 })).toEqual(patched(document));
  });

  it('A.9 tests a value with an error', () => {
    expect(apply({ baz: 'qux' }, { op: 'test', path: at('/baz'), value: 'bar' })).toMatchObject({
      kind: 'failed',
      reason: 'finds another value',
    });
  });

  it('A.10 adds a nested member', () => {
    const operation: Operation = { op: 'add', path: at('/child'), value: { grandchild: {} } };
    expect(apply({ foo: 'bar' }, operation)).toEqual(patched({ foo: 'bar', child: { grandchild: {} } }));
  });

  it('A.12 does not add to a target that is not there', () => {
    expect(apply({ foo: 'bar' }, { op: 'add', path: at('/baz/bat'), value: 'qux' }).kind).toBe('failed');
  });

  it('A.14 knows ~0 and ~1', () => {
    const document = { '/': 9, '~1': 10 };
    expect(apply(document, { op: 'test', path: at('/~01'), value: 10 })).toEqual(patched(document));
  });

  it('A.15 tells texts from numbers', () => {
    const document = { '/': 9, '~1': 10 };
    expect(apply(document, { op: 'test', path: at('/~01'), value: '10' }).kind).toBe('failed');
  });

  it('A.16 adds an array to the end of an array', () => {
    const operation: Operation = { op: 'add', path: at('/foo/-'), value: ['abc', 'def'] };
    expect(apply({ foo: ['bar'] }, operation)).toEqual(patched({ foo: ['bar', ['abc', 'def']] }));
  });
});

describe('pointers', () => {
  it.each(['', 'spec', '/a~2b', '/a~'])('does not take %j for one', (text) => {
    expect(parsePointer(text)).toBeUndefined();
  });

  it.each(['01', '-1', '1e0', '2', '-'])('takes %s for no element of a list of two', (token) => {
    expect(apply({ list: ['a', 'b'] }, { op: 'remove', path: ['list', token] }).kind).toBe('failed');
    expect(valueAt({ list: ['a', 'b'] }, ['list', token])).toBeUndefined();
  });

  it('reads own fields only', () => {
    expect(valueAt({}, ['constructor'])).toBeUndefined();
    expect(apply({}, { op: 'replace', path: ['toString'], value: 1 }).kind).toBe('failed');
  });

  it('sets a field called __proto__ like any other', () => {
    const result = apply({}, { op: 'add', path: ['__proto__'], value: { polluted: true } });
    expect(JSON.stringify(result)).toContain('"__proto__":{"polluted":true}');
    expect({}).not.toHaveProperty('polluted');
  });
});

it('tests maps without regard to the order of their fields, lists with regard to it', () => {
  const document = { map: { a: 1, b: [1, 2] } };
  const test = (value: unknown) => apply(document, { op: 'test', path: ['map'], value }).kind;
  expect(test({ b: [1, 2], a: 1 })).toBe('patched');
  expect(test({ b: [2, 1], a: 1 })).toBe('failed');
  expect(test({ a: 1, b: [1, 2], c: 1 })).toBe('failed');
});

it('changes nothing in place', () => {
  const document = { list: [{ a: 1 }] };
  apply(document, { op: 'replace', path: at('/list/0/a'), value: 2 });
  apply(document, { op: 'add', path: at('/list/-'), value: 2 });
  apply(document, { op: 'remove', path: at('/list/0') });
  expect(document).toEqual({ list: [{ a: 1 }] });
});
