import { expect, test } from 'vitest';
import { millis } from '../../../domain/time.ts';
import { manualClock } from '../../../testing/manual-clock.ts';
import { createWaves } from './waves.ts';

const { signal } = new AbortController();

test('what is asked for together is restored together, what comes meanwhile in the next wave', async () => {
  const clock = manualClock();
  const waves: (readonly string[])[] = [];
  const wave = createWaves<number>(clock, async (keys, waveSignal) => {
    waves.push(keys);
    await clock.sleep(millis(1000), waveSignal);
    return waves.length;
  });

  const first = [wave.join(['a', 'b'], signal), wave.join(['b', 'c'], signal)];
  await clock.advance(millis(100));
  const second = [wave.join(['d'], signal), wave.join(['e'], signal)];
  await clock.advance(millis(5000));

  expect(await Promise.all([...first, ...second])).toEqual([1, 1, 2, 2]);
  expect(waves).toEqual([
    ['a', 'b', 'c'],
    ['d', 'e'],
  ]);
});

test('a wave that fails fails for all who asked, and the next one runs', async () => {
  const clock = manualClock();
  let runs = 0;
  const wave = createWaves<string>(clock, async () => {
    runs += 1;
    if (runs === 1) throw new Error('no store');
    return 'fine';
  });

  const failing = Promise.allSettled([wave.join(['a'], signal), wave.join(['b'], signal)]);
  await clock.advance(millis(100));
  const next = wave.join(['c'], signal);
  await clock.advance(millis(100));

  expect((await failing).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await next).toBe('fine');
});

test('a wave goes on while anyone still waits for it', async () => {
  const clock = manualClock();
  let aborted = false;
  const wave = createWaves<string>(clock, async (_, waveSignal) => {
    await clock.sleep(millis(1000), signal);
    aborted = waveSignal.aborted;
    return 'fine';
  });
  const impatient = new AbortController();

  const both = [wave.join(['a'], impatient.signal), wave.join(['b'], signal)];
  await clock.advance(millis(100));
  impatient.abort();
  await clock.advance(millis(2000));

  expect(await Promise.all(both)).toEqual(['fine', 'fine']);
  expect(aborted).toBe(false);
});
