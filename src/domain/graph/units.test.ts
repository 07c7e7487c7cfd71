/** What a user orders, or has a rule of readiness for, is waited for: hence it is never inside the unit of what waits. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KubeObject, objectKey } from '../../api/object.ts';
import { aWorkload } from '../../testing/objects.ts';
import { buildGraph } from './order.ts';
import { references } from './references.ts';
import { autoscaler, ingress, secret, service, using, WEB, web } from './testing/shop-objects.ts';
import type { Graph } from './types.ts';
import { type CompiledRule, compileRules, type UserReadiness, type UserRule } from './user-rules/compile.ts';
import { compiledReadiness } from './user-rules/compiled.ts';

interface Written {
  readonly needs?: readonly Omit<UserRule, 'name' | 'optional'>[];
  readonly readiness?: readonly Omit<UserReadiness, 'name'>[];
}

function compiled(rules: readonly Omit<UserRule, 'name' | 'optional'>[]): readonly CompiledRule[] {
  const all = compileRules(rules.map((rule, index) => ({ name: `n${index}`, optional: true, ...rule })));
  if (all.kind === 'problems') throw new Error(all.problems[0].message);
  return all.rules;
}

function graphBy({ needs = [], readiness = [] }: Written, objects: readonly KubeObject[]): Graph {
  const result = buildGraph(objects, [], true, [], {
    needs: compiled(needs),
    readiness: compiledReadiness(readiness.map((rule, index) => ({ name: `r${index}`, ...rule }))),
  });
  if (result.kind !== 'graph') throw new Error(JSON.stringify(result));
  return result.graph;
}

const arrows = ({ edges }: Graph) => edges.map(({ from, to }) => `${from} waits for ${to}`);
const unitWith = ({ units }: Graph, key: string) => units.find(({ objects }) => objects.includes(key))?.id;

describe("what a user's rule says is needed", () => {
  it('is a unit that is waited for, though it serves nothing but what needs it', () => {
    const needs = [{ match: "object.kind == 'Deployment'", needs: { object: "'Service/shop/web'" } }];

    expect(arrows(graphBy({ needs }, [service('web'), web()]))).toEqual([
      `${WEB} waits for Service/shop/web`,
    ]);
  });
});

describe('what a rule of readiness is about', () => {
  const filled = { match: "object.kind == 'Secret'", ready: "object.metadata.annotations.filled == 'yes'" };
  const reachable = { match: "object.kind == 'Service'", ready: 'has(object.status.loadBalancer.ingress)' };
  const warm = { match: "object.kind == 'Deployment'", ready: "object.metadata.annotations.warm == 'yes'" };

  it('is a unit that is waited for, though only one workload uses it', () => {
    const built = graphBy({ readiness: [filled] }, [secret('pw'), web(using('pw'))]);

    expect(arrows(built)).toEqual([`${WEB} waits for Secret/shop/pw`]);
  });

  it('is not joined by what waits for it', () => {
    const built = graphBy({ readiness: [reachable] }, [service('web'), web(), ingress('front', 'web')]);

    expect(arrows(built)).toEqual(['Ingress.networking.k8s.io/shop/front waits for Service/shop/web']);
  });

  it('is still the unit of what it needs itself', () => {
    const built = graphBy({ readiness: [warm] }, [secret('pw'), service('web'), web(using('pw'))]);

    expect(built.units.map(({ objects }) => objects)).toEqual([['Secret/shop/pw', 'Service/shop/web', WEB]]);
  });

  it('may need others that are waited for as well', () => {
    const built = graphBy({ readiness: [warm, filled] }, [secret('pw'), web(using('pw')), autoscaler('web')]);

    expect(arrows(built)).toEqual([
      `${WEB} waits for Secret/shop/pw`,
      `HorizontalPodAutoscaler.autoscaling/shop/web waits for ${WEB}`,
    ]);
  });
});

describe('laws of what is waited for', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const someObject: fc.Arbitrary<KubeObject> = fc.oneof(
    name.map(secret),
    fc.tuple(name, name).map(([at, app]) => service(at, app)),
    fc.tuple(name, name).map(([at, to]) => ingress(at, to)),
    fc.tuple(name, name).map(([at, uses]) => aWorkload('Deployment', `shop/${at}`, using(uses))),
  );
  const someObjects = fc.uniqueArray(someObject, { selector: objectKey, minLength: 1, maxLength: 12 });

  const keys = ['Secret', 'Service', 'Deployment.apps', 'Ingress.networking.k8s.io'].flatMap((kind) =>
    ['a', 'b', 'c'].map((at) => `${kind}/shop/${at}`),
  );
  /** Rules that are about one object each, by what they say. */
  const ruled = keys.flatMap((from) => keys.slice(0, 6).map((to) => ({ from, to })));
  const needs = compiled(ruled.map(({ from, to }) => ({ match: isKey(from), needs: { object: `'${to}'` } })));
  const readiness = compiledReadiness(keys.map((key) => ({ name: key, match: isKey(key), ready: 'true' })));
  const some = (all: readonly unknown[]) => fc.uniqueArray(fc.nat({ max: all.length - 1 }), { maxLength: 3 });
  const someInput = fc.record({ objects: someObjects, needing: some(needs), judging: some(readiness) });
  const chosen = <Item>(all: readonly Item[], places: readonly number[]): readonly Item[] =>
    all.filter((_, place) => places.includes(place));

  it('nothing is in one unit with what a user makes it wait for, and every dependency still holds', () => {
    fc.assert(
      fc.property(someInput, ({ objects, needing, judging }) => {
        const rules = { needs: chosen(needs, needing), readiness: chosen(readiness, judging) };
        const result = buildGraph(objects, [], true, [], rules);
        if (result.kind !== 'graph') return fc.pre(false);
        const { graph: built } = result;
        const applied = built.units.flatMap((unit) => unit.objects);
        const isHere = ({ from, to }: { from: string; to: string }) =>
          from !== to && applied.includes(from) && applied.includes(to);
        const waits = chosen(ruled, needing).filter(isHere);
        const judged = new Set(chosen(keys, judging));
        const inferred = references(objects, { infer: true }).edges;

        for (const { from, to } of [...inferred, ...waits]) {
          expect(applied.indexOf(to)).toBeLessThan(applied.indexOf(from));
        }
        for (const { from, to } of [...inferred.filter((edge) => judged.has(edge.to)), ...waits]) {
          expect(unitWith(built, from)).not.toBe(unitWith(built, to));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('a rule more removes no dependency', () => {
    fc.assert(
      fc.property(someInput, ({ objects, needing, judging }) => {
        const by = (places: readonly number[], others: readonly number[]) =>
          buildGraph(objects, [], true, [], {
            needs: chosen(needs, places),
            readiness: chosen(readiness, others),
          });
        const fewer = by(needing.slice(1), judging.slice(1));
        const more = by(needing, judging);
        if (fewer.kind !== 'graph' || more.kind !== 'graph') return fc.pre(false);

        const kept = new Set(reasons(more.graph));
        expect(reasons(fewer.graph).filter((reason) => !kept.has(reason))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

/** True of the one object that has this key. */
function isKey(key: string): string {
  const [kind = '', , at] = key.split('/');
  return `object.kind == '${kind.replace(/\..*/, '')}' && object.metadata.name == '${at}'`;
}

/** The dependencies between units, as what says so. */
const reasons = ({ edges }: Graph) =>
  edges.flatMap(({ because }) => because.map(({ from, to, rule }) => `${rule}: ${from} needs ${to}`));
