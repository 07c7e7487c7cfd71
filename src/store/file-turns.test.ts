import { expect, test } from 'vitest';
import { millis, minutes, seconds } from '../domain/time.ts';
import { manualClock } from '../testing/manual-clock.ts';
import { createFileTurns, threadsFrom } from './file-turns.ts';

const never = new AbortController().signal;
const LIMIT = minutes(1);
/** Of 16 threads. */
const PER_DIRECTORY = 2;

/** A file operation that ends when the test says so. */
function operation() {
  let end: (value: string) => void = () => undefined;
  let isBegun = false;
  const ended = new Promise<string>((resolve) => {
    end = resolve;
  });
  const work = (): Promise<string> => {
    isBegun = true;
    return ended;
  };
  return { work, end: (value = 'done') => end(value), isBegun: () => isBegun };
}

/** What became of a promise, so far. */
function outcomeOf(promise: Promise<unknown>) {
  const outcome: { value?: unknown; error?: unknown } = {};
  promise.then(
    (value) => {
      outcome.value = value;
    },
    (error: unknown) => {
      outcome.error = error;
    },
  );
  return outcome;
}

function aWorld(threads = 16) {
  const clock = manualClock();
  const turns = createFileTurns(threads, clock);
  const run = (directory: string, work: () => Promise<string>, signal = never) =>
    turns.of(directory).run(work, { signal, limit: LIMIT });
  return { clock, turns, run };
}

const settle = (clock: ReturnType<typeof manualClock>): Promise<void> => clock.advance(millis(0));

test('operations of one directory wait until those before them have ended, and go in their order', async () => {
  const { clock, run } = aWorld();
  const operations = Array.from({ length: PER_DIRECTORY + 2 }, operation);
  const outcomes = operations.map(({ work }) => outcomeOf(run('/a', work)));
  await settle(clock);
  expect(operations.map(({ isBegun }) => isBegun())).toEqual([true, true, false, false]);
  operations[1]?.end();
  await settle(clock);
  expect(operations.map(({ isBegun }) => isBegun())).toEqual([true, true, true, false]);
  operations[0]?.end();
  operations[2]?.end();
  operations[3]?.end();
  await settle(clock);
  expect(outcomes).toEqual(operations.map(() => ({ value: 'done' })));
  expect(clock.sleeping()).toBe(0);
});

test('an operation that fails gives its turn to the next', async () => {
  const { clock, run } = aWorld();
  for (let index = 0; index < 2 * PER_DIRECTORY; index += 1) {
    const failed = outcomeOf(run('/a', () => Promise.reject(new Error('no such file'))));
    await settle(clock);
    expect(failed).toMatchObject({ error: { message: 'no such file' } });
  }
});

test('whoever is told to stop does not wait for an operation that hangs, nor for a turn', async () => {
  const { clock, run } = aWorld();
  const stop = new AbortController();
  const hanging = Array.from({ length: PER_DIRECTORY }, operation);
  const waiting = operation();
  const outcomes = [...hanging, waiting].map(({ work }) => outcomeOf(run('/a', work, stop.signal)));
  await settle(clock);
  stop.abort(new Error('stopped'));
  await settle(clock);
  expect(outcomes).toEqual([...hanging, waiting].map(() => ({ error: new Error('stopped') })));
  // Its thread is still taken up.
  const next = operation();
  const after = outcomeOf(run('/a', next.work));
  await settle(clock);
  expect([waiting.isBegun(), next.isBegun()]).toEqual([false, false]);
  hanging[0]?.end();
  await settle(clock);
  next.end();
  await settle(clock);
  expect(after).toEqual({ value: 'done' });
});

test('an operation that takes too long is told of as a directory that does not answer', async () => {
  const { clock, run } = aWorld();
  const outcome = outcomeOf(run('/a', operation().work));
  await clock.advance(millis(LIMIT - 1));
  expect(outcome).toEqual({});
  await clock.advance(millis(1));
  expect(outcome).toMatchObject({
    error: {
      code: 'StoreUnavailable',
      message:
        'store directory /a does not answer: see whether its volume is mounted and the server of the volume can be reached',
    },
  });
});

test('once a directory answers nothing any more, nobody waits for it, until it answers again', async () => {
  const { clock, run } = aWorld();
  const hanging = Array.from({ length: PER_DIRECTORY }, operation);
  for (const { work } of hanging) outcomeOf(run('/a', work));
  await clock.advance(seconds(30));
  const waiting = outcomeOf(run('/a', operation().work));
  await clock.advance(seconds(30));
  expect(waiting).toMatchObject({ error: { code: 'StoreUnavailable' } });
  const later = operation();
  const refused = outcomeOf(run('/a', later.work));
  await settle(clock);
  expect(refused).toMatchObject({ error: { code: 'StoreUnavailable' } });
  expect(later.isBegun()).toBe(false);
  hanging[0]?.end();
  await settle(clock);
  const answered = outcomeOf(run('/a', () => Promise.resolve('there')));
  await settle(clock);
  expect(answered).toEqual({ value: 'there' });
});

