#!/usr/bin/env node
/** Starts the command line with the real terminal, files, clock and clusters. Everything else is in `program.ts`. */
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { textAt } from '../api/fields.ts';
import { systemClock } from '../clock.ts';
import { createCluster } from '../kube/cluster-client.ts';
import { describeError, type Log } from '../kube/log.ts';
import { unobservedClient } from '../kube/observers.ts';
import { runProgram } from './program.ts';

const ignore = (): void => undefined;
/** What matters to the user is in the outcome; the client's own log would be noise on their terminal. */
const silent: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

async function read(path: string): Promise<string | undefined> {
  if (path === '-') return text(process.stdin);
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = textAt(error, 'code') ?? '';
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EISDIR'].includes(code)) return undefined;
    throw error;
  }
}

// `antipode graph shop | head` closes the pipe early: no reason to complain.
process.stdout.on('error', (error) => {
  if (textAt(error, 'code') !== 'EPIPE') throw error;
});

const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());

try {
  process.exitCode = await runProgram(process.argv.slice(2), {
    stdout: (output) => void process.stdout.write(output),
    stderr: (output) => void process.stderr.write(output),
    isTerminal: process.stdout.isTTY,
    environment: process.env,
    read,
    connect: (connection, name) =>
      createCluster(connection, {
        name,
        clock: systemClock,
        random: Math.random,
        log: silent,
        observer: unobservedClient,
      }),
    clock: systemClock,
    signal: stop.signal,
  });
} catch (error) {
  process.stderr.write(`antipode: ${stop.signal.aborted ? 'stopped' : describeError(error)}\n`);
  process.exitCode = 1;
}
