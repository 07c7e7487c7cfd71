/**
 * Recovery points in a directory. A reader sees a whole object or none: bytes
 * go to a staging directory on the same file system, reach the disk, and are
 * then renamed into place. What a crash leaves in staging is not under any key,
 * so it is never listed; a later write removes it.
 */
import { constants, type Stats } from 'node:fs';
import {
  copyFile,
  type FileHandle,
  link,
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
import { type Millis, minutes } from '../domain/time.ts';
import type { Random } from '../kube/backoff.ts';
import { explain, hasCode } from './filesystem-errors.ts';
import { chunksAtPace, type Pace } from './pace.ts';
import { checkKey, checkPrefix, isSegment, type Store, StoreError } from './store.ts';

/** Parts of keys may not start with a dot, so no key can name a file in here. */
const STAGING = '.staging';
/** Longer than any write of one object can take: a younger file may belong to a write that is under way. */
const LEFTOVER_AGE: Millis = minutes(60);
/** Staged names tried before giving up, of so many that two are hardly ever the same. */
const NAME_ATTEMPTS = 10;
const NAMES = 2 ** 48;

/**
 * A store on the directory `path`, which is made on the first write.
 * @param random for the names of staged files: no two writes on the same volume may have one, also when the
 *   file of the earlier is gone
 */
export function filesystemStore(path: string, random: Random): Store {
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
    put: async (key, body, signal, pace) => {
      checkKey(key);
      await guarded(() => write(root, key, filledWith(body, signal, pace), place, random, signal));
    },
    create: async (key, body, signal) => {
      checkKey(key);
      return guarded(() => write(root, key, filledWith(body, signal), placeNew, random, signal));
    },
    copy: async (from, to, signal) => {
      checkKey(from);
      checkKey(to);
      return guarded(() => write(root, to, copiedFrom(join(root, from)), place, random, signal));
    },
    get: async (key, signal) => {
      checkKey(key);
      return guarded(() => read(join(root, key), signal));
    },
    list: async (prefix, signal) => {
      checkPrefix(prefix);
      return guarded(async () => {
        const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
        const keys = await walk(root, folder, signal);
        return keys.filter((key) => key.startsWith(prefix)).toSorted();
      });
    },
    remove: async (key, signal) => {
      checkKey(key);
      await guarded(() => erase(root, key, signal));
    },
  };
}

/** Fills a staged file; false when there is nothing to fill it with. */
type Fill = (handle: FileHandle, path: string) => Promise<boolean>;

const filledWith =
  (body: Uint8Array, signal: AbortSignal, pace?: Pace): Fill =>
  async (handle) => {
    if (pace === undefined) await handle.writeFile(body);
    else for await (const chunk of chunksAtPace(body, pace, signal)) await handle.writeFile(chunk);
    return true;
  };

/** Shares blocks where the file system can, and is a file of its own: what damages one must not damage the other. */
const copiedFrom =
  (from: string): Fill =>
  async (_, path) => {
    try {
      await copyFile(from, path, constants.COPYFILE_FICLONE);
      return true;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return false;
      throw error;
    }
  };

/** Moves a staged file to its place; false when it may not go there and stays staged. */
type Place = (staged: string, target: string) => Promise<boolean>;

/** @returns whether the key is now what was to be written */
async function write(
  root: string,
  key: string,
  fill: Fill,
  toPlace: Place,
  random: Random,
  signal: AbortSignal,
): Promise<boolean> {
  signal.throwIfAborted();
  const target = join(root, key);
  const staging = join(root, STAGING);
  await makeDirectory(staging);
  const { handle, path } = await openStaged(staging, random);
  let placed = false;
  try {
    if (await fillAndSync(handle, path, fill)) {
      signal.throwIfAborted();
      placed = await toPlace(path, target);
    }
  } finally {
    // Once placed, nothing is there any more.
    if (!placed) await unlinkIfThere(path);
  }
  // Without this the new name, and so the whole object, may be gone after a power loss.
  if (placed) await syncDirectory(dirname(target));
  return placed;
}

async function fillAndSync(handle: FileHandle, path: string, fill: Fill): Promise<boolean> {
  try {
    await removeLeftovers(dirname(path), await handle.stat());
    const filled = await fill(handle, path);
    await handle.sync();
    return filled;
  } finally {
    await handle.close();
  }
}

async function place(staged: string, target: string): Promise<boolean> {
  await inDirectory(target, () => rename(staged, target));
  return true;
}

/** A second name for the staged file, which the file system gives to one writer only. */
async function placeNew(staged: string, target: string): Promise<boolean> {
  try {
    await inDirectory(target, () => link(staged, target));
    await unlink(staged);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

async function inDirectory(target: string, work: () => Promise<void>): Promise<void> {
  await makeDirectory(dirname(target));
  try {
    await work();
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    // The removal of the directory's last other key took the directory away in between.
    await makeDirectory(dirname(target));
    await work();
  }
}

async function openStaged(staging: string, random: Random): Promise<{ handle: FileHandle; path: string }> {
  for (let attempt = 0; attempt < NAME_ATTEMPTS; attempt += 1) {
    const path = join(staging, Math.floor(random() * NAMES).toString(36));
    try {
      return { handle: await open(path, 'wx', 0o600), path };
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
  }
  throw new StoreError(
    'StoreUnavailable',
    `${staging} had a file under each of ${NAME_ATTEMPTS} names drawn at random: see what else writes there`,
  );
}

/**
 * Files are dated by the server of the volume, so their age is told by one that
 * was made just now: our own clock may be hours from the server's.
 */
async function removeLeftovers(staging: string, justMade: Dated): Promise<void> {
  for (const name of await readdir(staging)) {
    const path = join(staging, name);
    const found = await stat(path).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    });
    if (found !== undefined && justMade.mtimeMs - found.mtimeMs > LEFTOVER_AGE) await unlinkIfThere(path);
  }
}

type Dated = Pick<Stats, 'mtimeMs'>;

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
    if (hasCode(error, 'ENOENT', 'ENAMETOOLONG')) return undefined;
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
    if (!isSegment(entry.name)) continue;
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
