import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/object.ts';
import { applyRules, type RuleReferences } from './apply.ts';
import { compileRules, type UserRule } from './compile.ts';
import { type Budget, DEFAULT_BUDGET } from './meter.ts';

const object = (kind: string, name: string, fields: object = {}, namespace = 'shop'): KubeObject => ({
  apiVersion: kind === 'Secret' || kind === 'ConfigMap' ? 'v1' : 'apps/v1',
  kind,
  metadata: { name, namespace },
  ...fields,
});

const rule = (match: string, needs: UserRule['needs'], optional = false): UserRule => ({
  name: 'mine',
  match,
  needs,
  optional,
});

function apply(rules: readonly UserRule[], objects: readonly KubeObject[], budget?: Budget): RuleReferences {
  const compiled = compileRules(rules);
  if (compiled.kind === 'problems') throw new Error(compiled.problems[0].message);
  return applyRules(compiled.rules, objects, budget);
}

const arrows = ({ edges }: RuleReferences) => edges.map(({ from, to }) => `${from} needs ${to}`);
const codes = ({ findings }: RuleReferences) => findings.map(({ code, severity }) => `${code} ${severity}`);

const web = object('Deployment', 'web', { spec: { team: 'a', uses: ['db', 'queue'] } });
const api = object('Deployment', 'api', { spec: { team: 'b', uses: [] } });
const db = object('StatefulSet', 'db', { spec: { team: 'a' } });
const queue = object('StatefulSet', 'queue', { spec: { team: 'b' } });
const shop = [web, api, db, queue];

describe('a rule that names what is needed', () => {
  const needs = { object: "'StatefulSet/' + object.metadata.namespace + '/queue'" };

  it('makes every object that it matches wait, with its expression as evidence', () => {
    const result = apply([rule("object.kind == 'Deployment'", needs)], shop);
    expect(arrows(result)).toEqual([
      'Deployment.apps/shop/api needs StatefulSet.apps/shop/queue',
      'Deployment.apps/shop/web needs StatefulSet.apps/shop/queue',
    ]);
    expect(result.edges[0]).toMatchObject({ rule: 'user:mine', certainty: 'certain', field: needs.object });
    expect(result.findings).toEqual([]);
  });

  it('may name several, and never makes an object wait for itself', () => {
    const result = apply(
      [
        rule('has(object.spec.uses)', {
          object: "object.spec.uses.map(u, 'StatefulSet/shop/' + u) + ['Deployment/shop/web']",
        }),
      ],
      shop,
    );
    expect(arrows(result)).toEqual([
      'Deployment.apps/shop/api needs Deployment.apps/shop/web',
      'Deployment.apps/shop/web needs StatefulSet.apps/shop/db',
      'Deployment.apps/shop/web needs StatefulSet.apps/shop/queue',
    ]);
  });

  it('refers to what is not among the objects, in the group that this kind has here', () => {
    const text = "['StatefulSet/other/db', 'Secret/shop/token', 'Issuer.cert-manager.io/shop/ca']";
    const { missing, edges } = apply([rule("object.metadata.name == 'web'", { object: text }, true)], shop);
    expect(edges).toEqual([]);
    expect(missing).toEqual(
      [
        { group: 'cert-manager.io', kind: 'Issuer', namespace: 'shop', name: 'ca' },
        { group: '', kind: 'Secret', namespace: 'shop', name: 'token' },
        { group: 'apps', kind: 'StatefulSet', namespace: 'other', name: 'db' },
      ].map((to) => ({
        from: 'Deployment.apps/shop/web',
        to,
        rule: 'user:mine',
        field: text,
        certainty: 'certain',
        optional: true,
      })),
    );
  });

  it('is told when it gives something that is no name, or could be several', () => {
    const twice = [...shop, { ...queue, apiVersion: 'example.io/v1' }];
    const result = apply(
      [rule("object.kind == 'Deployment'", { object: "['queue', 'StatefulSet/shop/queue']" })],
      twice,
    );
    expect(codes(result)).toEqual(['NotAName warning', 'Ambiguous warning']);
    expect(result.findings[0]?.message).toContain(
      'gives "queue" for Deployment.apps/shop/api, which names no object',
    );
    expect(result.findings[1]?.message).toContain(
      'StatefulSet.apps/shop/queue, StatefulSet.example.io/shop/queue',
    );
  });
});

