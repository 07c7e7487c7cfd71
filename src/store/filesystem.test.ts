import { execFileSync } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { constants } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { minutes, seconds } from '../domain/time.ts';
import { manualClock } from '../testing/manual-clock.ts';
import { createFileTurns, DEFAULT_THREADS } from './file-turns.ts';
import { filesystemStore } from './filesystem.ts';
import { explain } from './filesystem-errors.ts';
import { createPace, PACED_CHUNK } from './pace.ts';
import { InvalidKeyError, type Store, StoreError } from './store.ts';
import { directoryStore } from './testing/directory-store.ts';

const signal = new AbortController().signal;
const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (body: Uint8Array | undefined): string | undefined => body && Buffer.from(body).toString();

let root: string;
let store: Store;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'antipode-store-'));
  store = directoryStore(join(root, 'points'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

test('what was put is got back, byte for byte, and replaced by the next put', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array(), fc.uint8Array(), async (first, second) => {
      await store.put('a/b/c.bin', first, signal);
      await store.put('a/b/c.bin', second, signal);
      expect(Buffer.compare(Buffer.from((await store.get('a/b/c.bin', signal)) ?? []), second)).toBe(0);
    }),
    { numRuns: 20 },
  );
});

test('a store whose directory does not exist yet is empty', async () => {
  expect(await store.list('', signal)).toEqual([]);
  expect(await store.get('a/b', signal)).toBeUndefined();
  await store.remove('a/b', signal);
});

test('nothing is under a name that no file can have', async () => {
  await store.put('points/a.json', bytes('a'), signal);
  expect(await store.get(`points/${'a'.repeat(253)}.json`, signal)).toBeUndefined();
});

test('a list has the keys that start with the prefix, sorted, also when it ends inside a name', async () => {
  for (const key of ['p/shop-2.json', 'p/shop-1.json', 'p/other.json', 'q/shop-1.json', 'p/shop-1/x'])
    await store.put(key, bytes(key), signal);
  expect(await store.list('p/shop-', signal)).toEqual(['p/shop-1.json', 'p/shop-1/x', 'p/shop-2.json']);
  expect(await store.list('p/', signal)).toHaveLength(4);
  expect(await store.list('', signal)).toHaveLength(5);
});

test('removing the last key of a directory removes the directory, and nothing else', async () => {
  await store.put('a/b/one', bytes('1'), signal);
  await store.put('a/two', bytes('2'), signal);
  await store.remove('a/b/one', signal);
  expect(await readdir(join(root, 'points', 'a'))).toEqual(['two']);
});

test('no key leads out of the directory or to a hidden file', async () => {
  const outside = [
    '',
    '/etc/passwd',
    '../x',
    'a/../../x',
    'a//b',
    'a/',
    '.staging/0',
    'a/.hidden',
    'a\0b',
    'a\\b',
  ];
  for (const key of outside) {
    await expect(store.put(key, bytes('x'), signal)).rejects.toThrow(InvalidKeyError);
    await expect(store.get(key, signal)).rejects.toThrow(InvalidKeyError);
    await expect(store.remove(key, signal)).rejects.toThrow(InvalidKeyError);
  }
  await expect(store.list('../', signal)).rejects.toThrow(InvalidKeyError);
  expect(await readdir(root)).toEqual([]);
});

test('what a crash leaves is never listed, and removed by a write an hour later by the clock of the volume, not before', async () => {
  const staging = join(root, 'points', '.staging');
  await mkdir(staging, { recursive: true });
  await writeFile(join(staging, '0'), 'half');
  await writeFile(join(staging, '1'), 'half');
  const { mtimeMs: now } = await stat(join(staging, '1'));
  const old = new Date(now - 61 * 60_000);
  const young = new Date(now - 59 * 60_000);
  await utimes(join(staging, '0'), old, old);
  await utimes(join(staging, '1'), young, young);

  expect(await store.list('', signal)).toEqual([]);
  await store.put('whole', bytes('x'), signal);

  expect(await readdir(staging)).toEqual(['1']);
  expect(await store.list('', signal)).toEqual(['whole']);
});

test('an aborted write leaves neither the key nor anything staged', async () => {
  await expect(store.put('a', bytes('x'), AbortSignal.abort(new Error('stopped')))).rejects.toThrow(
    'stopped',
  );
  expect(await store.list('', signal)).toEqual([]);
});

