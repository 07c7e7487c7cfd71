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

/** What client-go's queue would hold, as sets: the law that the real one is compared with. */
interface Model {
  readonly dirty: Set<string>;
  readonly processing: Set<string>;
}

class Add implements fc.AsyncCommand<Model, WorkQueue> {
  readonly key: string;
  constructor(key: string) {
    this.key = key;
  }
  check = () => true;
  async run(model: Model, queue: WorkQueue): Promise<void> {
    model.dirty.add(this.key);
    queue.add(this.key);
    expect(queue.depth()).toBe(readyIn(model));
  }
  toString = () => `add(${this.key})`;
}

class Take implements fc.AsyncCommand<Model, WorkQueue> {
  check = (model: Readonly<Model>) => readyIn(model) > 0;
  async run(model: Model, queue: WorkQueue): Promise<void> {
    const key = await takeKey(queue);
    expect(key !== undefined && model.dirty.has(key) && !model.processing.has(key)).toBe(true);
    model.dirty.delete(String(key));
    model.processing.add(String(key));
  }
  toString = () => 'take';
}

class Done implements fc.AsyncCommand<Model, WorkQueue> {
  check = (model: Readonly<Model>) => model.processing.size > 0;
  async run(model: Model, queue: WorkQueue): Promise<void> {
    const [key] = model.processing;
    model.processing.delete(String(key));
    queue.done(String(key));
    expect(queue.depth()).toBe(readyIn(model));
  }
  toString = () => 'done';
}

const readyIn = ({ dirty, processing }: Model): number =>
  [...dirty].filter((key) => !processing.has(key)).length;

test('whatever the order of calls, no key is lost, doubled, or worked on twice at a time', async () => {
  const commands = fc.commands(
    [
      fc.constantFrom('a', 'b', 'c').map((key) => new Add(key)),
      fc.constant(new Take()),
      fc.constant(new Done()),
    ],
    { maxCommands: 60 },
  );
  await fc.assert(
    fc.asyncProperty(commands, (run) =>
      fc.asyncModelRun(
        () => ({ model: { dirty: new Set<string>(), processing: new Set<string>() }, real: queueOn().queue }),
        run,
      ),
    ),
  );
});
