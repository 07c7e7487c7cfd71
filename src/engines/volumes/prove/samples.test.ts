import { expect, test } from 'vitest';
import { minutes } from '../../../domain/time.ts';
import { manualClock } from '../../../testing/manual-clock.ts';
import { createSamples } from './samples.ts';

const failed = { kind: 'failed', message: 'no volume' } as const;
const unknown = { kind: 'unknown', message: 'too slow' } as const;
const filled = { kind: 'filled' } as const;

test('the first point of a scenario is sampled, and then another claim every hour', async () => {
  const clock = manualClock();
  const samples = createSamples(clock);
  expect(samples.due('dr/shop')).toBe(0);
  samples.ended('dr/shop', filled);
  await clock.advance(minutes(59));
  expect(samples.due('dr/shop')).toBeUndefined();
  expect(samples.due('dr/mail')).toBe(0);
  await clock.advance(minutes(1));
  expect(samples.due('dr/shop')).toBe(1);
});

test('a failure stands until a sample of the same claim is filled, and that is tried with the next point', async () => {
  const samples = createSamples(manualClock());
  samples.ended('dr/shop', filled);
  samples.ended('dr/shop', failed);
  expect(samples.due('dr/shop')).toBe(1);
  samples.ended('dr/shop', unknown);
  expect(samples.standing('dr/shop')).toEqual(failed);
  samples.ended('dr/shop', filled);
  expect(samples.standing('dr/shop')).toEqual(filled);
  expect(samples.due('dr/shop')).toBeUndefined();
});

test('what could not be tried is said until it could, and tried again after ten minutes, the same claim', async () => {
  const clock = manualClock();
  const samples = createSamples(clock);
  samples.ended('dr/shop', unknown);
  expect(samples.due('dr/shop')).toBeUndefined();
  expect(samples.standing('dr/shop')).toEqual(unknown);
  await clock.advance(minutes(10));
  expect(samples.due('dr/shop')).toBe(0);
  samples.forget('dr/shop');
  expect(samples.standing('dr/shop')).toBeUndefined();
});