test('a directory that did not answer those who have gone meanwhile keeps nobody waiting either', async () => {
  const { clock, run } = aWorld();
  const stop = new AbortController();
  for (let index = 0; index < PER_DIRECTORY; index += 1) outcomeOf(run('/a', operation().work, stop.signal));
  await clock.advance(seconds(30));
  stop.abort(new Error('stopped'));
  const waiting = outcomeOf(run('/a', operation().work));
  await clock.advance(seconds(30));
  expect(waiting).toMatchObject({ error: { code: 'StoreUnavailable' } });
});

test('a directory that does not answer keeps no other waiting', async () => {
  const { clock, run } = aWorld();
  for (let index = 0; index < 10; index += 1) outcomeOf(run('/dead', operation().work));
  const other = outcomeOf(run('/alive', () => Promise.resolve('there')));
  await settle(clock);
  expect(other).toEqual({ value: 'there' });
});

test.each([
  [4, 2, 3],
  [16, 2, 12],
  [32, 4, 24],
])('of %i threads a directory takes %i at most, and all together %i', async (threads, perDirectory, most) => {
  const { clock, run } = aWorld(threads);
  const dead = Array.from({ length: 100 }, operation);
  const begun = (): number => dead.filter(({ isBegun }) => isBegun()).length;
  dead.slice(0, 50).forEach(({ work }) => outcomeOf(run('/dead', work)));
  await settle(clock);
  expect(begun()).toBe(perDirectory);
  dead.slice(50).forEach(({ work }, index) => outcomeOf(run(`/dead-${index % 25}`, work)));
  await settle(clock);
  expect(begun()).toBe(most);
});

test('when all threads for files are lost, other directories are told so, and by whom', async () => {
  const { clock, run } = aWorld(4);
  const dead = Array.from({ length: 3 }, operation);
  dead.forEach(({ work }, index) => outcomeOf(run(`/dead-${index}`, work)));
  const alive = outcomeOf(run('/alive', () => Promise.resolve('there')));
  await clock.advance(LIMIT);
  expect(alive).toMatchObject({
    error: {
      code: 'StoreUnavailable',
      message: expect.stringMatching(/\/alive .*\/dead-0, \/dead-1, \/dead-2.*UV_THREADPOOL_SIZE/),
    },
  });
  dead[0]?.end();
  await settle(clock);
  const again = outcomeOf(run('/alive', () => Promise.resolve('there')));
  await settle(clock);
  expect(again).toEqual({ value: 'there' });
});

test.each([
  [undefined, 4],
  ['32', 32],
  ['0', 1],
  ['many', 1],
  ['5000', 1024],
])('UV_THREADPOOL_SIZE %s makes as many threads as libuv does, %i', (setting, threads) => {
  expect(threadsFrom(setting)).toBe(threads);
});

test('what nobody waits for any more is handed over, and keeps its turn until that has ended', async () => {
  const { clock, turns, run } = aWorld();
  const [opening, closing, other, next] = [operation(), operation(), operation(), operation()];
  const closed: string[] = [];
  const abandoned = async (handle: Promise<string>): Promise<void> => {
    closed.push(await handle);
    await closing.work();
  };
  const stop = new AbortController();
  const outcome = outcomeOf(
    turns.of('/a').run(opening.work, { signal: stop.signal, limit: LIMIT, abandoned }),
  );
  outcomeOf(run('/a', other.work));
  await settle(clock);
  stop.abort(new Error('stopped'));
  opening.end('a handle');
  await settle(clock);
  expect(outcome).toMatchObject({ error: { message: 'stopped' } });
  expect(closed).toEqual(['a handle']);
  outcomeOf(run('/a', next.work));
  await settle(clock);
  expect(next.isBegun()).toBe(false);
  closing.end();
  await settle(clock);
  expect(next.isBegun()).toBe(true);
});

test('what has come is never handed over as well', async () => {
  const { clock, turns } = aWorld();
  const stop = new AbortController();
  let isAbandoned = false;
  const abandoned = async (): Promise<void> => {
    isAbandoned = true;
  };
  const opened = turns
    .of('/a')
    .run(() => Promise.resolve('a handle'), { signal: stop.signal, limit: LIMIT, abandoned });
  expect(await opened).toBe('a handle');
  stop.abort(new Error('stopped'));
  await clock.advance(LIMIT);
  expect(isAbandoned).toBe(false);
});

test('what has time waits for a directory until it answers again', async () => {
  const { clock, turns, run } = aWorld();
  const hanging = Array.from({ length: PER_DIRECTORY }, operation);
  for (const { work } of hanging) outcomeOf(run('/a', work));
  const patient = () =>
    outcomeOf(
      turns.of('/a').run(() => Promise.resolve('closed'), { signal: never, limit: LIMIT, isPatient: true }),
    );
  const before = patient();
  await clock.advance(LIMIT);
  const after = patient();
  await clock.advance(minutes(60));
  expect([before, after]).toEqual([{}, {}]);
  hanging[0]?.end();
  await settle(clock);
  expect([before, after]).toEqual([{ value: 'closed' }, { value: 'closed' }]);
});
