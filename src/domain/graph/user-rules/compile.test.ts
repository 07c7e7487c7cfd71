import { describe, expect, it } from 'vitest';
import { compileReadiness, compileRules, type UserReadiness, type UserRule } from './compile.ts';
import { describeProblem } from './problems.ts';

const rule = (changes: Partial<UserRule> = {}): UserRule => ({
  name: 'queue-first',
  match: "object.kind == 'Deployment'",
  needs: { object: "'StatefulSet/shop/queue'" },
  optional: false,
  ...changes,
});

function problems(...rules: readonly UserRule[]): readonly string[] {
  const compiled = compileRules(rules);
  return compiled.kind === 'problems' ? compiled.problems.map(describeProblem) : [];
}

describe('reading the rules of a scenario', () => {
  it('accepts rules of both forms', () => {
    const result = compileRules([
      rule(),
      rule({ name: 'same-team', needs: { match: "other.kind == 'StatefulSet'" } }),
    ]);
    expect(result).toMatchObject({
      kind: 'compiled',
      rules: [
        { name: 'queue-first', needs: { by: 'object' } },
        { name: 'same-team', needs: { by: 'match' } },
      ],
    });
  });

  it('names the rule, the field, the expression and the place of every problem', () => {
    expect(problems(rule({ match: 'object.kind' }), rule({ name: 'b', match: 'object.' }))).toEqual([
      expect.stringMatching(
        /^spec\.dependencies\.rules\[1\] \("b"\), match: "object\." is not a valid expression: .* \(at character 8\)$/,
      ),
    ]);
    expect(
      problems(rule({ match: 'self.a' }), rule(), rule({ name: 'c', needs: { match: 'other.a == nobody' } })),
    ).toEqual([
      'spec.dependencies.rules[0] ("queue-first"), match: "self.a" speaks of self, which is not known here: only `object` is (at character 1)',
      'spec.dependencies.rules[1] ("queue-first"), name is the name of an earlier rule: give it another',
      'spec.dependencies.rules[2] ("c"), needs.match: "other.a == nobody" speaks of nobody, which is not known here: `object` and `other` are (at character 12)',
    ]);
  });

  it.each([[{}], [{ object: "'Secret/shop/a'", match: 'true' }]])('refuses needs of %j', (needs) => {
    expect(problems(rule({ needs }))).toEqual([
      'spec.dependencies.rules[0] ("queue-first"), needs must have exactly one of object and match',
    ]);
  });
});

describe('reading the rules of readiness', () => {
  const readiness = (changes: Partial<UserReadiness>): UserReadiness => ({
    name: 'db',
    match: "object.kind == 'Database'",
    ready: "object.status.phase == 'Running'",
    ...changes,
  });

  it('accepts rules with and without a sign of failure', () => {
    const rules = [readiness({}), readiness({ name: 'b', failed: "object.status.phase == 'Broken'" })];
    expect(compileReadiness(rules)).toMatchObject({
      kind: 'compiled',
      rules: [{ name: 'db' }, { name: 'b' }],
    });
  });

  it.each([
    ['match', 'object.', /\("db"\), match: "object\." is not a valid expression/],
    ['ready', "'Running'", /\("db"\), ready: "'Running'" gives string, but must give true or false/],
    ['ready', 'other.status.ready', /ready: .* speaks of other, which is not known here: only `object` is/],
    ['failed', "object.kind.matches('(a+)+$')", /failed: .* calls matches\(\), which rules cannot use/],
  ] as const)('names the rule and the place when %s is %s', (field, text, expected) => {
    const compiled = compileReadiness([readiness({ [field]: text })]);
    expect(compiled.kind === 'problems' && compiled.problems.map(describeProblem)).toEqual([
      expect.stringMatching(expected),
    ]);
    expect(compiled.kind === 'problems' && describeProblem(compiled.problems[0])).toMatch(
      /^spec\.dependencies\.readiness\[0\]/,
    );
  });
});
