/** That a step is a step: no function and no text makes the budget mean more work than it says. */
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/object.ts';
import { anObject } from '../../../testing/objects.ts';
import { applyRules } from './apply.ts';
import { parseExpression } from './cel.ts';
import { compileRules } from './compile.ts';
import { evaluate } from './evaluate.ts';
import { FUNCTIONS } from './functions.ts';
import { Meter } from './meter.ts';
import { OPERATORS } from './operators.ts';

const UNBOUNDED = { evaluation: 1e12, rule: 1e12, total: 1e12, edges: 1e12 };

/** Texts that are as much work as can be for something: each character is a run of its own, or a near miss. */
const half = 25_000;
const TEXTS = {
  'letters in turns': 'aA'.repeat(half),
  'letters between others': 'éA'.repeat(half),
  'letters of two bytes': 'Ωa'.repeat(half),
  emoji: '😀'.repeat(half),
  'halves of emoji': '\ud83d'.repeat(2 * half),
  'one letter': 'a'.repeat(2 * half),
  space: `${' '.repeat(2 * half - 1)}x`,
};
const PARTS = ['a', 'A', 'ab', 'ba', `${'a'.repeat(9)}b`, `b${'a'.repeat(9)}`, '\ude00', ' '];

type Call = (meter: Meter) => unknown;
type Calls = (text: string) => readonly Call[];
const OPERATIONS: ReadonlyMap<string, (meter: Meter, ...args: readonly unknown[]) => unknown> = new Map([
  ...[...FUNCTIONS].map(
    ([name, run]) => [name, (meter: Meter, ...args: readonly unknown[]) => run(meter, args)] as const,
  ),
  ...Object.entries(OPERATORS).map(
    ([name, run]) => [name, (meter: Meter, a: unknown, b: unknown) => run(a, b, meter)] as const,
  ),
]);

const call =
  (name: string, ...args: readonly unknown[]): Call =>
  (meter) =>
    OPERATIONS.get(name)?.(meter, ...args);
const alone =
  (name: string): Calls =>
  (text) => [call(name, text)];
const withParts =
  (name: string): Calls =>
  (text) =>
    PARTS.map((part) => call(name, text, part));
const withItself =
  (name: string): Calls =>
  (text) => [call(name, text, `${text.slice(0, -1)}y`)];

/** Every function and operator that goes over a text, and how it is called with one. */
const READING: Readonly<Record<string, Calls>> = {
  'size/1': alone('size/1'),
  'lowerAscii/1': alone('lowerAscii/1'),
  'upperAscii/1': alone('upperAscii/1'),
  'trim/1': alone('trim/1'),
  'startsWith/2': withItself('startsWith/2'),
  'endsWith/2': withItself('endsWith/2'),
  'contains/2': withParts('contains/2'),
  'indexOf/2': withParts('indexOf/2'),
  'lastIndexOf/2': withParts('lastIndexOf/2'),
  'split/2': (text) => [...PARTS, ''].map((part) => call('split/2', text, part)),
  'substring/2': (text) => [call('substring/2', text, 0n)],
  'substring/3': (text) => [call('substring/3', text, 0n, BigInt(text.length))],
  'join/1': (text) => [call('join/1', text.split('')), call('join/1', [text, text])],
  'join/2': (text) => [call('join/2', text.split(''), '-'), call('join/2', ['', ''], text)],
  '==': withItself('=='),
  '!=': withItself('!='),
  '<': withItself('<'),
  '<=': withItself('<='),
  '>': withItself('>'),
  '>=': withItself('>='),
  '+': withItself('+'),
};
/** Those that do not, whatever they are given: a number has at most twenty digits. */
const NOT_READING: readonly string[] = ['dyn/1', 'string/1', 'int/1', 'in', '-', '*', '/', '%'];

const spentOn = (run: Call): number => {
  const meter = new Meter(UNBOUNDED);
  run(meter);
  return meter.spent;
};

it('every function and operator is known to read texts, or known not to', () => {
  expect([...Object.keys(READING), ...NOT_READING].toSorted()).toEqual([...OPERATIONS.keys()].toSorted());
});

describe.each(Object.entries(READING))('%s', (_name, calls) => {
  it.each(Object.entries(TEXTS))('pays for every 64 characters: %s', (_what, text) => {
    for (const run of calls(text)) expect(spentOn(run)).toBeGreaterThanOrEqual(text.length / 64);
  });

  // Compared with other steps of the same machine at the same time: what is
  // forbidden takes fifty times as long, what is allowed at most three times.
  it('does no more for a step than any other expression', () => {
    for (const text of Object.values(TEXTS)) {
      for (const run of calls(text)) {
        expect(nanosPerStep(run) / nanosPerStep(plainSteps)).toBeLessThan(20);
      }
    }
  });
});

const words = Array.from({ length: 500 }, (_, index) => `word-${index}`);
const plain = parseExpression("object.words.all(w, w != 'x' && w.size() > 0)", false, 'bool');
const plainSteps: Call = (meter) =>
  plain.kind === 'expression' && evaluate(plain.expression, { name: 'object', value: { words } }, meter);

/** The best of several times: the others had to wait for something else. */
function nanosPerStep(run: Call): number {
  const times = Array.from({ length: 5 }, () => {
    const start = performance.now();
    const steps = spentOn(run);
    return ((performance.now() - start) * 1e6) / steps;
  });
  return Math.min(...times);
}

describe('what a rule gives', () => {
  const listing = (items: readonly string[]): KubeObject =>
    anObject('ConfigMap', 'shop/list', { data: { items: items.join(',') } });
  const applied = (object: KubeObject) => {
    const needs = { object: "object.data.items.split(',')" };
    const compiled = compileRules([{ name: 'mine', match: 'true', needs, optional: true }]);
    if (compiled.kind === 'problems') throw new Error(compiled.problems[0].message);
    return applyRules(compiled.rules, [object]);
  };

  it.each([
    ['names of what is not there', (index: number) => `Secret/shop/s${index}`],
    ['no names', (index: number) => `s${index}`],
  ])('is paid for by what it takes to look for it: %s', (_what, item) => {
    const many = (length: number) => listing(Array.from({ length }, (_, index) => item(index)));
    expect(applied(many(1000)).findings.map(({ code }) => code)).not.toContain('OverBudget');
    expect(applied(many(20_000)).findings.map(({ code }) => code)).toEqual(['OverBudget']);
  });

  it('is shown as far as a message has room for', () => {
    const long = 'x/'.repeat(200_000);
    const [finding] = applied(listing([long])).findings;
    expect(finding?.code).toBe('NotAName');
    expect(finding?.message.length).toBeLessThan(500);
  });
});
