import { mkdir, mkdtemp, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Clock, instant, type Tick } from '../domain/time.ts';
import { filesystemStore, InvalidKeyError } from './filesystem.ts';
import { explain } from './filesystem-errors.ts';
import type { Store } from './store.ts';
import { StoreError } from './store.ts';
import { filesystemStores } from './stores.ts';

const clock: Clock = {
  now: () => instant(Date.parse('2026-11-23T12:00:00Z')),
  tick: () => 0 as Tick,
  sleep: () => Promise.reject(new Error('nothing here sleeps')),
};
const signal = new AbortController().signal;
const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (body: Uint8Array | undefined): string | undefined => body && Buffer.from(body).toString();

let root: string;
let store: Store;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'antipode-store-'));
  store = filesystemStore(join(root, 'points'), clock);
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

test('what a crash leaves is never listed, and removed by a write an hour later, not before', async () => {
  const staging = join(root, 'points', '.staging');
  await mkdir(staging, { recursive: true });
  await writeFile(join(staging, '0'), 'half');
  await writeFile(join(staging, '1'), 'half');
  const old = new Date(clock.now() - 61 * 60_000);
  const young = new Date(clock.now() - 59 * 60_000);
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

test('points are readable by the operator only', async () => {
  await store.put('secret', bytes('x'), signal);
  expect((await stat(join(root, 'points', 'secret'))).mode & 0o077).toBe(0);
});

test('a path that runs through a file is StoreNotFound, and says what to do', async () => {
  await writeFile(join(root, 'file'), '');
  const broken = filesystemStore(join(root, 'file', 'points'), clock);
  const error: unknown = await broken.put('a', bytes('x'), signal).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StoreError);
  expect(error).toMatchObject({ code: 'StoreNotFound', retry: 'backoff' });
  expect(String(error)).toContain(join(root, 'file', 'points'));
  expect(String(error)).toContain('mount a volume there');
});

test('a loop of links is StoreUnavailable', async () => {
  await symlink(join(root, 'loop'), join(root, 'loop'));
  await expect(filesystemStore(join(root, 'loop'), clock).put('a', bytes('x'), signal)).rejects.toMatchObject(
    {
      code: 'StoreUnavailable',
    },
  );
});

test.each([
  ['ENOSPC', 'StoreFull'],
  ['EDQUOT', 'StoreFull'],
  ['EROFS', 'StoreReadOnly'],
  ['EACCES', 'StoreReadOnly'],
  ['EPERM', 'StoreReadOnly'],
  ['ENOENT', 'StoreNotFound'],
  ['EIO', 'StoreUnavailable'],
])('%s is explained as %s', (code, expected) => {
  const problem = Object.assign(new Error(`${code}: some text`), { code, syscall: 'write' });
  expect(explain(problem, '/points')).toMatchObject({ code: expected });
});

test('an error that is not of the file system passes unchanged', () => {
  const error = new Error('stopped');
  expect(explain(error, '/points')).toBe(error);
});

const specWith = (filesystem?: { path: string }) =>
  ({ replication: { engine: 'native', keep: 5, store: filesystem ? { filesystem } : {} } }) as never;

test("a scenario's own directory is used when it names one, else the operator's", () => {
  const stores = filesystemStores('/var/lib/antipode', clock);
  expect(stores.path(specWith())).toBe('/var/lib/antipode');
  expect(stores.path(specWith({ path: '/mnt/own' }))).toBe('/mnt/own');
  expect(stores.at('/mnt/own')).toBe(stores.at('/mnt/own'));
  expect(stores.at('/mnt/own').location).toBe('file:///mnt/own');
});
