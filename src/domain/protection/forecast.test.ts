import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UNITS_AT_ONCE } from '../execution/concurrency.ts';
import { type Millis, millis, seconds } from '../time.ts';
import type { Durations, Samples } from './durations.ts';
import { type ForecastInput, forecast } from './forecast.ts';
import { DNS_PRIOR, PREPARE_PRIOR, readyPrior } from './forecast-prior.ts';
import { basisOf, commonBasis, expected, nearestRank } from './forecast-quantile.ts';

const always = (duration: Millis): Samples => Array.from({ length: 20 }, () => duration);
const ready = (entries: Readonly<Record<string, number>>): Durations['units'] =>
  new Map(
    Object.entries(entries).map(([unit, time]) => [
      unit,
      { apply: always(millis(0)), ready: always(seconds(time)) },
    ]),
  );
const shop = (changes: Partial<ForecastInput> & { readonly times?: Readonly<Record<string, number>> }) => {
  const { times = {}, ...rest } = changes;
  return {
    units: Object.keys(times).map((id) => ({ id, objects: [id] })),
    edges: [],
    hostnames: [],
    durations: { prepare: always(millis(0)), units: ready(times), dns: new Map() },
    ...rest,
  };
};

describe('the forecast of a recovery', () => {
  it('adds up what follows one another, and takes the longer of what does not', () => {
    const { p50 } = forecast(
      shop({
        times: { db: 30, web: 10, cache: 35, job: 1 },
        edges: [
          { from: 'web', to: 'db' },
          { from: 'job', to: 'web' },
        ],
      }),
    );

    expect(p50.total).toBe(seconds(41));
    expect(p50.path.map(({ step }) => step)).toEqual(['prepare', 'db', 'web', 'job']);
  });

  it('takes the slower of two needs', () => {
    const edges = ['db', 'cache'].map((to) => ({ from: 'web', to }));

    const { path } = forecast(shop({ times: { web: 1, db: 5, cache: 9 }, edges })).p50;
    expect(path.map(({ step }) => step)).toEqual(['prepare', 'cache', 'web']);
  });

  it('switches the names at the same time, after everything', () => {
    const dns = new Map([
      ['a.example.com', always(seconds(20))],
      ['b.example.com', always(seconds(50))],
    ]);
    const durations = { prepare: always(seconds(2)), units: ready({ db: 10 }), dns };

    const { p50, basis } = forecast(shop({ times: { db: 10 }, hostnames: [...dns.keys()], durations }));
    expect(p50.total).toBe(seconds(62));
    expect(p50.path.at(-1)?.step).toBe('b.example.com');
    expect(basis).toBe('measured');
  });

  it('says that it rests on priors when nothing was measured', () => {
    const id = 'Deployment.apps/shop/web';
    const nothing = { prepare: [], units: new Map(), dns: new Map() };

    const { p50, p95, basis } = forecast(
      shop({ units: [{ id, objects: [id] }], hostnames: ['shop.example.com'], durations: nothing }),
    );
    expect(basis).toBe('prior');
    expect(p50.total).toBe(PREPARE_PRIOR.p50 + 50 + readyPrior(id).p50 + DNS_PRIOR.p50);
    expect(p95.total).toBeGreaterThan(p50.total);
  });

  it('is mixed when only some of it was measured', () => {
    const durations = { prepare: [], units: ready({ db: 10 }), dns: new Map() };

    expect(forecast(shop({ times: { db: 10 }, durations })).basis).toBe('mixed');
  });

  it('counts the time that applying very many units takes, though none waits for another', () => {
    const units = Array.from({ length: 100 * UNITS_AT_ONCE }, (_, index) => ({
      id: `u${index}`,
      objects: [`u${index}`],
    }));
    const each = { apply: always(seconds(1)), ready: always(millis(0)) };
    const durations = {
      prepare: always(millis(0)),
      units: new Map(units.map(({ id }) => [id, each])),
      dns: new Map(),
    };

    expect(forecast(shop({ units, durations })).p50.total).toBe(seconds(100));
  });

  it('of nothing is preparing alone, and a circle does not hang it', () => {
    expect(forecast(shop({})).p50.total).toBe(0);
    const edges = [
      { from: 'a', to: 'b' },
      { from: 'b', to: 'a' },
      { from: 'a', to: 'gone' },
    ];
    expect(forecast(shop({ times: { a: 1, b: 2 }, edges })).p50.total).toBe(seconds(3));
  });
});

