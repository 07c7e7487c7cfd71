import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KubeObject, objectKey } from '../../api/object.ts';
import { anObject, aWorkload, ownedBy } from '../../testing/objects.ts';
import type { ExplicitEdge } from './explicit-edges.ts';
import { OWNER_RULE } from './infer/structure.ts';
import { buildGraph, graphOfEdges, startable } from './order.ts';
import { edgesIn, references } from './references.ts';
import { compareEdges } from './sorting.ts';
import { autoscaler, budget, ingress, mounting, secret, service } from './testing/shop-objects.ts';
import type { Graph, GraphResult, ObjectEdge } from './types.ts';
import { type CompiledRule, compileRules } from './user-rules/compile.ts';
import { worldOf } from './world.ts';

const keyOf = (object: KubeObject) => objectKey(object);
const name = fc.constantFrom('a', 'b', 'c');
const names = fc.uniqueArray(name, { maxLength: 2 });
/** One object of a kind that takes part in grouping, referring to others at random, present or not. */
const someObject: fc.Arbitrary<KubeObject> = fc.oneof(
  fc
    .record({ at: name, secrets: names, configs: names, account: name, calls: names })
    .map(({ at, secrets, configs, account, calls }) =>
      aWorkload('Deployment', `shop/${at}`, {
        containers: [
          {
            envFrom: secrets.map((secretName) => ({ secretRef: { name: secretName } })),
            env: calls.map((host) => ({ name: 'NEXT_HOST', value: host })),
          },
        ],
        ...mounting(...configs),
        serviceAccountName: account,
      }),
    ),
  fc
    .record({ at: name, serviceName: name, configs: names })
    .map(({ at, serviceName, configs }) =>
      aWorkload('StatefulSet', `shop/${at}`, mounting(...configs), { serviceName }),
    ),
  fc.record({ at: name, app: name }).map(({ at, app }) => service(at, app)),
  fc.record({ at: name, app: name }).map(({ at, app }) => budget(at, app)),
  fc.record({ at: name, app: name }).map(({ at, app }) => autoscaler(at, app)),
  fc.record({ at: name, to: names }).map(({ at, to }) => ingress(at, ...to)),
  fc.record({ at: name, secrets: names }).map(({ at, secrets }) =>
    anObject('ServiceAccount', `shop/${at}`, {
      secrets: secrets.map((secretName) => ({ name: secretName })),
    }),
  ),
  fc.record({ at: name, owner: fc.option(name) }).map(({ at, owner }) =>
    anObject('ConfigMap', `shop/${at}`, {
      metadata: {
        ownerReferences: owner === null ? [] : [ownedBy(aWorkload('Deployment', `shop/${owner}`))],
      },
    }),
  ),
  name.map(secret),
);
const someObjects = fc
  .array(someObject, { minLength: 1, maxLength: 16 })
  .map((objects) => [...new Map(objects.map((object) => [keyOf(object), object])).values()]);
const someInput = someObjects.chain((objects) => {
  const key = fc.constantFrom(...objects.map(keyOf));
  const explicit = fc.array(fc.record({ before: key, after: key }), { maxLength: 4 });
  return fc.record({
    objects: fc.constant(objects),
    explicit,
    shuffled: fc.shuffledSubarray(objects, { minLength: objects.length }),
  });
});

/** What must hold between objects: ownership and what is only likely aside, because they may give way. */
function needed(objects: readonly KubeObject[], explicit: readonly ExplicitEdge[]) {
  const inferred = references(objects, { infer: true }).edges.filter(
    ({ rule, certainty }) => rule !== OWNER_RULE && certainty === 'certain',
  );
  return [
    ...inferred,
    ...explicit.map(({ before, after }) => ({ from: after, to: before, rule: 'explicit' })),
  ];
}

/** By taking away what needs nothing until nothing is left: independent of the code under test. */
function hasCycle(edges: readonly { from: string; to: string }[]): boolean {
  let left = edges;
  for (;;) {
    const rest = left.filter(({ to }) => left.some(({ from }) => from === to));
    if (rest.length === left.length) return left.length > 0;
    left = rest;
  }
}

