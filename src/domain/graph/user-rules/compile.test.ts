import { describe, expect, it } from 'vitest';
import { compileRules, describeProblem, type UserRule } from './compile.ts';

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
