import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ObjectEdge } from '../types.ts';
import { combine, type Sources } from './combine.ts';

const edge = (from: string, to: string, rule: string): ObjectEdge => ({
  from,
  to,
  rule,
  field: `field of ${rule}`,
  certainty: 'certain',
});

const together = (changes: Partial<Sources>) =>
  combine({ inferred: [], fromRules: [], explicit: [], excluded: () => false, ...changes });

const A = 'Deployment.apps/shop/a';
const B = 'Deployment.apps/shop/b';

describe('putting dependencies together', () => {
  it('keeps what all sources say, once and sorted', () => {
    const inferred = [edge(B, A, 'env'), edge(B, A, 'env')];
    const { edges, contradictions, warnings } = together({ inferred, explicit: [edge(B, A, 'explicit')] });
    expect(edges.map(({ rule }) => rule)).toEqual(['env', 'explicit']);
    expect([...contradictions, ...warnings]).toEqual([]);
  });

  it.each(['fromRules', 'explicit'] as const)(
    'lets what is inferred give way to %s, and says so',
    (source) => {
      const result = together({ inferred: [edge(A, B, 'env')], [source]: [edge(B, A, 'user:mine')] });
      expect(result.edges).toEqual([edge(B, A, 'user:mine')]);
      expect(result.contradictions).toEqual([]);
      expect(result.warnings).toEqual([
        `${A} needs ${B} (env: field of env), which gives way to this: ${B} needs ${A} (user:mine: field of user:mine)`,
      ]);
    },
  );

  it.each([
    ['a rule and an edge', { fromRules: [edge(A, B, 'user:mine')], explicit: [edge(B, A, 'explicit')] }],
    ['two rules', { fromRules: [edge(A, B, 'user:mine'), edge(B, A, 'user:yours')] }],
  ])('does not choose between %s', (_what, sources) => {
    const { contradictions } = together(sources);
    expect(contradictions).toHaveLength(1);
    expect(contradictions[0]?.message).toContain(
      `${A} needs ${B} (user:mine: field of user:mine), but ${B} needs ${A}`,
    );
    expect(contradictions[0]?.message).toContain('remove one of them');
  });

  it.each([
    ['namespace', 'Namespace/shop'],
    ['aggregated-api', 'APIService.apiregistration.k8s.io/v1.example.io'],
    ['definition', 'CustomResourceDefinition.apiextensions.k8s.io/queues.example.io'],
  ])('never lets go of the %s that the API server demands', (rule, to) => {
    const inferred = [edge(A, to, rule)];
    const { edges, contradictions } = together({ inferred, explicit: [edge(to, A, 'explicit')] });
    expect(contradictions[0]?.message).toContain('the API server demands the first; change the second');
    expect(edges).toEqual([edge(to, A, 'explicit')]);
  });

  it('removes whatever touches something excluded, and says so of what the user wrote', () => {
    const result = together({
      inferred: [edge(A, B, 'env')],
      fromRules: [edge(A, B, 'user:mine')],
      explicit: [edge('Job.batch/shop/c', A, 'explicit')],
      excluded: (key) => key === B,
    });
    expect(result.edges).toEqual([edge('Job.batch/shop/c', A, 'explicit')]);
    expect(result.warnings).toEqual([
      `${A} needs ${B} (user:mine: field of user:mine), but one of them is excluded by spec.resources, so this has no effect`,
    ]);
  });

  it('leaves no inferred edge against one of the user, drops none of the user, and invents none', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd');
    const edges = (rule: string) =>
      fc
        .array(
          fc.tuple(key, key).filter(([from, to]) => from !== to),
          { maxLength: 8 },
        )
        .map((pairs) => pairs.map(([from, to]) => edge(from, to, rule)));
    fc.assert(
      fc.property(edges('env'), edges('user:mine'), edges('explicit'), (inferred, fromRules, explicit) => {
        const result = together({ inferred, fromRules, explicit });
        const user = [...fromRules, ...explicit];
        const against = ({ from, to }: ObjectEdge) =>
          user.some((other) => other.from === to && other.to === from);
        for (const one of user) expect(result.edges).toContainEqual(one);
        for (const one of inferred)
          expect(
            result.edges.some((kept) => kept.rule === 'env' && kept.from === one.from && kept.to === one.to),
          ).toBe(!against(one));
        for (const one of result.edges) expect([...inferred, ...user]).toContainEqual(one);
        expect(result.contradictions.length > 0).toBe(user.some(against));
      }),
    );
  });
});
