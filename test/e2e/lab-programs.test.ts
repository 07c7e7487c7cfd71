/** Programs beside the clusters, through the control socket as every attached test uses it. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import type { Lab } from '../../hack/lab/types.ts';
import { getLab } from './lab.ts';

const NAME = 'lab-test-program';
/** Tells its environment, starts a child and waits for it. */
const SCRIPT = 'echo "$GREETING from $HOME"; sleep 600 & echo "child $!"; wait';

const PATIENCE = { timeout: 60_000 };

let lab: Lab;
beforeAll(async () => {
  lab = await getLab();
});
afterEach(() => lab.program(NAME).kill());

const run = () => lab.run(NAME, ['/bin/sh', '-c', SCRIPT], { GREETING: 'hello' });

test('a program gets its environment and nothing of ours, and its own pid is told', async () => {
  const { pid, logFile } = await run();

  await expect.poll(() => log(logFile), PATIENCE).toContain(`hello from ${lab.directory}\n`);
  expect(commandOf(pid)).toContain(SCRIPT);
  expect(environmentOf(pid).filter((name) => !['GREETING', 'HOME', 'PWD'].includes(name))).toEqual([]);
});

test('a killed program is gone with its children, and started again does the same anew', async () => {
  const first = await run();
  await expect.poll(() => childrenIn(first.logFile), PATIENCE).toHaveLength(1);
  const earlier = greetings(first.logFile);

  await lab.program(NAME).kill();

  const gone = [first.pid, ...childrenIn(first.logFile)];
  await expect.poll(() => gone.map(commandOf), PATIENCE).toEqual(['', '']);
  const second = await lab.program(NAME).start();
  expect(second.pid).not.toBe(first.pid);
  await expect.poll(() => greetings(first.logFile), PATIENCE).toBe(earlier + 1);
});

test('a program that runs is not started twice', async () => {
  const { pid } = await run();

  expect(await lab.program(NAME).start()).toMatchObject({ pid });
  await expect(run()).rejects.toThrow(`a program called ${NAME} is running already`);
});

test('a program that ends at once is an error that shows what it said', async () => {
  const start = lab.run(NAME, [`/no/such/${basename(NAME)}`]);

  await expect(start).rejects.toThrow(/no such file/);
});

test('a program that was never run is named, with those that were', async () => {
  await run();

  await expect(lab.program('nobody').stop()).rejects.toThrow(/no program nobody: only .*lab-test-program/);
  await expect(lab.run('../escape', ['/bin/true'])).rejects.toThrow(/cannot be called/);
});

const log = (file: string): string => readFileSync(file, 'utf8');

const greetings = (file: string): number => log(file).split('hello').length - 1;

/** Of the last start. */
function childrenIn(file: string): readonly number[] {
  const last = log(file).split('hello').at(-1) ?? '';
  return [...last.matchAll(/child (\d+)/g)].map((match) => Number(match[1]));
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // it has ended
  }
}

function environmentOf(pid: number): readonly string[] {
  const text = readFileSync(`/proc/${pid}/environ`, 'utf8');
  return text.split('\0').flatMap((entry) => (entry === '' ? [] : [entry.split('=')[0] ?? '']));
}
