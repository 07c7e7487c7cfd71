import fc from 'fast-check';
import { expect, test } from 'vitest';
import { millis, seconds } from '../domain/time.ts';
import { manualClock } from '../testing/manual-clock.ts';
import { unobservedReconciles } from './observers.ts';
import { createWorkQueue, type WorkQueue } from './work-queue.ts';

function queueOn(clock = manualClock()) {
  const queue = createWorkQueue({
    name: 'test',
    clock,
    random: () => 0,
    observer: unobservedReconciles,
    backoff: { base: seconds(2), max: seconds(16) },
  });
  return { clock, queue };
}
const takeKey = async (queue: WorkQueue): Promise<string | undefined> => (await queue.take())?.key;

test('a key that is added several times is handed out once', async () => {
  const { queue } = queueOn();
  queue.add('a');
  queue.add('b');
  queue.add('a');
  expect([await takeKey(queue), await takeKey(queue)]).toEqual(['a', 'b']);
  expect(queue.depth()).toBe(0);
});

test('a key that is added while it is worked on comes back only when that is done', async () => {
  const { queue } = queueOn();
  queue.add('a');
  await queue.take();
  queue.add('a');
  expect(queue.depth()).toBe(0);
  queue.done('a');
  expect(await takeKey(queue)).toBe('a');
});

test('of several delays of a key the earliest counts', async () => {
  const { clock, queue } = queueOn();
  queue.addAfter('a', seconds(10));
  queue.addAfter('a', seconds(3));
  queue.addAfter('a', seconds(60));
  await clock.advance(millis(2999));
  expect(queue.depth()).toBe(0);
  await clock.advance(millis(1));
  expect(await takeKey(queue)).toBe('a');
  queue.done('a');
  await clock.advance(seconds(120));
  expect(queue.depth()).toBe(0);
});

test('the backoff of a key doubles up to its maximum, on its own, until it is forgotten', async () => {
  const { clock, queue } = queueOn();
  const waits: number[] = [];
  const waitFor = async (key: string): Promise<number> => {
    const before = clock.tick();
    queue.addRateLimited(key);
    while (queue.depth() === 0) await clock.advance(millis(500));
    await queue.take();
    queue.done(key);
    return clock.tick() - before;
  };
  for (let attempt = 0; attempt < 5; attempt += 1) waits.push(await waitFor('a'));
  expect(waits).toEqual([1000, 2000, 4000, 8000, 8000]);
  expect(await waitFor('b')).toBe(1000);
  queue.forget('a');
  expect(await waitFor('a')).toBe(1000);
});

test('the time a key was ready before it was taken is told', async () => {
  const { clock, queue } = queueOn();
  queue.add('a');
  await clock.advance(seconds(7));
  expect(await queue.take()).toEqual({ key: 'a', waited: 7000 });
});

test('after shutting down, waiting takers get nothing, ready keys are still handed out, and no timer remains', async () => {
  const { clock, queue } = queueOn();
  queue.add('a');
  queue.addAfter('b', seconds(5));
  queue.shutDown();
  queue.add('c');
  expect([await takeKey(queue), await takeKey(queue)]).toEqual(['a', undefined]);
  expect(clock.sleeping()).toBe(0);
});

test('whatever the order of calls, no key is lost, doubled, or worked on twice at a time', async () => {
  const call = fc.oneof(
    fc.constantFrom('a', 'b', 'c').map((key) => ({ kind: 'add', key }) as const),
    fc.constant({ kind: 'take' } as const),
    fc.constant({ kind: 'done' } as const),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(call, { maxLength: 60 }), async (calls) => {
      const { queue } = queueOn();
      // What client-go's queue would hold, as sets: the law that the real one is compared with.
      const dirty = new Set<string>();
      const processing = new Set<string>();
      const wrong: string[] = [];
      const ready = (): number => [...dirty].filter((key) => !processing.has(key)).length;
      for (const next of calls) {
        const [working] = processing;
        if (next.kind === 'add') {
          dirty.add(next.key);
          queue.add(next.key);
        } else if (next.kind === 'take' && ready() > 0) {
          const key = (await takeKey(queue)) ?? 'nothing';
          if (!dirty.has(key) || processing.has(key)) wrong.push(key);
          dirty.delete(key);
          processing.add(key);
        } else if (next.kind === 'done' && working !== undefined) {
          processing.delete(working);
          queue.done(working);
        }
        expect([queue.depth(), wrong]).toEqual([ready(), []]);
      }
    }),
  );
});
