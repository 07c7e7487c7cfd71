import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byWave, wavesOf } from './waves.ts';

const graphs = fc.array(fc.tuple(fc.nat(11), fc.nat(11)), { maxLength: 30 }).map((pairs) => ({
  units: Array.from({ length: 12 }, (_, index) => ({ id: `u${index}` })),
  edges: pairs.flatMap(([a, b]) =>
    a === b ? [] : [{ from: `u${Math.max(a, b)}`, to: `u${Math.min(a, b)}` }],
  ),
}));

describe('waves', () => {
  it('put every unit after all it needs, and no later than it must be', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const waves = wavesOf(graph);
        for (const { id } of graph.units) {
          const needs = graph.edges.filter(({ from }) => from === id).map(({ to }) => waves.get(to) ?? 0);
          expect(waves.get(id)).toBe(1 + Math.max(0, ...needs));
        }
      }),
    );
  });

  it('hold every unit exactly once, without an empty wave', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const waves = byWave(graph);
        expect(waves.flat().toSorted()).toEqual(graph.units.map(({ id }) => id).toSorted());
        expect(waves.every((wave) => wave.length > 0)).toBe(true);
      }),
    );
  });

  it('do not depend on the order of the units', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const turned = wavesOf({ ...graph, units: graph.units.toReversed() });
        expect(Object.fromEntries(turned)).toEqual(Object.fromEntries(wavesOf(graph)));
      }),
    );
  });
});