describe('laws of the graph', () => {
  it('a cycle is reported exactly when the objects have one, and its path follows their edges', () => {
    fc.assert(
      fc.property(someInput, ({ objects, explicit }) => {
        const edges = needed(objects, explicit);

        const result = buildGraph(objects, explicit, true, []);

        expect(result.kind).toBe(hasCycle(edges) ? 'cycle' : 'graph');
        if (result.kind !== 'cycle') return;
        expect(result.path.at(-1)).toBe(result.path[0]);
        expect(result.because.map(({ from }) => from)).toEqual(result.path.slice(0, -1));
        expect(result.because.map(({ to }) => to)).toEqual(result.path.slice(1));
        for (const { from, to, rule } of result.because) {
          expect(edges).toContainEqual(expect.objectContaining({ from, to, rule }));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('units partition the objects, and are named after one of theirs', () => {
    fc.assert(
      fc.property(someInput, ({ objects, explicit }) => {
        const result = buildGraph(objects, explicit, true, []);
        if (result.kind !== 'graph') return fc.pre(false);

        const { units } = result.graph;

        expect(units.flatMap((unit) => unit.objects).toSorted()).toEqual(objects.map(keyOf).toSorted());
        for (const unit of units) expect(unit.objects).toContain(unit.id);
      }),
    );
  });

  it("replay by startable units applies every object after what it needs, and a user's edges wait for readiness", () => {
    fc.assert(
      fc.property(someInput, ({ objects, explicit }) => {
        const result = buildGraph(objects, explicit, true, []);
        if (result.kind !== 'graph') return fc.pre(false);

        const waves = replay(result.graph);

        const applied = new Map(waves.flat().map((key, index) => [key, index]));
        const unitOf = new Map(
          result.graph.units.flatMap(({ id, objects: keys }) => keys.map((key) => [key, id])),
        );
        for (const { from, to, rule } of needed(objects, explicit)) {
          expect(applied.get(to)).toBeLessThan(applied.get(from) ?? -1);
          // Inside a unit nothing waits for readiness; only a user's edges promise that it does.
          const isTogether = unitOf.get(from) === unitOf.get(to);
          expect(isTogether && rule === 'explicit').toBe(false);
        }
        expect(applied.size).toBe(objects.length);
      }),
    );
  });

  it('adding an edge by hand removes no edge without a warning, or makes a cycle', () => {
    fc.assert(
      fc.property(someInput, ({ objects, explicit }) => {
        const [added, ...fewer] = explicit;
        const before = buildGraph(objects, fewer, true, []);
        const after = buildGraph(objects, added === undefined ? fewer : [...fewer, added], true, []);
        if (before.kind !== 'graph' || after.kind !== 'graph') return;

        const kept = after.graph.edges.flatMap(({ because }) => because);
        const unitOf = new Map(
          after.graph.units.flatMap(({ id, objects: keys }) => keys.map((key) => [key, id])),
        );
        const applied = new Map(
          replay(after.graph)
            .flat()
            .map((key, index) => [key, index]),
        );

        for (const edge of before.graph.edges.flatMap(({ because }) => because)) {
          const isKept = kept.some((one) => compareEdges(one, edge) === 0);
          const isInside = unitOf.get(edge.from) === unitOf.get(edge.to);
          // An owner gives way without a word: it can be written later.
          const givesWay = edge.rule === OWNER_RULE || isTold(after.warnings, edge);
          expect(isKept || isInside || givesWay).toBe(true);
        }
        for (const { from, to } of needed(objects, fewer)) {
          expect(applied.get(to)).toBeLessThan(applied.get(from) ?? -1);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('every likely edge is in the graph, inside a unit, or in a warning; and those in the graph are respected', () => {
    fc.assert(
      fc.property(someInput, ({ objects, explicit }) => {
        const result = buildGraph(objects, explicit, true, []);
        if (result.kind !== 'graph') return fc.pre(false);
        const { graph: built, warnings } = result;
        const unitOf = new Map(built.units.flatMap(({ id, objects: keys }) => keys.map((key) => [key, id])));
        const applied = new Map(
          replay(built)
            .flat()
            .map((key, index) => [key, index]),
        );
        const kept = built.edges.flatMap(({ because }) => because);

        const likely = references(objects, { infer: true }).edges.filter(
          (edge) => edge.certainty === 'likely',
        );

        for (const edge of likely) {
          const isInside = unitOf.get(edge.from) === unitOf.get(edge.to);
          const isKept = kept.some((one) => compareEdges(one, edge) === 0);
          expect(isTold(warnings, edge) || isInside || isKept).toBe(true);
        }
        for (const { from, to } of kept) expect(applied.get(to)).toBeLessThan(applied.get(from) ?? -1);
      }),
    );
  });

  it('objects that nobody refers to change neither the order nor the units of the others', () => {
    const more = fc.integer({ min: 1, max: 250 });
    fc.assert(
      fc.property(someInput, more, ({ objects, explicit }, count) => {
        const loose = Array.from({ length: count }, (_, index) => secret(`loose-${index}`));
        const before = buildGraph(objects, explicit, true, []);
        const after = buildGraph([...objects, ...loose], explicit, true, []);
        if (before.kind !== 'graph' || after.kind !== 'graph') return fc.pre(false);

        const added = new Set(loose.map(keyOf));
        const others = after.graph.units
          .filter(({ objects: keys }) => !keys.some((key) => added.has(key)))
          .map(({ id }) => id);
        const free = new Set(before.graph.units.map(({ id }) => id).filter((id) => !others.includes(id)));

        expect(after.graph.edges).toEqual(before.graph.edges);
        expect(after.warnings).toEqual(before.warnings);
        // Only what nobody refers to either has been put together with them.
        for (const { from, to } of before.graph.edges) expect(free.has(from) || free.has(to)).toBe(false);
      }),
      { numRuns: 40 },
    );
  });

  it('the result does not depend on the order of the objects', () => {
    fc.assert(
      fc.property(someInput, ({ objects, explicit, shuffled }) => {
        expect(buildGraph(shuffled, explicit, true, [])).toEqual(buildGraph(objects, explicit, true, []));
      }),
    );
  });

  it("nor on the order of edges, of the user's edges but for their numbers, and of the user's rules", () => {
    const withOrders = someInput.chain((input) => {
      const world = worldOf(input.objects);
      const edges = edgesIn(world, true);
      return fc.record({
        input: fc.constant(input),
        world: fc.constant(world),
        edges: fc.constant(edges),
        otherEdges: fc.shuffledSubarray([...edges], { minLength: edges.length }),
        otherExplicit: fc.shuffledSubarray(input.explicit, { minLength: input.explicit.length }),
        otherNeeds: fc.shuffledSubarray(needs, { minLength: needs.length }),
      });
    });
    fc.assert(
      fc.property(withOrders, ({ input, world, edges, otherEdges, otherExplicit, otherNeeds }) => {
        const { objects, explicit } = input;
        const built = (some: readonly ExplicitEdge[], rules: readonly CompiledRule[]) =>
          withoutNumbers(buildGraph(objects, some, true, [], { needs: rules, readiness: [] }));

        expect(graphOfEdges(world, otherEdges, true)).toEqual(graphOfEdges(world, edges, true));
        expect(built(otherExplicit, otherNeeds)).toEqual(built(explicit, needs));
      }),
    );
  });
});

const compiled = compileRules([
  {
    name: 'secret-a',
    match: "object.kind == 'Deployment'",
    needs: { object: "'Secret/shop/a'" },
    optional: true,
  },
  {
    name: 'services',
    match: "object.kind == 'StatefulSet'",
    needs: { match: "other.kind == 'Service'" },
    optional: true,
  },
  {
    name: 'config-b',
    match: "object.kind == 'Service'",
    needs: { object: "'ConfigMap/shop/b'" },
    optional: true,
  },
]);
if (compiled.kind === 'problems') throw new Error(compiled.problems[0].message);
const needs = [...compiled.rules];

/** With the warnings, which follow the order of the rules, sorted, and without the places of the user's edges. */
function withoutNumbers(result: GraphResult): unknown {
  const sorted = result.kind === 'graph' ? { ...result, warnings: result.warnings.toSorted() } : result;
  return JSON.parse(JSON.stringify(sorted).replaceAll(/spec\.dependencies\.edges\[\d+\]/g, 'an edge'));
}

const isTold = (warnings: readonly string[], { from, field }: ObjectEdge): boolean =>
  warnings.some((text) => text.startsWith(`${from} likely needs `) && text.includes(field));

/** Objects by wave: all units that may start, then those that may start once these are done, … */
function replay(plan: Graph): readonly (readonly string[])[] {
  const done = new Set<string>();
  const waves: string[][] = [];
  for (;;) {
    const wave = startable(plan, done, new Set());
    if (wave.length === 0) return waves;
    waves.push(wave.flatMap(({ objects }) => objects));
    for (const { id } of wave) done.add(id);
  }
}
