/** What one scenario remembers and plans, run through hours of captures of given lengths. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { between, type Millis, millis, minutes, seconds, type Tick, tick } from '../time.ts';
import { afterAttempt, type CaptureMemory, type Ended, nothingRemembered } from './capture-memory.ts';
import { nextCapture } from './schedule.ts';

interface Run {
  readonly kind: Ended['kind'];
  readonly took: Millis;
}

const copied = (took: Millis): Run => ({ kind: 'succeeded', took });
const quiet = (took: Millis): Run => ({ kind: 'unchanged', took });

/** When each of the runs starts and ends, one scenario alone. */
function follow(rpo: Millis, runs: readonly Run[]): readonly { readonly start: Tick; readonly end: Tick }[] {
  let memory: CaptureMemory = nothingRemembered;
  let now = tick(0);
  return runs.map(({ kind, took }) => {
    const start = tick(now + nextCapture({ ...memory, rpo, spread: 0, now }).delay);
    now = tick(start + took);
    memory = afterAttempt(memory, { kind, startedAt: start, took }, now);
    return { start, end: now };
  });
}

/** How old the point in force is just before each next one replaces it. */
const ages = (runs: ReturnType<typeof follow>): readonly Millis[] =>
  runs.slice(1).map(({ end }, index) => between(runs[index]?.start ?? tick(0), end));

const many = (run: Run, times = 12): readonly Run[] => Array.from({ length: times }, () => run);

describe('a scenario with an RPO of 15 minutes', () => {
  const rpo = minutes(15);

  it('holds it as soon as one slow capture, such as the first, is followed by a short one', () => {
    const runs = follow(rpo, [copied(minutes(120)), ...many(copied(minutes(1)))]);

    for (const age of ages(runs.slice(1))) expect(age).toBeLessThanOrEqual(rpo);
  });

  it('does not hurry for what is slower than the RPO: no later start could hold it', () => {
    const [, second, third] = follow(rpo, [copied(minutes(120)), ...many(copied(minutes(1)))]);

    expect(between(second?.start ?? tick(0), third?.start ?? tick(0))).toBe(seconds(13.5 * 60 - 3 * 60));
  });

  it('is left alone as before when twenty short ones have followed a slow one', () => {
    const slow = follow(rpo, [copied(minutes(10)), ...many(copied(seconds(1)), 22)]);
    const never = follow(rpo, many(copied(seconds(1)), 22));

    expect(ages(slow).at(-1)).toBe(ages(never).at(-1));
  });

  it('forgets a slow capture while the source is quiet, when it knows of a shorter one', () => {
    const quietly = [...many(quiet(millis(18)), 3)];
    const slow = follow(rpo, [copied(minutes(10)), copied(seconds(1)), ...quietly]);
    const never = follow(rpo, [copied(seconds(1)), copied(seconds(1)), ...quietly]);

    expect(ages(slow).at(-1)).toBe(ages(never).at(-1));
  });

  it('is not looked at every two seconds because a quiet source was once slow to copy', () => {
    const runs = follow(rpo, [copied(minutes(10)), ...many(quiet(millis(18)))]);

    for (const age of ages(runs.slice(1))) expect(age).toBeGreaterThanOrEqual(minutes(3));
  });

  it('that captures of ten minutes may follow holds it after short ones', () => {
    const runs = follow(rpo, [copied(minutes(10)), copied(minutes(1)), copied(minutes(10))]);

    expect(ages(runs).at(-1)).toBeLessThanOrEqual(rpo);
  });
});

describe('whatever captures took before', () => {
  const someRuns = fc.array(
    fc.record({
      kind: fc.constantFrom('succeeded', 'unchanged', 'failed'),
      took: fc.nat(7_200_000).map(millis),
    }),
    { minLength: 1, maxLength: 30 },
  );
  const someRpo = fc.integer({ min: 60_000, max: 86_400_000 }).map(millis);

  it('the RPO holds again after a short one, as long as the next takes no longer than it did', () => {
    fc.assert(
      fc.property(someRpo, someRuns, fc.double({ min: 0, max: 0.25, noNaN: true }), (rpo, before, share) => {
        const short = copied(millis(Math.floor(rpo * share)));
        const runs = follow(rpo, [...before, short, short]);

        expect(ages(runs).at(-1)).toBeLessThanOrEqual(rpo);
      }),
    );
  });

  it('each rest is at least as long as the run before it took, and two seconds', () => {
    fc.assert(
      fc.property(someRpo, someRuns, (rpo, before) => {
        const runs = follow(rpo, before);

        for (const [index, { end }] of runs.slice(0, -1).entries()) {
          const rest = between(end, runs[index + 1]?.start ?? tick(0));
          expect(Math.ceil(rest)).toBeGreaterThanOrEqual(Math.max(2000, before[index]?.took ?? 0));
        }
      }),
    );
  });
});
