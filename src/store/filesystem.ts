/**
 * Recovery points in a directory. A reader sees a whole object or none: bytes
 * go to a staging directory on the same file system, reach the disk, and are
 * then renamed into place. What a crash leaves in staging is not under any key,
 * so it is never listed; a later write removes it.
 */
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rmdir,
  stat,
  unlink,
} from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Clock, elapsed, instant, type Millis, minutes } from '../domain/time.ts';
import { explain, hasCode } from './filesystem-errors.ts';
import type { Store } from './store.ts';
import { StoreError } from './store.ts';

/** Key segments may not start with a dot, so no key can name a file in here. */
const STAGING = '.staging';
/** Longer than any write of one object can take: a younger file may belong to a write that is under way. */
const LEFTOVER_AGE: Millis = minutes(60);
/** Staged names tried before giving up; another process on the same volume may hold some. */
const NAME_ATTEMPTS = 10_000;
const SEGMENT = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;

export class InvalidKeyError extends Error {
  override readonly name = 'InvalidKeyError';
  readonly code = 'InvalidKey';
  readonly retry = 'never';
}

/** @throws InvalidKeyError unless `key` is a relative path of plain names: no `..`, no leading slash, no hidden file */
function checkKey(key: string): void {
  if (key === '' || !key.split('/').every((segment) => SEGMENT.test(segment)))
    throw new InvalidKeyError(
      `"${key}" is no key of a store: use names of letters, digits, ".", "_" and "-", joined by "/"`,
    );
}

/**
 * A store on the directory `path`, which is made on the first write. The clock
 * is only compared with file times, to tell leftovers from writes under way.
 */
export function filesystemStore(path: string, clock: Clock): Store {
  const root = resolve(path);
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw explain(error, root);
    }
  };
  return {
    location: `file://${root}`,
    put: async (key, body, signal) => {
      checkKey(key);
      await guarded(() => write(root, key, body, clock, signal));
    },
    get: async (key, signal) => {
      checkKey(key);
      return guarded(() => read(join(root, key), signal));
    },
    list: (prefix, signal) =>
      guarded(async () => {
        const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
        if (folder !== '') checkKey(folder.slice(0, -1));
        const keys = await walk(root, folder, signal);
        return keys.filter((key) => key.startsWith(prefix)).toSorted();
      }),
    remove: async (key, signal) => {
      checkKey(key);
      await guarded(() => erase(root, key, signal));
    },
  };
}

async function write(root: string, key: string, body: Uint8Array, clock: Clock, signal: AbortSignal) {
  signal.throwIfAborted();
  const target = join(root, key);
  const staging = join(root, STAGING);
  await makeDirectory(staging);
  await removeLeftovers(staging, clock);
  const { handle, path } = await openStaged(staging);
  try {
    try {
      await handle.writeFile(body);
      await handle.sync();
    } finally {
      await handle.close();
    }
    signal.throwIfAborted();
    await place(path, target);
  } catch (error) {
    await unlinkIfThere(path);
    throw error;
  }
  // Without this the new name, and so the whole object, may be gone after a power loss.
  await syncDirectory(dirname(target));
}

async function place(staged: string, target: string): Promise<void> {
  await makeDirectory(dirname(target));
  try {
    await rename(staged, target);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    // The removal of the directory's last other key took the directory away in between.
    await makeDirectory(dirname(target));
    await rename(staged, target);
  }
}

async function openStaged(staging: string): Promise<{ handle: FileHandle; path: string }> {
  for (let attempt = 0; attempt < NAME_ATTEMPTS; attempt += 1) {
    const path = join(staging, String(attempt));
    try {
      return { handle: await open(path, 'wx', 0o600), path };
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
  }
  throw new StoreError(
    'StoreUnavailable',
    `${staging} holds ${NAME_ATTEMPTS} unfinished writes: see what else writes there`,
  );
}

async function removeLeftovers(staging: string, clock: Clock): Promise<void> {
  for (const name of await readdir(staging)) {
    const path = join(staging, name);
    const age = await stat(path).then(
      (found) => elapsed(instant(found.mtimeMs), clock.now()),
      (error: unknown) => {
        if (hasCode(error, 'ENOENT')) return undefined;
        throw error;
      },
    );
    if (age !== undefined && age > LEFTOVER_AGE) await unlinkIfThere(path);
  }
}

/** Makes a directory and what is missing above it, each entry durable. */
async function makeDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o750 });
  if (first === undefined) return;
  const stop = dirname(first);
  for (let current = dirname(path); ; current = dirname(current)) {
    await syncDirectory(current);
    if (current === stop) return;
  }
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function read(path: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path, { signal });
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Keys below `folder` ('' or ending in '/'); a folder that is not there has none. */
async function walk(root: string, folder: string, signal: AbortSignal): Promise<string[]> {
  signal.throwIfAborted();
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  });
  const keys: string[] = [];
  for (const entry of entries) {
    if (!SEGMENT.test(entry.name)) continue;
    if (entry.isDirectory()) keys.push(...(await walk(root, `${folder}${entry.name}/`, signal)));
    else if (entry.isFile()) keys.push(folder + entry.name);
  }
  return keys;
}

async function erase(root: string, key: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const path = join(root, key);
  if (!(await unlinkIfThere(path))) return;
  let folder = dirname(path);
  await syncDirectory(folder);
  while (folder !== root && (await removeIfEmpty(folder))) folder = dirname(folder);
}

async function unlinkIfThere(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}

async function removeIfEmpty(folder: string): Promise<boolean> {
  try {
    await rmdir(folder);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT')) return false;
    throw error;
  }
}