describe('a rule that says which others are needed', () => {
  it('makes an object wait for every other it is true of', () => {
    const needs = { match: "other.kind == 'StatefulSet' && other.spec.team == object.spec.team" };
    expect(arrows(apply([rule("object.kind == 'Deployment'", needs)], shop))).toEqual([
      'Deployment.apps/shop/api needs StatefulSet.apps/shop/queue',
      'Deployment.apps/shop/web needs StatefulSet.apps/shop/db',
    ]);
  });

  it('warns when nothing is found, unless that is optional', () => {
    const needs = { match: "other.kind == 'StatefulSet' && other.spec.team == object.spec.team + 'x'" };
    const result = apply([rule("object.kind == 'Deployment'", needs)], shop);
    expect(codes(result)).toEqual(['NothingFound warning']);
    expect(result.findings[0]?.message).toContain('matches Deployment.apps/shop/api and 1 more');
    expect(apply([rule("object.kind == 'Deployment'", needs, true)], shop).findings).toEqual([]);
  });

  it('gives the same however its conditions are arranged', () => {
    const parts = [
      "other.kind == 'StatefulSet'",
      'other.spec.team == object.spec.team',
      "object.metadata.name != 'x'",
      'other.spec.uses.size() > 0',
    ];
    const shuffled = fc.shuffledSubarray(parts, { minLength: 1 });
    fc.assert(
      fc.property(shuffled, (chosen) => {
        const joined = arrows(apply([rule('true', { match: chosen.join(' && ') }, true)], shop));
        const opaque = arrows(
          apply([rule('true', { match: `(${chosen.join(' && ')}) ? object == object : false` }, true)], shop),
        );
        expect(joined).toEqual(opaque);
      }),
    );
  });
});

describe('an expression that has no result', () => {
  it('matches nothing, quietly, when it has one for other objects', () => {
    const result = apply([rule('object.spec.uses.size() == 2', { object: "'StatefulSet/shop/db'" })], shop);
    expect(arrows(result)).toEqual(['Deployment.apps/shop/web needs StatefulSet.apps/shop/db']);
    expect(result.findings).toEqual([]);
  });

  it.each([
    ['match', rule('object.spec.taem == 1', { object: "'Secret/shop/a'" }), 'Deployment.apps/shop/api'],
    [
      'needs.object',
      rule("object.metadata.name == 'web'", { object: 'object.spec.taem' }),
      'Deployment.apps/shop/web',
    ],
    [
      'needs.match',
      rule('true', { match: 'other.spec.taem == object.spec.team' }),
      'Deployment.apps/shop/api',
    ],
    ['needs.match', rule('true', { match: "other.spec.taem == 'a'" }), 'Deployment.apps/shop/api'],
  ])('for any object is told, with the first: %s', (field, written, first) => {
    const result = apply([written], shop);
    expect(codes(result)).toEqual(['AlwaysFails warning']);
    expect(result.findings[0]?.message).toContain(
      `rule "mine" has no effect: ${field} fails on every object it is tried on, first on ${first}, because there is no taem`,
    );
  });
});

describe('the content of Secrets', () => {
  const annotations = {
    'kubectl.kubernetes.io/last-applied-configuration': '{"data":{"key":"c2VjcmV0"}}',
    kept: 'yes',
  };
  const secret: KubeObject = {
    ...object('Secret', 'token', {
      data: { key: 'c2VjcmV0' },
      stringData: { key: 'secret' },
      type: 'Opaque',
    }),
    metadata: { name: 'token', namespace: 'shop', annotations },
  };

  it.each([
    'has(object.data) || has(object.stringData)',
    "object.metadata.annotations.exists(a, a.startsWith('kubectl'))",
  ])('cannot be asked for by %s', (match) => {
    expect(apply([rule(match, { object: "'Deployment/shop/web'" })], [secret, web]).edges).toEqual([]);
  });

  it('is all that is hidden of them', () => {
    const match =
      "object.kind == 'Secret' && object.type == 'Opaque' && object.metadata.annotations.kept == 'yes'";
    expect(apply([rule(match, { object: "'Deployment/shop/web'" })], [secret, web]).edges).toHaveLength(1);
  });
});

