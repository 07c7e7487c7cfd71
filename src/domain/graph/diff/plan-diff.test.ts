import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { millis } from '../../time.ts';
import { shopRecord } from '../render/testing/shop.ts';
import { type Compared, type Forecast, isSame, nothing, planDiff } from './plan-diff.ts';

const unknown: Forecast = () => undefined;
const forecasts = { before: unknown, after: unknown };

/** Graphs over the same few names, so that two of them have some in common. */
const names = fc.uniqueArray(fc.nat(9).map((index) => `Secret/shop/s${index}`));
const graphs: fc.Arbitrary<Compared> = fc
  .tuple(names, fc.array(fc.tuple(fc.nat(9), fc.nat(9))))
  .map(([keys, pairs]) => ({
    ...nothing,
    objects: keys.map((key) => ({ key, bytes: key.length })),
    units: keys.map((id) => ({ id, objects: [id] })),
    edges: [...new Set(pairs.map(([a, b]) => `${Math.max(a, b)} ${Math.min(a, b)}`))]
      .map((pair) => pair.split(' ').map((index) => `Secret/shop/s${index}`))
      .flatMap(([from = '', to = '']) =>
        from !== to && keys.includes(from) && keys.includes(to) ? [{ from, to, because: [] }] : [],
      ),
  }));

const keysOf = ({ objects }: Compared) => objects.map(({ key }) => key);
const edgesOf = ({ edges }: Pick<Compared, 'edges'>) => edges.map(({ from, to }) => `${from} ${to}`);
const applied = (before: readonly string[], dropped: readonly string[], added: readonly string[]) =>
  [...before.filter((key) => !dropped.includes(key)), ...added].toSorted();

describe('the diff of two graphs', () => {
  it('is empty for the same graph', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const diff = planDiff(graph, graph, forecasts);
        expect(isSame(diff)).toBe(true);
        expect(diff.objects.before).toBe(diff.objects.after);
      }),
    );
  });

  it('leads from the one to the other: before, less what is dropped, and what is added, is after', () => {
    fc.assert(
      fc.property(graphs, graphs, (before, after) => {
        const diff = planDiff(before, after, forecasts);
        const objects = applied(
          keysOf(before),
          diff.dropped.map(({ key }) => key),
          diff.added.map(({ key }) => key),
        );
        expect(objects).toEqual(keysOf(after).toSorted());
        const edges = applied(
          edgesOf(before),
          edgesOf({ edges: diff.droppedEdges }),
          edgesOf({ edges: diff.addedEdges }),
        );
        expect(edges).toEqual(edgesOf(after).toSorted());
      }),
    );
  });

  it('is mirrored when the graphs change places', () => {
    fc.assert(
      fc.property(graphs, graphs, (before, after) => {
        const there = planDiff(before, after, forecasts);
        const back = planDiff(after, before, forecasts);
        expect(back.added.map(({ key }) => key)).toEqual(there.dropped.map(({ key }) => key));
        expect(back.addedEdges).toEqual(there.droppedEdges);
        expect(back.reordered).toEqual(
          there.reordered.map(({ unit, before: then, after: now }) => ({ unit, before: now, after: then })),
        );
      }),
    );
  });

  it('says of an added object what needs it, and of a dropped one why and who misses it', () => {
    const key = 'Secret/shop/db-credentials';
    const without: Compared = {
      ...shopRecord,
      objects: shopRecord.objects.filter((object) => object.key !== key),
      units: shopRecord.units.filter(({ id }) => id !== key),
      edges: shopRecord.edges.filter(({ from, to }) => from !== key && to !== key),
      leftOut: [{ key, reason: 'ExcludedByUser' }],
      dangling: [{ from: 'Deployment.apps/shop/web', to: key, rule: 'env-from-secret', field: 'f' }],
    };

    const [added] = planDiff(without, shopRecord, forecasts).added;
    const [dropped] = planDiff(shopRecord, without, forecasts).dropped;

    expect(added).toMatchObject({ key, unit: key, because: { length: 4 } });
    expect(added?.because[0]).toMatchObject({ from: 'StatefulSet.apps/shop/db', rule: 'env-from-secret' });
    expect(dropped).toMatchObject({
      key,
      leftOut: 'ExcludedByUser',
      missedBy: [{ from: 'Deployment.apps/shop/web' }],
    });
  });

  it('says which units start later, and passes each graph to its own forecast', () => {
    const edge = { from: 'Deployment.apps/shop/cart', to: 'Deployment.apps/shop/web', because: [] };
    const after = { ...shopRecord, edges: [...shopRecord.edges, edge] };
    const byEdges: Forecast = (_, edges) => ({
      p50: millis(edges.length),
      p95: millis(2 * edges.length),
      basis: 'prior',
    });

    const diff = planDiff(shopRecord, after, { before: byEdges, after: byEdges });

    expect(diff.reordered).toEqual([{ unit: 'Deployment.apps/shop/cart', before: 4, after: 5 }]);
    expect(diff.forecast).toEqual({
      before: { p50: 8, p95: 16, basis: 'prior' },
      after: { p50: 9, p95: 18, basis: 'prior' },
    });
  });
});
