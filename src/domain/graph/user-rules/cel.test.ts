import { describe, expect, it } from 'vitest';
import { type Gives, parseExpression } from './cel.ts';

const problemOf = (
  text: string,
  { pair = false, gives = 'bool' }: { pair?: boolean; gives?: Gives } = {},
) => {
  const parsed = parseExpression(text, pair, gives);
  return parsed.kind === 'problem' ? parsed.problem : undefined;
};

describe('an expression that is refused', () => {
  it.each(
    [
      ['object.kind = 1', 'is not a valid expression: Unexpected character', 13],
      ['object.kind ==', 'is not a valid expression', 15],
      ["self.kind == 'Job'", 'speaks of self, which is not known here: only `object` is', 1],
      ["other.kind == 'Job'", 'speaks of other, which is not known here: only `object` is', 1],
      [
        "object.kind.matches('(a+)+$')",
        'calls matches(), which rules cannot use: they can use has, contains',
        1,
      ],
      ["cel.bind(a, object.kind, a == 'x')", 'calls bind(), which rules cannot use', 1],
      ["timestamp(object.x) == timestamp('')", 'calls timestamp(), which rules cannot use', 1],
      ["{'a': true}['a']", 'writes a map', 1],
      ["b'x' == b'x'", 'uses bytes', 1],

      ["'text'", 'gives string, but must give true or false', 1],
      ["1 + 'a' == 2", 'is not a valid expression: no such overload: int + string', 1],
      ["object.kind.starts('a')", 'calls starts(), which rules cannot use', 1],
      [
        'object.a.all(a, a.all(b, b.all(c, c.all(d, d))))',
        'nests all() more than 3 deep: split the rule into several',
        35,
      ],
    ].filter(([, said]) => said !== 'ok'),
  )('%s %s (at character %s)', (text, said, column) => {
    const found = problemOf(String(text));
    expect(found?.message).toContain(said);
    expect(found?.column).toBe(column);
  });

  it('must give names where names are needed', () => {
    expect(problemOf('object.spec.replicas == 1', { gives: 'names' })?.message).toContain(
      "gives bool, but must give a text such as 'StatefulSet/shop/db'",
    );
    expect(problemOf("['Secret/shop/a', object.spec.name]", { gives: 'names' })).toBeUndefined();
    expect(problemOf("object.spec.names.map(n, 'Secret/shop/' + n)", { gives: 'names' })).toBeUndefined();
  });

  it('may speak of other where two objects are compared', () => {
    expect(problemOf('other.kind == object.kind', { pair: true })).toBeUndefined();
    expect(problemOf('another.kind == object.kind', { pair: true })?.message).toContain(
      'speaks of another, which is not known here: `object` and `other` are',
    );
  });

  it.each([
    ['parentheses', `${'('.repeat(500)}true${')'.repeat(500)}`],
    ['negations', `${'!'.repeat(1000)}true`],
    ['signs', `${'-'.repeat(1000)}1 == 1`],
    ['lists', `${'['.repeat(500)}${']'.repeat(500)} == []`],
    ['fields', `object${'.a'.repeat(500)} == 1`],
    ['sums', `0${'+1'.repeat(500)} == 1`],
    ['a chain of maps', `[1]${'.map(a,a)'.repeat(100)} == [1]`],
    ['choices', `${'true?'.repeat(90)}true${':true'.repeat(90)}`],
  ])('because of too many %s is refused as too large, at once', (_name, text) => {
    expect(problemOf(text)?.message).toBe('is too large or nested too deeply: split the rule into several');
  });

  it('because of its length is not even read', () => {
    expect(problemOf(`object.kind == '${'a'.repeat(1024)}'`)?.message).toBe('is longer than 1024 characters');
  });
});