test('writes at the same time do not disturb each other', async () => {
  const keys = Array.from({ length: 20 }, (_, index) => `k/${index}`);
  await Promise.all(keys.map((key) => store.put(key, bytes(key), signal)));
  for (const key of keys) expect(text(await store.get(key, signal))).toBe(key);
  expect(await readdir(join(root, 'points', '.staging'))).toEqual([]);
});

test('a write whose staged file somebody has taken away fails, and never gives its key the bytes of the next write', async () => {
  const slow = manualClock();
  const [first, second] = [Buffer.alloc(2 * PACED_CHUNK, 'A'), Buffer.alloc(2 * PACED_CHUNK, 'B')];
  const writing = (key: string, body: Uint8Array) =>
    store.put(key, body, signal, createPace(PACED_CHUNK, slow)).then(
      () => 'written',
      (error: unknown) => error,
    );
  const a = writing('a', first);
  await expect.poll(() => slow.sleeping()).toBe(1);
  const staging = join(root, 'points', '.staging');
  for (const name of await readdir(staging)) await rm(join(staging, name));
  const b = writing('b', second);
  await expect.poll(() => slow.sleeping()).toBe(2);

  await slow.advance(seconds(1));

  expect(await a).toBeInstanceOf(StoreError);
  expect(await b).toBe('written');
  expect(await store.list('', signal)).toEqual(['b']);
  expect(text(await store.get('b', signal))).toBe(second.toString());
});

test('a name that is drawn twice while the first write is under way is given to one', async () => {
  const drawn = [0.5, 0.5, 0.25];
  const unlucky = directoryStore(join(root, 'points'), () => drawn.shift() ?? 0);
  await Promise.all([unlucky.put('a', bytes('a'), signal), unlucky.put('b', bytes('b'), signal)]);
  expect([text(await store.get('a', signal)), text(await store.get('b', signal))]).toEqual(['a', 'b']);
});

test('of many that create the same key at once one does, and its body is what is there', async () => {
  const bodies = Array.from({ length: 20 }, (_, index) => `body ${index}`);
  const won = await Promise.all(bodies.map((body) => store.create('claims/a', bytes(body), signal)));
  const winners = bodies.filter((_, index) => won[index]);
  expect(winners).toHaveLength(1);
  expect(text(await store.get('claims/a', signal))).toBe(winners[0]);
  expect(await store.create('claims/a', bytes('late'), signal)).toBe(false);
  expect(await readdir(join(root, 'points', '.staging'))).toEqual([]);
});

test('a copy is a file of its own: what damages the one leaves the other whole', async () => {
  await store.put('points/1', bytes('whole'), signal);
  await store.put('points/2', bytes('older'), signal);
  expect(await store.copy('points/1', 'points/2', signal)).toBe(true);
  await writeFile(join(root, 'points', 'points', '1'), 'DAMAGED');
  expect(text(await store.get('points/2', signal))).toBe('whole');
  await store.remove('points/1', signal);
  expect(text(await store.get('points/2', signal))).toBe('whole');
});

test('a copy of what is not there changes nothing', async () => {
  await store.put('points/2', bytes('older'), signal);
  expect(await store.copy('points/1', 'points/2', signal)).toBe(false);
  expect(text(await store.get('points/2', signal))).toBe('older');
  expect(await readdir(join(root, 'points', '.staging'))).toEqual([]);
});

test('a write at a pace is the same write, only slower', async () => {
  const slow = manualClock();
  const body = Buffer.alloc(3 * PACED_CHUNK, 'x');
  const written = store.put('slow', body, signal, createPace(PACED_CHUNK, slow));
  await expect.poll(() => slow.sleeping()).toBe(1);
  expect(await store.get('slow', signal)).toBeUndefined();
  await slow.advance(seconds(1));
  await expect.poll(() => slow.sleeping()).toBe(1);
  await slow.advance(seconds(1));
  await written;
  expect(Buffer.compare(Buffer.from((await store.get('slow', signal)) ?? []), body)).toBe(0);
});

test('a slow write that is told to stop leaves nothing', async () => {
  const stop = new AbortController();
  const slow = manualClock();
  const written = store.put('slow', Buffer.alloc(3 * PACED_CHUNK), stop.signal, createPace(1, slow));
  await expect.poll(() => slow.sleeping()).toBe(1);
  stop.abort(new Error('stopped'));
  await expect(written).rejects.toThrow('stopped');
  expect(await store.list('', signal)).toEqual([]);
  expect(await readdir(join(root, 'points', '.staging'))).toEqual([]);
});