describe('a rule that costs too much', () => {
  const words = Array.from({ length: 2000 }, (_, index) => `word-${index}`);
  const long = 'a'.repeat(500_000);
  const big = object('ConfigMap', 'big', { data: { words, long, half: long.slice(250_000) } });
  const doubled = (levels: number) => `[object.data.words]${'.map(a, a + a)'.repeat(levels)}`;
  const digits = '[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]';

  it.each([
    [
      'loops in loops',
      'object.data.words.all(a, object.data.words.all(b, object.data.words.exists(c, c == a)))',
    ],
    [
      'loops that fail inside',
      'object.data.words.all(a, object.data.words.exists(b, object.data.words.all(c, c.no == a)))',
    ],
    [
      'loops behind ||',
      `object.no || object.data.words.exists(a, object.no || object.data.words.exists(b, object.no || b.no))`,
    ],
    [
      'loops over what is written',
      `${digits}.map(a, ${digits}.map(b, ${digits}.map(c, [a + b + c] + ${digits} + ${digits} + ${digits} + ${digits} + ${digits} + ${digits} + ${digits} + ${digits} + ${digits} + ${digits} + ${digits}))).size() == 0`,
    ],
    ['lists that double', `${doubled(12)}.size() == 0`],
    ['texts that double', `[object.data.long]${'.map(a, a + a)'.repeat(20)}.size() == 0`],
    [
      'texts made of many',
      "object.data.words.all(a, object.data.words.map(b, a + b).join(a).contains('z') == false)",
    ],
    ['texts searched in texts', "object.data.long.contains(object.data.half + 'b')"],
    ['texts taken to pieces', "object.data.long.split('').size() == 0"],
    ['deep comparisons', 'object.data.words.all(a, object.data == object.data)'],
    [
      'comparisons of shared lists',
      `[object.data.words]${'.map(a, [a, a])'.repeat(12)} == [[object.data.words]]${'.map(a, [a, a])'.repeat(11)} || [object.data.words]${'.map(a, [a, a])'.repeat(12)} == [object.data.words]${'.map(a, [a, a])'.repeat(12)}`,
    ],
  ])('with %s is stopped and named', (_what, match) => {
    const result = apply([rule(match, { object: "'ConfigMap/shop/other'" })], [big]);
    expect(codes(result)).toEqual(['OverBudget refused']);
    expect(result.edges).toEqual([]);
    expect(result.missing).toEqual([]);
    expect(result.findings[0]?.message).toContain(
      'rule "mine" takes more than 100000 steps on ConfigMap/shop/big',
    );
  });

  it('because of how deep an object is costs no more than the budget, and not the stack', () => {
    const nest = () => Array.from({ length: 10_000 }).reduce<unknown>((inner) => [inner], 'x');
    const deep = object('ConfigMap', 'deep', { one: nest(), two: nest() });
    expect(codes(apply([rule('object.one == object.two', { match: 'true' })], [deep]))).toEqual([
      'OverBudget refused',
    ]);
  });

  const many = Array.from({ length: 300 }, (_, index) =>
    object('Deployment', `d${index}`, { spec: { words: words.slice(0, 20) } }),
  );

  it('on all objects together is stopped, though each of them alone is cheap', () => {
    const needs = { match: 'object.spec.words.exists(w, w == other.metadata.name)' };
    const result = apply([rule('true', needs)], many);
    expect(codes(result)).toEqual(['OverBudget refused']);
    expect(result.findings[0]?.message).toMatch(
      /takes more than 2000000 steps on all objects, and was stopped at Deployment\.apps\/shop\/d\d+/,
    );
  });

  it('leaves the others what they need', () => {
    const costly = {
      ...rule('true', { match: 'object.spec.words.exists(w, w == other.metadata.name)' }),
      name: 'costly',
    };
    const cheap = rule("object.metadata.name == 'd7'", { object: "'Deployment/shop/d8'" });
    const result = apply([costly, cheap], many);
    expect(result.findings.map(({ rule: name }) => name)).toEqual(['costly']);
    expect(arrows(result)).toEqual(['Deployment.apps/shop/d7 needs Deployment.apps/shop/d8']);
  });

  it('is named when all rules together cost too much', () => {
    const rules = ['a', 'b', 'c'].map((name) => ({
      ...rule('object.spec.words.size() > 0', { object: '[]' }),
      name,
    }));
    const result = apply(rules, many, { ...DEFAULT_BUDGET, total: 3000 });
    expect(result.findings.map(({ rule: name, code }) => `${name} ${code}`)).toEqual([
      'b OverBudget',
      'c OverBudget',
    ]);
    expect(result.findings[0]?.message).toContain('all rules together take more than 3000 steps');
  });

  it('in dependencies is refused as well', () => {
    const result = apply([rule('true', { match: 'true' })], many);
    expect(codes(result)).toEqual(['TooManyEdges refused']);
    expect(result.edges).toEqual([]);
    expect(result.findings[0]?.message).toContain('makes more than 10000 dependencies');
  });
});

