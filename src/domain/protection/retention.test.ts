import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { drScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import { fromRfc3339, type Instant, instant, millis, minutes } from '../time.ts';
import { byNewest, nextSequence } from './point-order.ts';
import {
  describeDropped,
  describeKept,
  type RetainedPoint,
  type RetentionPolicy,
  retained,
  retentionPolicy,
} from './retention.ts';

const NOW = at('2026-11-23T14:00:00Z');
const HOUR = 3_600_000;
const none: ReadonlyMap<string, string> = new Map();
const plain: RetentionPolicy = { keep: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, maxAge: undefined };

function at(text: string): Instant {
  return fromRfc3339(text) ?? instant(0);
}

const point = (time: string, verified = true): RetainedPoint => ({
  name: verified ? time : `${time}?`,
  capturedAt: at(time),
  verified,
});
const names = (points: readonly { readonly name: string }[]) => points.map(({ name }) => name);
const keptOf = (points: readonly RetainedPoint[], policy: Partial<RetentionPolicy>, inUse = none) =>
  names(retained(points, { ...plain, ...policy }, inUse, NOW).kept);

describe('points that are kept', () => {
  const daily = [
    '2026-11-23T12:00:00Z',
    '2026-11-22T12:00:00Z',
    '2026-11-21T12:00:00Z',
    '2026-11-20T12:00:00Z',
  ];

  test('are the newest, as many as asked for', () => {
    expect(
      keptOf(
        daily.map((time) => point(time)),
        { keep: 2 },
      ),
    ).toEqual(daily.slice(0, 2));
  });

  test('are always at least one', () => {
    expect(
      keptOf(
        daily.map((time) => point(time)),
        { keep: 0 },
      ),
    ).toEqual(daily.slice(0, 1));
  });

  test('are counted apart when they are verified: proofs that fail push out no point that passed', () => {
    const points = [point('2026-11-23T13:00:00Z', false), point('2026-11-23T12:30:00Z', false)];
    const verified = daily.map((time) => point(time));
    expect(keptOf([...points, ...verified], { keep: 2 })).toEqual([...names(points), ...daily.slice(0, 2)]);
  });

  test('stand for the hours that have any, however long ago the last one was', () => {
    const points = [
      '2026-11-10T09:50:00Z',
      '2026-11-10T09:10:00Z',
      '2026-11-10T08:59:59Z',
      '2026-11-09T23:00:00Z',
    ];
    expect(
      keptOf(
        points.map((time) => point(time)),
        { hourly: 3 },
      ),
    ).toEqual([points[0], points[2], points[3]]);
  });

  test('stand for days, weeks from Monday, and months, all in UTC', () => {
    const points = [
      '2026-11-23T00:00:00Z', // a Monday
      '2026-11-22T23:59:59Z', // the Sunday of the week before
      '2026-11-16T00:00:00Z', // the Monday of that week
      '2026-11-15T23:59:59Z',
      '2026-10-31T23:59:59Z',
      '2026-10-01T00:00:00Z',
      '2025-12-31T23:59:59Z',
    ];
    const all = points.map((time) => point(time));
    expect(keptOf(all, { daily: 3 })).toEqual(points.slice(0, 3));
    expect(keptOf(all, { weekly: 3 })).toEqual([points[0], points[1], points[3]]);
    expect(keptOf(all, { monthly: 3 })).toEqual([points[0], points[4], points[6]]);
  });

  test('stand for a period verified when one of them is', () => {
    const points = [
      point('2026-11-23T13:00:00Z'),
      point('2026-11-22T13:00:00Z', false),
      point('2026-11-22T12:00:00Z'),
    ];
    expect(keptOf(points, { daily: 2 })).toEqual([points[0]?.name, points[2]?.name]);
  });

  test('are no older than maxAge, though fewer are left than keep asks for', () => {
    expect(
      keptOf(
        daily.map((time) => point(time)),
        { keep: 4, maxAge: millis(30 * HOUR) },
      ),
    ).toEqual(daily.slice(0, 2));
  });

  test('are the newest verified one and those in use, however old', () => {
    const points = [point('2026-11-23T13:59:00Z', false), ...daily.map((time) => point(time))];
    const inUse = new Map([[daily[3] ?? '', 'DRExecution shop-1']]);
    expect(keptOf(points, { maxAge: minutes(10) }, inUse)).toEqual([points[0]?.name, daily[0], daily[3]]);
  });

  test('are the newest of all when none is verified', () => {
    const points = daily.map((time) => point(time, false));
    expect(keptOf(points, { maxAge: minutes(1) })).toEqual([points[0]?.name]);
  });
});

test('every reason can be read by people', () => {
  const [newest, older, oldest] = [
    '2026-11-23T12:00:00Z',
    '2026-11-22T12:00:00Z',
    '2026-11-21T12:00:00Z',
  ].map((time) => point(time));
  if (newest === undefined || older === undefined || oldest === undefined) throw new Error('three points');
  const policy = { ...plain, daily: 1, maxAge: millis(24 * HOUR) };
  const { kept, dropped } = retained(
    [newest, older, oldest],
    policy,
    new Map([[older.name, 'a rehearsal']]),
    NOW,
  );
  expect(kept.map(({ because }) => because.map(describeKept))).toEqual([
    ['the newest verified point', 'the newest one', 'the newest of the day 2026-11-23'],
    ['in use by a rehearsal'],
  ]);
  expect(dropped.map(({ because }) => describeDropped(because))).toEqual(['older than 24h']);
  const wanted = retained([newest, older], { ...plain, maxAge: undefined }, none, NOW);
  expect(wanted.dropped.map(({ because }) => describeDropped(because))).toEqual([
    'not among those that spec.replication keeps',
  ]);
});

test('the policy is what the spec says', () => {
  const spec = drScenarioSpec.parse({
    source: { region: 'eu-west' },
    recovery: { region: 'eu-north' },
    objectives: { rpo: '5m', rto: '10m' },
    resources: { namespaces: ['shop'] },
    replication: { keep: 3, retention: { daily: 7, maxAge: '48h' } },
  });
  expect(retentionPolicy(spec)).toEqual({ ...plain, keep: 3, daily: 7, maxAge: 48 * HOUR });
});

test('are the last that were made, though a clock that was ahead has dated earlier ones later', () => {
  const ahead = [3, 2, 1].map((sequence) => ({ ...point(`2026-11-23T15:0${sequence}:00Z`), sequence }));
  const right = [5, 4].map((sequence) => ({ ...point(`2026-11-23T13:0${sequence}:00Z`), sequence }));
  expect(keptOf([...ahead, ...right], { keep: 2 })).toEqual(names(right));
  // As a period has only one, that of the later instant is not the one.
  expect(keptOf([...ahead, ...right], { keep: 1, daily: 1 })).toEqual(names(right.slice(0, 1)));
});

describe('whatever the points and the policy', () => {
  const count = fc.nat(5);
  const policies: fc.Arbitrary<RetentionPolicy> = fc.record({
    keep: count,
    hourly: count,
    daily: count,
    weekly: count,
    monthly: count,
    maxAge: fc.option(
      fc.integer({ min: 1, max: 90 * 24 }).map((hours) => millis(hours * HOUR)),
      { nil: undefined },
    ),
  });
  const pointArbitrary = fc.record({
    // Up to 120 days ago, and a little in the future: clocks go wrong.
    capturedAt: fc.integer({ min: -2 * 60, max: 120 * 24 * 60 }).map((ago) => instant(NOW - ago * 60_000)),
    verified: fc.boolean(),
    salt: fc.nat(3),
    // In any relation to the instants: clocks differ.
    sequence: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
  });
  const named = pointArbitrary.map(
    ({ salt, ...parts }): RetainedPoint => ({ name: `${parts.capturedAt}-${salt}`, ...parts }),
  );
  const sets = fc.uniqueArray(named, { selector: ({ name }) => name, maxLength: 40 });
  const cases = fc
    .record({ points: sets, policy: policies, chosen: fc.array(fc.nat(39), { maxLength: 3 }) })
    .map(({ points, policy, chosen }) => ({
      points,
      policy,
      inUse: new Map(
        chosen.flatMap((index) => (points[index] === undefined ? [] : [[points[index].name, 'a test']])),
      ),
    }));

  test('each point is kept with a reason or dropped with one, never both, and in any order of the input', () => {
    fc.assert(
      fc.property(cases, ({ points, policy, inUse }) => {
        const { kept, dropped } = retained(points, policy, inUse, NOW);
        expect([...names(kept), ...names(dropped)].toSorted()).toEqual(names(points).toSorted());
        for (const { because } of kept) expect(because.length).toBeGreaterThan(0);
        expect(retained(points.toReversed(), policy, inUse, NOW)).toEqual({ kept, dropped });
      }),
    );
  });

  test('the newest verified point and what is in use are kept, and something is when there is anything', () => {
    fc.assert(
      fc.property(cases, ({ points, policy, inUse }) => {
        const kept = new Set(names(retained(points, policy, inUse, NOW).kept));
        const verified = points.filter((one) => one.verified);
        const [best] = verified.toSorted(byNewest);
        expect(best === undefined || kept.has(best.name)).toBe(true);
        for (const name of inUse.keys()) expect(kept).toContain(name);
        expect(kept.size > 0).toBe(points.length > 0);
      }),
    );
  });

  test('one that is made now is kept, whatever its clock says, unless it is too old', () => {
    fc.assert(
      fc.property(cases, named, ({ points, policy, inUse }, { name, capturedAt }) => {
        fc.pre(points.every((one) => one.name !== name));
        const made = { name, capturedAt, verified: false, sequence: nextSequence(points) };
        const kept = names(retained([...points, made], { ...policy, maxAge: undefined }, inUse, NOW).kept);
        expect(kept[0]).toBe(name);
      }),
    );
  });

  test('pruning again drops nothing more', () => {
    fc.assert(
      fc.property(cases, ({ points, policy, inUse }) => {
        const { kept } = retained(points, policy, inUse, NOW);
        const left = points.filter((one) => names(kept).includes(one.name));
        // There may be more reasons then: a point can stand for a period whose better one was too old.
        const again = retained(left, policy, inUse, NOW);
        expect([names(again.kept), again.dropped]).toEqual([names(kept), []]);
      }),
    );
  });

  test('one point more brings none back', () => {
    fc.assert(
      fc.property(cases, named, ({ points, policy, inUse }, added) => {
        fc.pre(points.every((one) => one.name !== added.name));
        const before = names(retained(points, policy, inUse, NOW).dropped);
        const after = names(retained([...points, added], policy, inUse, NOW).dropped);
        expect(after).toEqual(expect.arrayContaining(before));
      }),
    );
  });

  test('time alone drops points and brings none back', () => {
    fc.assert(
      fc.property(cases, fc.nat(60 * 24), ({ points, policy, inUse }, hours) => {
        const before = names(retained(points, policy, inUse, NOW).dropped);
        const later = instant(NOW + hours * HOUR);
        expect(names(retained(points, policy, inUse, later).dropped)).toEqual(expect.arrayContaining(before));
      }),
    );
  });
});
