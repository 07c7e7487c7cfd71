import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newestFirst, nextSequence } from './point-order.ts';

interface Point {
  readonly name: string;
  readonly sequence?: number;
  readonly capturedAt: string;
}
const names = (points: readonly Point[]) => newestFirst(points).map(({ name }) => name);
const of = (name: string, capturedAt: string, sequence?: number): Point => ({
  name,
  capturedAt,
  ...(sequence === undefined ? {} : { sequence }),
});

describe('the newest point', () => {
  test('is that of the highest count, whatever the clocks said', () => {
    expect(names([of('ahead', '2026-11-23T12:30:00Z', 1), of('right', '2026-11-23T12:01:00Z', 2)])).toEqual([
      'right',
      'ahead',
    ]);
  });

  test('is one that is counted rather than one of a version that did not count', () => {
    const old = [of('old', '2026-11-23T12:30:00Z'), of('older', '2026-11-23T12:29:00Z')];
    expect(names([...old, of('counted', '2026-11-23T12:01:00Z', 1)])).toEqual(['counted', 'old', 'older']);
  });

  test('is of the later instant where two have the same count, and else of the later name', () => {
    const same = [of('a', '2026-11-23T12:00:00Z', 4), of('b', '2026-11-23T12:00:00Z', 4)];
    expect(names([...same, of('0', '2026-11-23T12:00:01Z', 4)])).toEqual(['0', 'b', 'a']);
  });

  test('is not one whose instant cannot be read, where instants decide', () => {
    expect(names([of('unread', 'soon'), of('read', '2026-11-23T12:00:00Z')])).toEqual(['read', 'unread']);
  });
});

const point = fc
  .record({
    count: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
    minute: fc.integer({ min: 0, max: 6 }),
  })
  .map(({ count, minute }) => of('', new Date(minute * 60_000).toISOString(), count));
const points = fc
  .array(point, { maxLength: 12 })
  .map((all) => all.map((one, index) => ({ ...one, name: `p${index}` })));

test('points are in one order, in whatever order they are given', () => {
  fc.assert(
    fc.property(points, fc.nat(11), (all, by) => {
      expect(names([...all.slice(by), ...all.slice(0, by)])).toEqual(names(all));
    }),
  );
});

test('a point that is made beside any others is the newest, whatever its clock says', () => {
  fc.assert(
    fc.property(points, point, (all, { capturedAt }) => {
      const made = of('made', capturedAt, nextSequence(all));
      expect(names([...all, made])[0]).toBe('made');
    }),
  );
});
