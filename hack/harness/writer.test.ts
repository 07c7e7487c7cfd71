import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readRows, startWriter } from './writer.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'writer-'));
});
afterEach(() => rm(directory, { recursive: true }));

it('what it acknowledged can be read back', async () => {
  const writer = await startWriter(directory, { rowsPerSecond: 1000 });
  await writer.reached(20);
  await writer.stop();
  const found = await readRows(directory);
  expect(found).toMatchObject({ rows: writer.acknowledged.length, corrupt: [], firstMissing: undefined });
  expect(found.rows).toBeGreaterThanOrEqual(20);
});

it('goes on where another one ended, over a torn last line', async () => {
  const first = await startWriter(directory, { rowsPerSecond: 1000 });
  await first.reached(3);
  await first.stop();
  await appendFile(join(directory, 'rows.csv'), '4,17');
  const before = first.acknowledged.length;
  const second = await startWriter(directory, { rowsPerSecond: 1000 });
  await second.reached(3);
  await second.stop();
  const total = before + second.acknowledged.length;
  expect(await readRows(directory)).toMatchObject({ rows: total, corrupt: [], firstMissing: undefined });
});

it('refuses to go on after damaged rows', async () => {
  const writer = await startWriter(directory, { rowsPerSecond: 1000 });
  await writer.reached(3);
  await writer.stop();
  const file = join(directory, 'rows.csv');
  await writeFile(file, (await readFile(file, 'utf8')).replace('2,', '5,'));
  await expect(startWriter(directory, { rowsPerSecond: 1 })).rejects.toThrow(/damaged/);
});

it('does not make one wait for rows that never come', async () => {
  const writer = await startWriter(directory, { rowsPerSecond: 1000 });
  const reached = writer.reached(1_000_000);
  await writer.stop();
  await expect(reached).rejects.toThrow(/ended after \d+ rows/);
});
