import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { thisProcess } from '../processes/process-identity.ts';
import { withLock } from './lock.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lock-test-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('of many callers only one works at a time, and all get their turn', async () => {
  let working = 0;
  let most = 0;
  let done = 0;

  await Promise.all(
    Array.from({ length: 4 }, () =>
      withLock(directory, {}, async () => {
        working += 1;
        most = Math.max(most, working);
        await new Promise(setImmediate);
        working -= 1;
        done += 1;
      }),
    ),
  );

  expect({ most, done }).toEqual({ most: 1, done: 4 });
});

test('a lock whose holder is dead is taken over at once', async () => {
  // The pid lives, but belongs to a process that started at another time.
  writeFileSync(join(directory, '7'), JSON.stringify({ pid: process.pid, started: '1' }));
  let waited = false;

  const result = await withLock(directory, { onWait: () => (waited = true) }, async () => 'worked');

  expect({ result, waited }).toEqual({ result: 'worked', waited: false });
});

test('a lock whose holder lives is waited for until the caller gives up', async () => {
  writeFileSync(join(directory, '3'), JSON.stringify(thisProcess()));
  const giveUp = new AbortController();

  const waiting = withLock(
    directory,
    { signal: giveUp.signal, onWait: () => giveUp.abort() },
    async () => 'worked',
  );

  await expect(waiting).rejects.toThrow(/abort/i);
  expect(readdirSync(directory)).toEqual(['3']);
});

test('the lock is released when the work throws', async () => {
  await expect(withLock(directory, {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no');

  expect(await withLock(directory, {}, async () => 'worked')).toBe('worked');
});
