/**
 * A store directory that is really full, and one that really turns read-only:
 * a small tmpfs in a mount namespace of its own, so that nothing stays mounted
 * whatever becomes of the test. Needs root or unprivileged user namespaces, and
 * fails (is never skipped) without.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'antipode-full-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

interface Outcome {
  readonly code: string;
  readonly message: string;
  readonly points: readonly string[];
  readonly left: readonly string[];
}

/** @param meanwhile shell command run once the first point is published, before the second is tried */
async function run(meanwhile: string): Promise<Outcome> {
  const script = join(import.meta.dirname, 'broken-store.ts');
  const child = `${process.execPath} --import tsx ${script} ${directory}`;
  const shell = [
    `mount -t tmpfs -o size=128k tmpfs ${directory}`,
    // The child says "published", the shell does its part and answers.
    `mkfifo ${directory}.in`,
    `exec 3<>${directory}.in`,
    `${child} <&3 | while read -r line; do case "$line" in published) ${meanwhile}; echo go >&3;; *) echo "$line";; esac; done`,
  ].join(' && ');
  const wanted = process.getuid?.() === 0 ? ['-m'] : ['-Urm'];
  const started = spawn('unshare', [...wanted, 'sh', '-c', shell], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let problems = '';
  started.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  started.stderr.on('data', (chunk: Buffer) => (problems += chunk.toString()));
  await new Promise((resolve, reject) => started.on('close', resolve).on('error', reject));
  await rm(`${directory}.in`, { force: true });
  if (output === '') throw new Error(`no result: ${problems}`);
  return JSON.parse(output) as Outcome;
}

test('a full directory: the capture fails with the remedy, the former point is whole, nothing half is left', async () => {
  const outcome = await run('true');
  expect(outcome).toMatchObject({ code: 'StoreFull', points: ['dr-shop-1'], left: [] });
  expect(outcome.message).toContain(directory);
  expect(outcome.message).toContain('spec.replication.keep');
});

test('a directory that turns read-only: the capture fails with the remedy, the former point still opens', async () => {
  const outcome = await run(`mount -o remount,ro ${directory}`);
  expect(outcome).toMatchObject({ code: 'StoreReadOnly', points: ['dr-shop-1'], left: [] });
  expect(outcome.message).toContain('mount its volume writable');
});
