import { Environment } from '@marcbachmann/cel-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Gives, parseExpression } from './cel.ts';
import { evaluate } from './evaluate.ts';
import { DEFAULT_BUDGET, Meter, OverBudgetError } from './meter.ts';
import { Failure } from './values.ts';

const UNBOUNDED = { evaluation: 1e9, rule: 1e9, total: 1e9, edges: 1e9 };

function answer(text: string, object: object, gives: 'bool' | 'names' = 'bool'): unknown {
  const parsed = parseExpression(text, false, gives);
  if (parsed.kind === 'problem') throw new Error(parsed.problem.message);
  return evaluate(parsed.expression, { name: 'object', value: object }, new Meter(UNBOUNDED));
}

const web = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop', labels: { app: 'web', tier: 'front' }, annotations: {} },
  spec: {
    replicas: 3,
    ratio: 0.5,
    paused: false,
    nothing: null,
    template: {
      spec: {
        containers: [
          { name: 'web', image: 'shop/web:1.2' },
          { name: 'log', image: 'log:2' },
        ],
      },
    },
  },
};

describe('an expression on an object', () => {
  it.each([
    ["object.kind == 'Deployment' && object.metadata.name != 'db'", true],
    ["'app' in object.metadata.labels && object.metadata.labels['app'] == 'web'", true],
    ['has(object.spec.replicas) && !has(object.spec.strategy)', true],
    ['has(object.spec.strategy.type) || object.spec.replicas > 2', true],
    ['object.spec.replicas + 1 == 4 && -object.spec.replicas == -3', true],
    ['object.spec.replicas * 2 - 1 == 5 && 7 / 2 == 3 && 7 % 4 == 3', true],
    ['object.spec.replicas == 3.0 && object.spec.ratio < 1', true],
    ['object.spec.nothing == null && object.spec.paused == false', true],
    ["object.spec.template.spec.containers.exists(c, c.image.startsWith('shop/'))", true],
    ["object.spec.template.spec.containers.all(c, c.image.contains(':'))", true],
    ["object.spec.template.spec.containers.exists_one(c, c.name == 'log')", true],
    ["object.spec.template.spec.containers.filter(c, c.name == 'log').size() == 1", true],
    ["object.spec.template.spec.containers.map(c, c.name) == ['web', 'log']", true],
    ["object.spec.template.spec.containers.map(c, c.name == 'log', c.image)[0] == 'log:2'", true],
    ["object.metadata.labels.exists(l, l == 'tier') && size(object.metadata.labels) == 2", true],
    ["object.metadata.name.split('e')[1] == 'b' && ['a', 'b'].join('-') == 'a-b'", true],
    ["object.metadata.name.substring(1) == 'eb' && object.metadata.name.substring(0, 1) == 'w'", true],
    ["object.metadata.name.indexOf('b') == 2 && 'aXa'.lastIndexOf('a') == 2", true],
    ["'Ab'.lowerAscii() == 'ab' && 'Ab'.upperAscii() == 'AB' && ' a '.trim() == 'a'", true],
    ["string(object.spec.replicas) == '3' && int('12') == 12 && size('ä😀') == 2", true],
    ["object.metadata.name == 'web' ? object.spec.replicas >= 3 : false", true],
    ["object.metadata.name <= 'web' && 'a' < 'b' && !('b' < 'a')", true],
    ['object.kind == 3 || object.metadata == object.spec || [1, [2]] == [1, [3]]', false],
    ['object.metadata == object.metadata && object.spec.template == object.spec.template', true],
  ])('%s is %s', (text, expected) => {
    expect(answer(text, web)).toBe(expected);
  });

  it.each([
    ['object.spec.strategy.type == 1', 'there is no strategy'],
    ["object.kind.name == 'x'", 'there is no name in a text'],
    ['object.constructor == object', 'there is no constructor'],
    ['object.spec.template.spec.containers[2] == 1', 'there is no item 2'],
    ['object.spec.replicas / 0 == 1', 'divided by zero'],
    ['9223372036854775807 + 1 == 1', 'grows too large'],
    ['object.kind + 1 == object.kind', 'a text and a number cannot be reckoned together'],
    ['object.kind < object.spec', 'a text cannot be compared with a map'],
    ['object.kind ? true : false', 'true or false is needed, not a text'],
    ['object.kind.all(k, true)', 'a text has no items'],
    ["object.spec.replicas.contains('x')", 'a function does not take a number and a text'],
    ["int('twelve') == 1", 'not a whole number'],
  ])('%s has no result, because %s', (text, reason) => {
    const result = answer(text, web);
    expect(result).toBeInstanceOf(Failure);
    expect(result instanceof Failure && result.message).toContain(reason);
  });

  it('is decided by one side of && and ||, and by one item of all and exists, whatever the others are', () => {
    const failing = 'object.spec.strategy.type';
    expect(answer(`${failing} || object.kind == 'Deployment'`, web)).toBe(true);
    expect(answer(`${failing} && object.kind == 'Job'`, web)).toBe(false);
    expect(
      answer("object.spec.template.spec.containers.exists(c, c.ports == 1 || c.name == 'log')", web),
    ).toBe(true);
    expect(answer(`${failing} || object.kind == 'Job'`, web)).toBeInstanceOf(Failure);
  });

  it('gives a text, or a list of texts, that names objects', () => {
    expect(answer("'Secret/' + object.metadata.namespace + '/' + object.metadata.name", web, 'names')).toBe(
      'Secret/shop/web',
    );
    expect(
      answer("object.spec.template.spec.containers.map(c, 'ConfigMap/shop/' + c.name)", web, 'names'),
    ).toEqual(['ConfigMap/shop/web', 'ConfigMap/shop/log']);
  });
});