test('points are readable by the operator only', async () => {
  await store.put('secret', bytes('x'), signal);
  expect((await stat(join(root, 'points', 'secret'))).mode & 0o077).toBe(0);
});

test('a path that runs through a file is StoreNotFound, and says what to do', async () => {
  await writeFile(join(root, 'file'), '');
  const broken = directoryStore(join(root, 'file', 'points'));
  const error: unknown = await broken.put('a', bytes('x'), signal).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StoreError);
  expect(error).toMatchObject({ code: 'StoreNotFound', retry: 'backoff' });
  expect(String(error)).toContain(join(root, 'file', 'points'));
  expect(String(error)).toContain('mount a volume there');
});

test('a loop of links is StoreUnavailable', async () => {
  await symlink(join(root, 'loop'), join(root, 'loop'));
  await expect(directoryStore(join(root, 'loop')).put('a', bytes('x'), signal)).rejects.toMatchObject({
    code: 'StoreUnavailable',
  });
});

test.each([
  ['ENOSPC', 'StoreFull'],
  ['EDQUOT', 'StoreFull'],
  ['EROFS', 'StoreReadOnly'],
  ['EACCES', 'StoreReadOnly'],
  ['EPERM', 'StoreReadOnly'],
  ['ENOENT', 'StoreNotFound'],
  ['EOPNOTSUPP', 'StoreMisconfigured'],
  ['EIO', 'StoreUnavailable'],
])('%s is explained as %s', (code, expected) => {
  const problem = Object.assign(new Error(`${code}: some text`), { code, syscall: 'write' });
  expect(explain(problem, '/points')).toMatchObject({ code: expected });
});

test('an error that is not of the file system passes unchanged', () => {
  const error = new Error('stopped');
  expect(explain(error, '/points')).toBe(error);
});

/** Keys under which there are pipes that nobody writes to: opening one hangs as every operation on a dead mount does. */
async function hangingKeys(count: number): Promise<{ keys: string[]; answer: () => Promise<void> }> {
  const keys = Array.from({ length: count }, (_, index) => `hanging/${index}`);
  await mkdir(join(root, 'points', 'hanging'), { recursive: true });
  const paths = keys.map((key) => join(root, 'points', key));
  execFileSync('mkfifo', paths);
  const answer = async (): Promise<void> => {
    for (const path of paths) {
      const writer = await open(path, constants.O_RDWR | constants.O_NONBLOCK);
      await writer.close();
    }
  };
  return { keys, answer };
}

test('whoever is told to stop does not wait for a directory that does not answer', async () => {
  const { keys, answer } = await hangingKeys(10);
  const stop = new AbortController();
  const reads = keys.map((key) => store.get(key, stop.signal).catch((error: unknown) => String(error)));
  stop.abort(new Error('stopped'));
  expect(await Promise.all(reads)).toEqual(keys.map(() => 'Error: stopped'));
  await answer();
});

test('a directory that does not answer leaves threads for names of hosts and for other directories', async () => {
  const { keys, answer } = await hangingKeys(10);
  const stop = new AbortController();
  const turns = createFileTurns(DEFAULT_THREADS, manualClock());
  const dead = filesystemStore(join(root, 'points'), Math.random, turns);
  const alive = filesystemStore(join(root, 'elsewhere'), Math.random, turns);
  const reads = keys.map((key) => dead.get(key, stop.signal).catch(() => undefined));
  await alive.put('a', bytes('x'), signal);
  expect(text(await alive.get('a', signal))).toBe('x');
  expect((await lookup('localhost')).address).toBeDefined();
  stop.abort(new Error('stopped'));
  await Promise.all(reads);
  await answer();
});

test('that a directory does not answer is an error of the store, until it answers again', async () => {
  const { keys, answer } = await hangingKeys(2);
  const clock = manualClock();
  const hung = filesystemStore(join(root, 'points'), Math.random, createFileTurns(DEFAULT_THREADS, clock));
  const reads = keys.map((key) => hung.get(key, signal).catch((error: unknown) => error));
  await clock.advance(minutes(1));
  for (const read of reads)
    expect(await read).toMatchObject({
      code: 'StoreUnavailable',
      message: expect.stringContaining(`${join(root, 'points')} does not answer`),
    });
  await expect(hung.put('b', bytes('x'), signal)).rejects.toMatchObject({ code: 'StoreUnavailable' });
  await answer();
  await expect.poll(() => hung.put('b', bytes('x'), signal).then(() => 'written', String)).toBe('written');
});
