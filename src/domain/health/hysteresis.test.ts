import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Verdict } from '../../api/v1alpha1/region-health.ts';
import { seconds, type Tick, tick } from '../time.ts';
import { type HealthState, type Judgement, resume, type Settled, settle, type Timing } from './hysteresis.ts';

const timing: Timing = { failFor: seconds(30), recoverAfter: seconds(300), maxGap: seconds(20) };
const at = (second: number): Tick => tick(second * 1000);

const failed: Judgement = { verdict: 'Failed', provisional: 'Degraded', suspected: true };
const calm = (verdict: Verdict): Judgement => ({ verdict, provisional: verdict, suspected: false });
const healthy = calm('Healthy');
const suspected: Judgement = { ...healthy, suspected: true };

/** Observes the same thing every `step` seconds from `from` to `to`, both included. */
function observe(state: HealthState, raw: Judgement, from: number, to: number, step = 5): Settled {
  let settled = settle(state, raw, timing, true, at(from));
  for (let second = from + step; second <= to; second += step)
    settled = settle(settled.state, raw, timing, true, at(second));
  return settled;
}

describe('becoming failed', () => {
  test('takes the configured time, and until then says how long it has looked so', () => {
    const { state, pending } = observe(resume('Healthy'), failed, 0, 25);
    expect(state.verdict).toBe('Degraded');
    expect(pending).toEqual({ kind: 'failing', elapsed: 25_000, remaining: 5_000 });
    expect(settle(state, failed, timing, true, at(30)).state.verdict).toBe('Failed');
  });

  test('counts from the first suspicion, but is claimed only when confirmed', () => {
    const { state } = observe(resume('Healthy'), suspected, 0, 30);
    expect(state.verdict).toBe('Healthy');
    expect(settle(state, failed, timing, true, at(31)).state.verdict).toBe('Failed');
  });

  test('starts anew after a single break', () => {
    const before = observe(resume('Healthy'), failed, 0, 25).state;
    const broken = settle(before, healthy, timing, true, at(28)).state;
    const { state, pending } = settle(broken, failed, timing, true, at(31));
    expect(state.verdict).toBe('Degraded');
    expect(pending).toMatchObject({ elapsed: 0 });
  });

  test('starts anew when nobody has looked for too long', () => {
    const before = settle(resume('Healthy'), failed, timing, true, at(0)).state;
    const { state, pending } = settle(before, failed, timing, true, at(40));
    expect(state.verdict).toBe('Degraded');
    expect(pending).toMatchObject({ elapsed: 0 });
  });

  test('starts anew after a restart', () => {
    const before = observe(resume('Healthy'), failed, 0, 25).state;
    expect(settle(resume(before.verdict), failed, timing, true, at(5)).state.verdict).toBe('Degraded');
  });

  test('is held while it may not happen, and happens as soon as it may', () => {
    const before = observe(resume('Healthy'), failed, 0, 25).state;
    const held = settle(before, failed, timing, false, at(40));
    expect(held).toMatchObject({
      state: { verdict: 'Degraded' },
      pending: { kind: 'failing', remaining: 0 },
    });
    expect(settle(held.state, failed, timing, true, at(41)).state.verdict).toBe('Failed');
  });
});

describe('recovering', () => {
  test('takes the quiet time', () => {
    const { state, pending } = observe(resume('Failed'), healthy, 0, 295);
    expect(state.verdict).toBe('Failed');
    expect(pending).toEqual({ kind: 'recovering', elapsed: 295_000, remaining: 5_000 });
    expect(settle(state, healthy, timing, true, at(300)).state.verdict).toBe('Healthy');
  });

  test.each(['Failed', 'Unreachable', 'Unknown'] as const)('starts anew after %s is seen', (verdict) => {
    const quiet = observe(resume('Failed'), healthy, 0, 295).state;
    const raw = verdict === 'Failed' ? failed : calm(verdict);
    const interrupted = settle(quiet, raw, timing, true, at(300)).state;
    expect(interrupted.verdict).toBe('Failed');
    expect(settle(interrupted, healthy, timing, true, at(305)).pending).toMatchObject({ elapsed: 0 });
  });

  test('survives a restart as failed, with the quiet time beginning anew', () => {
    const quiet = observe(resume('Failed'), healthy, 0, 295).state;
    expect(settle(resume(quiet.verdict), healthy, timing, true, at(10))).toMatchObject({
      state: { verdict: 'Failed' },
      pending: { kind: 'recovering', elapsed: 0 },
    });
  });
});

describe('whatever row of observations', () => {
  const verdicts = fc.constantFrom<Verdict>('Healthy', 'Degraded', 'Failed', 'Unreachable', 'Unknown');
  const judgement = fc
    .tuple(verdicts, fc.boolean())
    .map(
      ([verdict, doubt]): Judgement =>
        verdict === 'Failed' ? failed : { ...calm(verdict), suspected: doubt },
    );
  const steps = fc.array(fc.tuple(judgement, fc.integer({ min: 100, max: 30_000 })), { maxLength: 60 });

  test('Failed needs an unbroken time of suspicion as long as configured, and leaves only after an unbroken quiet time', () => {
    fc.assert(
      fc.property(steps, (row) => {
        let state = resume('Healthy');
        let now = 0;
        let suspectedSince: number | undefined;
        let quietSince: number | undefined;
        for (const [raw, wait] of row) {
          now += wait;
          if (wait > timing.maxGap) [suspectedSince, quietSince] = [undefined, undefined];
          const before = state.verdict;
          const calmNow = raw.verdict === 'Healthy' || raw.verdict === 'Degraded';
          suspectedSince = before !== 'Failed' && raw.suspected ? (suspectedSince ?? now) : undefined;
          quietSince = before === 'Failed' && calmNow ? (quietSince ?? now) : undefined;
          state = settle(state, raw, timing, true, tick(now)).state;
          const mustFail =
            raw.verdict === 'Failed' &&
            suspectedSince !== undefined &&
            now - suspectedSince >= timing.failFor;
          const mustRecover = quietSince !== undefined && now - quietSince >= timing.recoverAfter;
          expect(state.verdict === 'Failed').toBe(before === 'Failed' ? !mustRecover : mustFail);
        }
      }),
      { numRuns: 500 },
    );
  });
});