describe('a quantile', () => {
  const prior = { p50: seconds(10), p95: seconds(60) };

  it('is the prior without samples, a blend of few and the measured one of enough', () => {
    expect(expected([], prior, 0.5)).toBe(seconds(10));
    expect(expected([seconds(20)], prior, 0.5)).toBe(seconds(12));
    expect(expected(always(seconds(20)), prior, 0.5)).toBe(seconds(20));
    expect([[], [millis(1)], always(millis(1))].map(basisOf)).toEqual(['prior', 'mixed', 'measured']);
  });

  it('is by nearest rank', () => {
    const samples = [5, 1, 4, 2, 3].map(millis);

    expect(nearestRank(samples, 0.5)).toBe(3);
    expect(nearestRank(samples, 0.95)).toBe(5);
    expect(nearestRank([], 0.5)).toBeUndefined();
  });

  it('of a whole is measured only when all parts are', () => {
    expect(commonBasis(['measured', 'measured'])).toBe('measured');
    expect(commonBasis(['measured', 'prior'])).toBe('mixed');
    expect(commonBasis([])).toBe('prior');
  });
});

describe('laws of the forecast', () => {
  const size = 12;
  const kinds = ['Deployment.apps', 'ConfigMap', 'StatefulSet.apps', 'Widget.example.com'];
  const ids = Array.from({ length: size }, (_, index) => `${kinds[index % kinds.length]}/ns/u${index}`);
  const samples = fc.array(fc.integer({ min: 0, max: 600_000 }).map(millis), { maxLength: 8 });
  // An edge from a later to an earlier unit: any set of them is free of circles.
  const edge = fc
    .tuple(fc.nat(size - 1), fc.nat(size - 1))
    .filter(([a, b]) => a !== b)
    .map(([a, b]) => ({ from: ids[Math.max(a, b)] ?? '', to: ids[Math.min(a, b)] ?? '' }));
  const inputs: fc.Arbitrary<ForecastInput> = fc
    .record({
      prepare: samples,
      apply: fc.array(samples, { minLength: size, maxLength: size }),
      wait: fc.array(samples, { minLength: size, maxLength: size }),
      name: samples,
      edges: fc.array(edge, { maxLength: 30 }),
    })
    .map(({ prepare, apply, wait, name, edges }) => ({
      units: ids.map((id) => ({ id, objects: [id, `${id}-config`] })),
      edges,
      hostnames: ['a.example.com', 'b.example.com'],
      durations: {
        prepare,
        units: new Map(ids.map((id, index) => [id, { apply: apply[index] ?? [], ready: wait[index] ?? [] }])),
        dns: new Map([['a.example.com', name]]),
      },
    }));
  // Sums of the same numbers in another order differ in the last bits.
  const slack = 1e-6;

  it('the p95 is never less than the p50', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const { p50, p95 } = forecast(input);
        expect(p95.total).toBeGreaterThanOrEqual(p50.total - slack);
      }),
    );
  });

  it('one edge more never shortens it', () => {
    fc.assert(
      fc.property(inputs, edge, (input, added) => {
        const before = forecast(input);
        const after = forecast({ ...input, edges: [...input.edges, added] });
        expect(after.p50.total).toBeGreaterThanOrEqual(before.p50.total - slack);
        expect(after.p95.total).toBeGreaterThanOrEqual(before.p95.total - slack);
      }),
    );
  });

  it('no measured duration that grows makes it shorter', () => {
    fc.assert(
      fc.property(inputs, fc.nat(size - 1), fc.nat(7), fc.nat(600_000), (input, unit, which, more) => {
        const grow = (list: Samples): Samples =>
          list.map((value, index) => (index === which % list.length ? millis(value + more) : value));
        const { durations } = input;
        const units = new Map(durations.units);
        const id = ids[unit] ?? '';
        const own = units.get(id) ?? { apply: [], ready: [] };
        units.set(id, { apply: grow(own.apply), ready: grow(own.ready) });
        const slower = forecast({
          ...input,
          durations: {
            prepare: grow(durations.prepare),
            units,
            dns: new Map([...durations.dns].map(([name, list]) => [name, grow(list)])),
          },
        });
        const before = forecast(input);
        expect(slower.p50.total).toBeGreaterThanOrEqual(before.p50.total - slack);
        expect(slower.p95.total).toBeGreaterThanOrEqual(before.p95.total - slack);
      }),
    );
  });

  it('the total is the sum of its path and of what queues, and the path follows edges', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const { path, total, queueing } = forecast(input).p95;
        const length = path.reduce((sum, { apply, wait }) => sum + apply + wait, 0);
        expect(total).toBeCloseTo(length + queueing, 3);
        const units = path.slice(1, -1).map(({ step }) => step);
        for (const [index, from] of units.slice(1).entries())
          expect(input.edges).toContainEqual({ from, to: units[index] });
      }),
    );
  });
});
