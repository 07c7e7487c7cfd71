import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tick } from '../../../domain/time.ts';
import { isOfOneHistory, type Mark, provenAt, withMark } from './mirror-marks.ts';

const mark = (at: number, version: string): Mark => ({ at: tick(at), version });
const marks = [mark(10, '100'), mark(20, '200'), mark(30, '300')];

describe('a position', () => {
  test('proves the moment of the latest mark that it has reached', () => {
    expect(provenAt(marks, '250')).toBe(20);
    expect(provenAt(marks, '300')).toBe(30);
    expect(provenAt(marks, '9999')).toBe(30);
  });

  test('proves nothing before the first mark, and nothing when it has no order', () => {
    expect(provenAt(marks, '99')).toBeUndefined();
    expect(provenAt(marks, 'w/300')).toBeUndefined();
    expect(provenAt([], '300')).toBeUndefined();
  });

  test('never proves a moment after which something was written that it has not reached', () => {
    const history = fc.array(fc.nat(5), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(history, fc.nat(120), (writes, position) => {
        // At every moment some writes; a mark is made at each, before the next ones.
        let version = 1;
        const made = writes.map((count, at) => mark(at, String((version += count))));
        const proven = provenAt(made, String(position));
        const unheard = made.filter((one) => Number(one.version) > position).map(({ at }) => at);
        expect(unheard.every((at) => proven === undefined || at > proven)).toBe(true);
      }),
    );
  });
});

describe('a kind', () => {
  test('is of one history with the marks when its position lies between them', () => {
    expect(isOfOneHistory(mark(10, '100'), '100', mark(20, '200'))).toBe(true);
    expect(isOfOneHistory(mark(10, '100'), '150', mark(20, '200'))).toBe(true);
  });

  test.each(['99', '201', 'etag-1'])('at %s is kept by another server', (position) => {
    expect(isOfOneHistory(mark(10, '100'), position, mark(20, '200'))).toBe(false);
  });
});

describe('marks', () => {
  test('of a source whose versions went back are of another history', () => {
    expect(withMark(marks, mark(40, '299'))).toBeUndefined();
    expect(withMark(marks, mark(40, '300'))).toHaveLength(4);
  });

  test('are not kept for ever', () => {
    let kept: readonly Mark[] = [];
    for (let at = 0; at < 500; at += 1) kept = withMark(kept, mark(at, String(at))) ?? [];
    expect(kept.length).toBeLessThan(200);
    expect(kept.at(-1)?.at).toBe(499);
  });
});
