import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { between, type Millis, millis, minutes, seconds, type Tick, tick } from '../time.ts';
import { type CaptureHistory, captureBefore, nextCapture as plan, rpoState } from './schedule.ts';

const history = (parts: Partial<CaptureHistory>): CaptureHistory => ({
  spread: 0,
  rpo: minutes(5),
  last: attempt(tick(0), seconds(10)),
  durations: [seconds(10)],
  consecutiveFailures: 0,
  now: tick(seconds(10)),
  ...parts,
});
const attempt = (startedAt: Tick, took: Millis, endedAt = after(startedAt, took)) => ({
  startedAt,
  endedAt,
  took,
});

const nextCapture = (known: Omit<CaptureHistory, 'spread'>): Millis => plan({ ...known, spread: 0 }).delay;

describe('nextCapture', () => {
  it('keeps scenarios of one RPO apart, and none later than it must be', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(20), (spread, consecutiveFailures) => {
        const latest = plan(history({ consecutiveFailures, spread: 0 })).delay;
        const own = plan(history({ consecutiveFailures, spread })).delay;

        expect(own).toBeLessThanOrEqual(latest);
        expect(own).toBeGreaterThanOrEqual(latest * 0.85 - 1000);
      }),
    );
  });

  it('says why', () => {
    expect(plan(history({})).because).toBe('the RPO of 5m holds with time for one retry');
    expect(plan(history({ consecutiveFailures: 3 })).because).toBe('the last 3 runs failed');
  });

  it('comes before hours in which it may not, with time for one retry, and once', () => {
    const before = (closing: Millis, endedAt: Tick): Millis | undefined =>
      captureBefore(
        closing,
        history({ last: attempt(tick(0), seconds(10), endedAt), now: tick(seconds(60)) }),
      )?.delay;

    // 10 s each for the attempt and the retry, 10 s rest in between.
    expect(before(seconds(100), tick(seconds(10)))).toBe(seconds(70));
    expect(before(seconds(20), tick(seconds(10)))).toBe(0);
    expect(before(seconds(20), tick(seconds(55)))).toBeUndefined();
    expect(before(seconds(-5), tick(seconds(10)))).toBeUndefined();
  });

  it('never starts in hours in which it may not, and always rests', () => {
    fc.assert(
      fc.property(
        fc.nat(1_000_000),
        fc.nat(60_000),
        fc.nat(60_000),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (closing, expected, since, spread) => {
          const now = tick(1_000_000);
          const took = millis(expected);
          const last = attempt(tick(now - since - took), took);
          const known = history({ durations: [took], last, now, spread });
          const delay = captureBefore(millis(closing), known)?.delay;

          if (delay === undefined) return;
          expect(delay).toBeLessThan(closing);
          expect(since + delay).toBeGreaterThanOrEqual(Math.max(2000, expected));
        },
      ),
    );
  });

  it('is due at once when there was none', () => {
    expect(nextCapture(history({ last: undefined, durations: [] }))).toBe(0);
  });

  it('leaves room for one failed attempt and its retry before the RPO, with a tenth to spare', () => {
    // 270 s may pass; 10 s each for the attempt and the retry, 10 s rest in between, 10 s have passed.
    expect(nextCapture(history({}))).toBe(seconds(270 - 30 - 10));
  });

  it('counts on the slowest of the measured durations', () => {
    expect(nextCapture(history({ durations: [seconds(5), seconds(20), seconds(10)] }))).toBe(
      seconds(270 - 60 - 10),
    );
  });

  it('is due at once when its time has passed', () => {
    expect(nextCapture(history({ now: tick(minutes(60)) }))).toBe(0);
  });

  it('rests as long as it works when the RPO is too short for more', () => {
    const tooShort = history({ rpo: seconds(5) });

    expect(nextCapture(tooShort)).toBe(seconds(10));
  });

  it('never follows its predecessor within two seconds', () => {
    const quick = history({
      rpo: seconds(1),
      durations: [millis(5)],
      last: attempt(tick(0), millis(5)),
      now: tick(5),
    });

    expect(nextCapture(quick)).toBe(seconds(2));
  });

  it.each([
    [1, seconds(10)],
    [2, seconds(20)],
    [3, seconds(40)],
    [4, seconds(80)],
    [5, seconds(150)],
    [100, seconds(150)],
  ])('after %d failures in a row waits %d ms', (consecutiveFailures, expected) => {
    const ended = tick(seconds(30));
    const last = attempt(tick(seconds(20)), seconds(10));

    expect(nextCapture(history({ consecutiveFailures, last, now: ended }))).toBe(expected);
  });

  it('retries within five minutes however long the RPO', () => {
    const failing = history({ rpo: minutes(60 * 24), consecutiveFailures: 50, now: tick(seconds(10)) });

    expect(nextCapture(failing)).toBe(minutes(5));
  });
});

describe('laws of the schedule', () => {
  const someRpo = fc.integer({ min: 30_000, max: 86_400_000 }).map(millis);
  const someWork = fc.double({ min: 0, max: 0.15, noNaN: true });

  it('the RPO holds even when one attempt fails, as long as a capture takes less than 15% of it', () => {
    fc.assert(
      fc.property(someRpo, someWork, (rpo, share) => {
        const duration = millis(Math.floor(rpo * share));
        const durations = [duration];
        const begin = tick(0);
        const firstEnd = tick(duration);

        const second = after(
          firstEnd,
          nextCapture({
            rpo,
            last: attempt(begin, duration),
            durations,
            consecutiveFailures: 0,
            now: firstEnd,
          }),
        );
        const failedAt = after(second, duration);
        const retry = after(
          failedAt,
          nextCapture({
            rpo,
            last: attempt(second, duration),
            durations,
            consecutiveFailures: 1,
            now: failedAt,
          }),
        );
        const verifiedAt = after(retry, duration);

        expect(between(begin, verifiedAt)).toBeLessThanOrEqual(rpo);
      }),
    );
  });

  it('a capture never follows another without rest, and the wait is finite', () => {
    fc.assert(
      fc.property(someRpo, fc.nat(10_000_000), fc.nat(2000), (rpo, work, consecutiveFailures) => {
        const end = tick(work);
        const delay = nextCapture({
          rpo,
          last: attempt(tick(0), millis(work)),
          durations: [millis(work)],
          consecutiveFailures,
          now: end,
        });

        expect(delay).toBeGreaterThanOrEqual(Math.max(2000, work));
        expect(Number.isFinite(delay)).toBe(true);
      }),
    );
  });
});

const after = (moment: Tick, delay: Millis): Tick => tick(moment + delay);

describe('rpoState', () => {
  it.each([
    [undefined, 'none'],
    [seconds(1), 'held'],
    [minutes(5), 'held'],
    [millis(300_001), 'breached'],
    // A clock was ahead: the point may be as old as can be.
    [minutes(-30), 'ahead'],
    // Clocks differ a little.
    [seconds(-1), 'held'],
  ] as const)('a point of age %s is %s at an RPO of five minutes', (age, expected) => {
    expect(rpoState(age, minutes(5))).toBe(expected);
  });
});
