import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { isAlive, parseStat, thisProcess } from './process-identity.ts';

test('state and start time are found behind a command name with spaces and brackets', () => {
  const numbers = Array.from({ length: 49 }, (_, index) => String(index + 4));

  expect(parseStat(`42 (a (b) c) S ${numbers.join(' ')}`)).toEqual({ state: 'S', started: '22' });
});

test('this process is alive; one of the same number that started at another time is not', () => {
  expect(isAlive(thisProcess())).toBe(true);
  expect(isAlive({ pid: process.pid, started: '1' })).toBe(false);
});

test('a process that ended is not alive', async () => {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'exit');

  expect(isAlive({ pid: child.pid ?? 0, started: '' })).toBe(false);
});
