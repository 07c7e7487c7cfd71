import { expect, test } from 'vitest';
import { seconds } from '../domain/time.ts';
import { manualClock } from '../testing/manual-clock.ts';
import { ATTEMPTS, retrying } from './retry.ts';

const random = (): number => 0.5;
const always = (): boolean => true;

/** Fails so many times, then answers which attempt it was. */
function failing(times: number) {
  let attempts = 0;
  return {
    attempts: () => attempts,
    work: async () => {
      attempts += 1;
      if (attempts <= times) throw new Error(`failure ${attempts}`);
      return attempts;
    },
  };
}

test('what fails for a moment is tried again, later each time', async () => {
  const clock = manualClock();
  const { attempts, work } = failing(2);
  const result = retrying(work, always, { clock, random }, new AbortController().signal);
  await clock.advance(seconds(0.29));
  expect(attempts()).toBe(1);
  await clock.advance(seconds(0.01));
  expect(attempts()).toBe(2);
  await clock.advance(seconds(0.6));
  expect(await result).toBe(3);
});

test('what goes on failing is given up with its last error', async () => {
  const clock = manualClock();
  const { attempts, work } = failing(100);
  const result = retrying(work, always, { clock, random }, new AbortController().signal);
  const outcome = result.catch(String);
  await clock.advance(seconds(60));
  expect(await outcome).toBe(`Error: failure ${ATTEMPTS}`);
  expect(attempts()).toBe(ATTEMPTS);
});

test('what cannot pass is not tried again', async () => {
  const { attempts, work } = failing(100);
  const deps = { clock: manualClock(), random };
  await expect(retrying(work, () => false, deps, new AbortController().signal)).rejects.toThrow('failure 1');
  expect(attempts()).toBe(1);
});

test('who is told to stop does not wait for the next attempt', async () => {
  const clock = manualClock();
  const stop = new AbortController();
  const { attempts, work } = failing(100);
  const result = retrying(work, always, { clock, random }, stop.signal);
  const outcome = result.catch(String);
  await clock.advance(seconds(0.1));
  stop.abort(new Error('stopped'));
  expect(await outcome).toBe('Error: stopped');
  expect(attempts()).toBe(1);
});