describe('compared with the library that reads the expressions', () => {
  const library = new Environment({ homogeneousAggregateLiterals: false }).registerVariable(
    'object',
    'map<string, dyn>',
  );
  const word = fc.constantFrom('a', 'b', 'ab', 'shop', '');
  const object = fc.record({
    t: word,
    u: word,
    n: fc.bigInt({ min: -3n, max: 3n }),
    l: fc.array(word, { maxLength: 4 }),
    m: fc.dictionary(fc.constantFrom('a', 'b'), word),
  });
  const text = fc.oneof(
    fc.constantFrom('object.t', 'object.u', "'a'", "''"),
    fc.constantFrom('object.t + object.u', "object.l.join('b')", 'object.t.upperAscii()', 'object.m.a'),
  );
  const list = fc.constantFrom(
    'object.l',
    "object.t.split('b')",
    "object.l + ['a']",
    'object.l.map(x, x + object.t)',
    "object.l.filter(x, x.contains('a'))",
    "object.l.map(x, x != 'a', x)",
  );
  const atom = fc.oneof(
    fc.tuple(text, fc.constantFrom('==', '!=', '<', '>='), text).map((parts) => parts.join(' ')),
    fc
      .tuple(text, fc.constantFrom('startsWith', 'endsWith', 'contains'), text)
      .map(([a, f, b]) => `(${a}).${f}(${b})`),
    fc.tuple(text, list).map(([a, l]) => `${a} in ${l}`),
    fc
      .tuple(fc.constantFrom('all', 'exists', 'exists_one'), list, text)
      .map(([q, l, a]) => `(${l}).${q}(x, x == ${a})`),
    fc.constantFrom(
      'object.n / object.n == 1',
      'object.n % 2 == 1',
      'has(object.m.b)',
      'size(object.l) > object.n',
    ),
    fc.constantFrom("object.m.exists(k, k == 'a')", 'object.l[0] == object.t', 'object.missing.field == 1'),
  );
  const expression = fc
    .array(fc.tuple(atom, fc.constantFrom('&&', '||'), fc.constantFrom('', '!')), {
      minLength: 1,
      maxLength: 4,
    })
    .map((parts) =>
      parts.map(([a, , bang]) => `${bang}(${a})`).reduce((l, r, i) => `(${l}) ${parts[i]?.[1]} ${r}`),
    );

  it('every expression has the same result, or none in both', () => {
    let decided = 0;
    fc.assert(
      fc.property(expression, object, (source, value) => {
        let expected: unknown;
        try {
          expected = library.evaluate(source, { object: value });
        } catch {
          expected = 'none';
        }
        const actual = answer(source, value);
        if (typeof actual === 'boolean') decided += 1;
        expect(actual instanceof Failure ? 'none' : actual).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
    expect(decided).toBeGreaterThan(300);
  });
});

describe('whatever is written', () => {
  const words =
    'object other x ( ) [ ] { } . , : ? ! - + * / % && || == != < in true null 1 2.5 0x1u .all(x, .map(x, .exists(x, .filter(x, has( size( object.l .join() .kind [0] cel.bind(x, dyn( type( // é';
  const piece = fc.constantFrom(
    ...words.split(' '),
    ' ',
    '\\',
    '\n',
    "'a'",
    "b'a'",
    'r"',
    '.split("")',
    '.matches("(a+)+$")',
  );
  const soup = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''));
  const balanced = fc.letrec<{ any: string }>((tie) => ({
    any: fc.oneof(
      { depthSize: 'medium', withCrossShrink: true },
      fc.constantFrom('object', 'object.l', 'x', "'a'", '1', 'true', '[]', 'object.kind'),
      fc
        .tuple(tie('any'), fc.constantFrom('+', '==', '&&', '||', 'in', '<'), tie('any'))
        .map((t) => `(${t.join(' ')})`),
      fc
        .tuple(tie('any'), fc.constantFrom('all', 'exists', 'map', 'filter'), tie('any'))
        .map(([l, m, b]) => `(${l}).${m}(x, ${b})`),
      fc.tuple(tie('any'), tie('any'), tie('any')).map(([c, a, b]) => `(${c} ? ${a} : ${b})`),
    ),
  })).any;
  const big = { kind: 'a'.repeat(1000), l: Array.from({ length: 500 }, (_, index) => `${index}`) };
  const budget = { ...DEFAULT_BUDGET, evaluation: 2000 };

  function end(text: string, gives: Gives): 'refused' | 'failed' | 'done' | 'stopped' {
    const parsed = parseExpression(text, false, gives);
    if (parsed.kind === 'problem') return 'refused';
    const meter = new Meter(budget);
    meter.startRule();
    try {
      const result = evaluate(parsed.expression, { name: 'object', value: big }, meter);
      return result instanceof Failure ? 'failed' : 'done';
    } catch (error) {
      if (error instanceof OverBudgetError) return 'stopped';
      throw error;
    }
  }

  it('is refused, or has a result, or is stopped by the budget', () => {
    fc.assert(
      fc.property(fc.oneof(soup, balanced), fc.constantFrom<Gives>('bool', 'names'), (text, gives) => {
        expect(['refused', 'failed', 'done', 'stopped']).toContain(end(text, gives));
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['refused', 'object.'],
    ['failed', 'object.missing == 1'],
    ['done', "object.kind == 'b'"],
    ['stopped', 'object.l.all(x, object.l.exists(y, x == y))'],
  ])('can end %s: %s', (how, text) => {
    expect(end(text, 'bool')).toBe(how);
  });
});
