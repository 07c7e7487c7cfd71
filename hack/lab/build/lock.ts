/**
 * A lock between processes that survives the death of its holder at any
 * instant. Lock files are numbered and only ever created, never rewritten:
 * whoever creates the next number holds the lock, and the highest number
 * always stays. Replacing one stale file instead would let two processes that
 * both saw it stale take it over from each other.
 */
import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import {
  isAlive,
  type ProcessIdentity,
  processIdentitySchema,
  thisProcess,
} from '../processes/process-identity.ts';

const RETRY_MS = 250;
const holderSchema = z.union([z.literal('free'), processIdentitySchema]);

export interface LockOptions {
  /** Called once when somebody else holds the lock. */
  readonly onWait?: (holder: ProcessIdentity) => void;
  readonly signal?: AbortSignal;
}

/**
 * Runs `work` while no other process, nor another caller in this one, runs
 * work under the same directory.
 *
 * @param directory holds the lock's files and nothing else; created when missing
 */
export async function withLock<T>(
  directory: string,
  options: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  mkdirSync(directory, { recursive: true });
  const release = await acquire(directory, options);
  try {
    return await work();
  } finally {
    release();
  }
}

async function acquire(directory: string, options: LockOptions): Promise<() => void> {
  let told = false;
  for (;;) {
    options.signal?.throwIfAborted();
    const attempt = tryAcquire(directory);
    if (attempt.kind === 'held') return attempt.release;
    if (attempt.kind === 'busy') {
      if (!told) options.onWait?.(attempt.holder);
      told = true;
      await pause(RETRY_MS, undefined, { signal: options.signal });
    }
  }
}

type Attempt =
  | { readonly kind: 'held'; readonly release: () => void }
  | { readonly kind: 'busy'; readonly holder: ProcessIdentity }
  | { readonly kind: 'lostRace' };

function tryAcquire(directory: string): Attempt {
  const top = highest(directory);
  if (top > 0) {
    const holder = read(directory, top);
    if (holder === undefined) return { kind: 'lostRace' };
    if (holder !== 'free' && isAlive(holder)) return { kind: 'busy', holder };
  }
  const mine = top + 1;
  if (!create(directory, mine, thisProcess())) return { kind: 'lostRace' };
  // A slow process may have created a number that others had already passed and tidied away.
  if (highest(directory) !== mine) {
    rmSync(join(directory, String(mine)), { force: true });
    return { kind: 'lostRace' };
  }
  for (const number of numbers(directory)) {
    if (number < mine) rmSync(join(directory, String(number)), { force: true });
  }
  return { kind: 'held', release: () => create(directory, mine + 1, 'free') };
}

/** Creates the numbered file with its content at once; false when the number is taken. */
function create(directory: string, number: number, content: ProcessIdentity | 'free'): boolean {
  const draft = join(directory, `draft-${randomUUID()}`);
  writeFileSync(draft, JSON.stringify(content));
  try {
    linkSync(draft, join(directory, String(number)));
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function read(directory: string, number: number): ProcessIdentity | 'free' | undefined {
  try {
    return holderSchema.parse(JSON.parse(readFileSync(join(directory, String(number)), 'utf8')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function highest(directory: string): number {
  return Math.max(0, ...numbers(directory));
}

function numbers(directory: string): number[] {
  return readdirSync(directory)
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}
