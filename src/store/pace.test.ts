import fc from 'fast-check';
import { expect, test } from 'vitest';
import { millis, type Tick, tick } from '../domain/time.ts';
import { manualClock } from '../testing/manual-clock.ts';
import { chunksAtPace, createPace, PACED_CHUNK, parseBandwidth, schedule } from './pace.ts';

test('however writes come, no stretch of time holds more than its share and one of them', () => {
  const writes = fc.array(fc.record({ after: fc.nat(5000), bytes: fc.integer({ min: 1, max: 100_000 }) }));
  fc.assert(
    fc.property(writes, fc.integer({ min: 1, max: 1_000_000 }), (all, rate) => {
      let now = 0;
      let free: Tick | undefined;
      const sent: { at: number; bytes: number }[] = [];
      for (const { after, bytes } of all) {
        now += after;
        const next = schedule(free, tick(now), bytes, rate);
        free = next.free;
        now += next.wait;
        sent.push({ at: now, bytes });
      }
      for (let first = 0; first < sent.length; first += 1) {
        let total = 0;
        for (const { at, bytes } of sent.slice(first)) {
          const before = total;
          total += bytes;
          const stretch = (at - (sent[first]?.at ?? 0)) / 1000;
          expect(before).toBeLessThanOrEqual(stretch * rate * (1 + 1e-9) + 1e-6);
        }
      }
    }),
  );
});

test('a pace that was not used does not make up for it', () => {
  const first = schedule(undefined, tick(0), 1000, 1000);
  expect(first).toEqual({ wait: 0, free: 1000 });
  expect(schedule(first.free, tick(60_000), 1000, 1000)).toEqual({ wait: 0, free: 61_000 });
});

test('chunks follow one another at the pace, and are the body when joined', async () => {
  const clock = manualClock();
  const body = Buffer.alloc(3 * PACED_CHUNK + 7, 'x');
  const signal = new AbortController().signal;
  const seen: { at: number; chunk: Uint8Array }[] = [];
  const done = (async () => {
    for await (const chunk of chunksAtPace(body, createPace(PACED_CHUNK, clock), signal))
      seen.push({ at: clock.tick(), chunk });
  })();
  await clock.advance(millis(2500));
  expect(seen.map(({ at }) => at)).toEqual([0, 1000, 2000]);
  await clock.advance(millis(1000));
  await done;
  expect(Buffer.concat(seen.map(({ chunk }) => chunk)).equals(body)).toBe(true);
});

test('a slow pace sends less at once, so that a connection is not silent for longer than a second', async () => {
  const clock = manualClock();
  const signal = new AbortController().signal;
  const seen: { at: number; bytes: number }[] = [];
  const done = (async () => {
    for await (const { byteLength: bytes } of chunksAtPace(
      Buffer.alloc(2500),
      createPace(1000, clock),
      signal,
    ))
      seen.push({ at: clock.tick(), bytes });
  })();
  await clock.advance(millis(2000));
  await done;
  expect(seen).toEqual([
    { at: 0, bytes: 1000 },
    { at: 1000, bytes: 1000 },
    { at: 2000, bytes: 500 },
  ]);
});

test('who waits for its turn stops when told to', async () => {
  const clock = manualClock();
  const pace = createPace(10, clock);
  const stop = new AbortController();
  await pace.take(100, stop.signal);
  const waiting = pace.take(1, stop.signal);
  stop.abort(new Error('stopped'));
  await expect(waiting).rejects.toThrow('stopped');
});

test.each([
  ['500Ki', 512_000],
  ['20Mi', 20_971_520],
  ['1Gi', 1_073_741_824],
  ['10', undefined],
  ['1.5Mi', undefined],
  ['', undefined],
])('%s is %s bytes per second', (text, expected) => {
  expect(parseBandwidth(text)).toBe(expected);
});
