import { expect, test } from 'vitest';
import { seconds } from '../domain/time.ts';
import { manualClock } from './manual-clock.ts';

test('sleepers wake in the order of their moments, including those that started on the way', async () => {
  const clock = manualClock();
  const { signal } = new AbortController();
  const woken: [string, number][] = [];
  const sleep = async (name: string, ...delays: number[]): Promise<void> => {
    for (const delay of delays) {
      await clock.sleep(seconds(delay), signal);
      woken.push([name, clock.tick()]);
    }
  };
  const sleepers = [sleep('late', 5), sleep('twice', 1, 3), sleep('never', 60)];
  await clock.advance(seconds(10));
  expect(woken).toEqual([
    ['twice', 1000],
    ['twice', 4000],
    ['late', 5000],
  ]);
  expect([clock.tick(), clock.sleeping()]).toEqual([10_000, 1]);
  await clock.advance(seconds(60));
  await Promise.all(sleepers);
});

test('a sleeper that is called off rejects with the reason and is forgotten', async () => {
  const clock = manualClock();
  const stop = new AbortController();
  const sleeping = clock.sleep(seconds(5), stop.signal);
  stop.abort(new Error('enough'));
  await expect(sleeping).rejects.toThrow('enough');
  expect(clock.sleeping()).toBe(0);
});
