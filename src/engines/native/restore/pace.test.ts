import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FIRST_PACE, MOST, type Pace, paceAfter, type Round, roundSize, slots } from './pace.ts';

const calm: Round = { latency: 10, refused: 0, wanted: true };
const after = (pace: Pace, ...rounds: readonly Round[]): Pace => rounds.reduce(paceAfter, pace);
const times = (count: number, round: Round): readonly Round[] => Array.from({ length: count }, () => round);
/** A server that adds 5 ms for each call under way: all its cores are busy. */
const saturated = (pace: Pace): Pace => paceAfter(pace, { ...calm, latency: 5 * slots(pace) });

describe('the limit of requests under way', () => {
  test('doubles to its most on an idle server, and stays there', () => {
    const limits = [0, 1, 2, 3].map((rounds) => slots(after(FIRST_PACE, ...times(rounds, calm))));
    expect(limits).toEqual([8, 16, 32, 32]);
  });

  test('is halved by a single refusal, and then rises by one a round', () => {
    const refused = after(FIRST_PACE, calm, calm, { ...calm, refused: 1 });
    expect(slots(refused)).toBe(16);
    expect(slots(after(refused, calm, calm))).toBe(18);
  });

  test('falls when the same work takes more than twice its usual time', () => {
    const usual = after(FIRST_PACE, ...times(30, calm));
    expect(slots(after(usual, { ...calm, latency: 21 }))).toBeLessThan(slots(usual));
    expect(slots(after(usual, { ...calm, latency: 19 }))).toBe(slots(usual));
  });

  test('does not fall because more calls under way make each one slower on a busy server', () => {
    const pace = saturated(saturated(saturated(saturated(FIRST_PACE))));
    expect(slots(pace)).toBe(MOST);
  });

  test('falls when writes take longer than Kubernetes promises, whatever is usual', () => {
    const slow: Round = { ...calm, latency: 1001 };
    expect(slots(after(FIRST_PACE, slow))).toBeLessThan(slots(FIRST_PACE));
  });

  test('does not rise while it is not used up', () => {
    expect(after(FIRST_PACE, { ...calm, wanted: false }).limit).toBe(FIRST_PACE.limit);
  });

  test('gets used to a server that has become slower for good', () => {
    const slower = times(80, { ...calm, latency: 40 });
    const calmly = after(FIRST_PACE, ...times(30, calm));
    const [first] = slower;
    if (first === undefined) throw new Error('no round');
    expect(slots(after(calmly, first))).toBeLessThan(MOST);
    expect(slots(after(calmly, ...slower))).toBe(MOST);
  });

  test('is always between one and the most, whatever the server does', () => {
    const round = fc.record({
      latency: fc.double({ min: 0, max: 60_000, noNaN: true }),
      refused: fc.nat(40),
      wanted: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(round, { maxLength: 60 }), (rounds) => {
        const pace = after(FIRST_PACE, ...rounds);
        expect(slots(pace)).toBeGreaterThanOrEqual(1);
        expect(slots(pace)).toBeLessThanOrEqual(MOST);
        expect(roundSize(pace)).toBeGreaterThanOrEqual(slots(pace));
      }),
    );
  });

  test('never rises on a refusal', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: MOST }), fc.integer({ min: 1, max: 99 }), (limit, refused) => {
        const pace: Pace = { limit, starting: false, usual: 1 };
        expect(paceAfter(pace, { ...calm, refused }).limit).toBeLessThanOrEqual(limit);
      }),
    );
  });
});