describe('laws of rules', () => {
  const kinds = fc.constantFrom('Deployment', 'StatefulSet', 'ConfigMap');
  const objects = fc.uniqueArray(
    fc.record({
      kind: kinds,
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      team: fc.option(fc.constantFrom('x', 'y'), { nil: undefined }),
    }),
    { selector: ({ kind, name }) => `${kind} ${name}`, maxLength: 10 },
  );
  const made = objects.map((all) =>
    all.map(({ kind, name, team }) => object(kind, name, team === undefined ? {} : { team })),
  );
  const rules = [
    rule("object.kind == 'Deployment'", { match: 'other.team == object.team' }, true),
    {
      ...rule('object.team == other_team', { object: '[]' }),
      name: 'two',
      match: "object.team == 'x'",
      needs: { object: "'ConfigMap/shop/a'" },
    },
  ];

  it('the order of the objects changes nothing', () => {
    fc.assert(
      fc.property(
        made.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        ([all, shuffled]) => {
          expect(apply(rules, shuffled)).toEqual(apply(rules, all));
        },
      ),
    );
  });

  it('whatever the budget is, it is kept, and a rule has all of its dependencies or none', () => {
    fc.assert(
      fc.property(made, fc.integer({ min: 1, max: 400 }), (all, steps) => {
        const whole = apply(rules, all);
        const { edges, findings } = apply(rules, all, {
          evaluation: steps,
          rule: steps,
          total: steps,
          edges: 100,
        });
        const stopped = new Set(
          findings.filter(({ severity }) => severity === 'refused').map(({ rule: name }) => `user:${name}`),
        );
        expect(edges).toEqual(whole.edges.filter((edge) => !stopped.has(edge.rule)));
      }),
    );
  });
});

it('applies the same rules again with the same result, whatever the budget: what is known already costs the same', () => {
  const compiled = compileRules([
    rule("object.kind == 'Deployment'", { object: "object.spec.uses.map(u, 'StatefulSet/shop/' + u)" }),
    { ...rule("object.spec.team == 'a'", { match: 'object.spec.team == other.spec.team' }), name: 'team' },
  ]);
  if (compiled.kind === 'problems') throw new Error(compiled.problems[0].message);
  const budgets = Array.from({ length: 80 }, (_, index) => ({ ...DEFAULT_BUDGET, rule: 1 + 4 * index }));
  const first = budgets.map((budget) => applyRules(compiled.rules, shop, budget));
  const again = budgets.toReversed().map((budget) => applyRules(compiled.rules, shop, budget));
  expect(again.toReversed()).toEqual(first);
  expect(new Set(first.flatMap((result) => codes(result)))).toContain('OverBudget refused');
  expect(first.at(-1)?.edges.length).toBeGreaterThan(2);
});
