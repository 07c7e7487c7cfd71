import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { components, cycleIn, isCycle, longestChain, type Needs } from './topology.ts';

const needsOf = (pairs: readonly (readonly [string, string])[]): Needs => {
  const needs = new Map<string, string[]>();
  for (const [from, to] of pairs) needs.set(from, [...(needs.get(from) ?? []), to]);
  return needs;
};

describe('components', () => {
  it('puts every node after what it needs, and otherwise keeps the given order', () => {
    const order = components(
      ['web', 'db', 'secret', 'other'],
      needsOf([
        ['web', 'secret'],
        ['db', 'secret'],
      ]),
    );

    expect(order).toEqual([['secret'], ['web'], ['db'], ['other']]);
  });

  it('keeps a cycle together', () => {
    const needs = needsOf([
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'a'],
      ['c', 'd'],
    ]);

    const found = components(['a', 'b', 'c', 'd'], needs).map((component) => component.toSorted());

    expect(found).toEqual([['d'], ['a', 'b', 'c']]);
  });

  it('survives a chain of 30,000 nodes', () => {
    const nodes = Array.from({ length: 30_000 }, (_, index) => String(index));
    const needs = new Map(nodes.map((node, index) => [node, nodes.slice(index + 1, index + 2)]));

    expect(components(nodes, needs)).toHaveLength(30_000);
  });
});

describe('cycleIn', () => {
  it('shows a shortest way round from the first node', () => {
    const needs = needsOf([
      ['b', 'c'],
      ['c', 'd'],
      ['d', 'b'],
      ['a', 'b'],
      ['b', 'a'],
    ]);

    expect(cycleIn(['d', 'c', 'b', 'a'], needs)).toEqual(['a', 'b', 'a']);
  });

  it('shows a node that needs itself', () => {
    const needs = needsOf([['a', 'a']]);

    expect(isCycle(['a'], needs)).toBe(true);
    expect(cycleIn(['a'], needs)).toEqual(['a', 'a']);
  });
});

describe('longestChain', () => {
  it('goes from the first that starts to the last', () => {
    const needs = needsOf([
      ['web', 'api'],
      ['api', 'db'],
      ['web', 'cache'],
    ]);

    expect(longestChain(['db', 'cache', 'api', 'web'], needs)).toEqual(['db', 'api', 'web']);
  });

  it('is empty when there is nothing', () => {
    expect(longestChain([], new Map())).toEqual([]);
  });
});

const nodes = ['a', 'b', 'c', 'd', 'e', 'f'];
const somePairs = fc.array(fc.tuple(fc.constantFrom(...nodes), fc.constantFrom(...nodes)), { maxLength: 14 });

/** Reachability by brute force, to compare with. */
function reaches(from: string, to: string, needs: Needs, seen = new Set<string>()): boolean {
  return (needs.get(from) ?? []).some((next) => {
    if (next === to) return true;
    if (seen.has(next)) return false;
    seen.add(next);
    return reaches(next, to, needs, seen);
  });
}

describe('laws of components', () => {
  it('two nodes are together exactly when each needs the other in the end', () => {
    fc.assert(
      fc.property(somePairs, (pairs) => {
        const needs = needsOf(pairs);

        const found = components(nodes, needs);

        expect(found.flat().toSorted()).toEqual(nodes);
        const place = new Map(
          found.flatMap((component, index) => component.map((node) => [node, index] as const)),
        );
        for (const a of nodes) {
          for (const b of nodes.filter((other) => other !== a)) {
            const together = reaches(a, b, needs) && reaches(b, a, needs);
            expect(place.get(a) === place.get(b)).toBe(together);
          }
        }
        for (const [from, to] of pairs) expect(place.get(to)).toBeLessThanOrEqual(place.get(from) ?? -1);
      }),
    );
  });

  it('every cycle shown follows the needs and closes', () => {
    fc.assert(
      fc.property(somePairs, (pairs) => {
        const needs = needsOf(pairs);
        for (const component of components(nodes, needs).filter((candidate) => isCycle(candidate, needs))) {
          const path = cycleIn(component, needs);
          expect(path.length).toBeGreaterThan(1);
          expect(path.at(-1)).toBe(path[0]);
          for (const [index, to] of path.slice(1).entries())
            expect(needs.get(path[index] ?? '')).toContain(to);
        }
      }),
    );
  });
});
