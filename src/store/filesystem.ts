/**
 * Recovery points in a directory. A reader sees a whole object or none: bytes
 * go to a staging directory on the same file system, reach the disk, and are
 * then renamed into place. What a crash leaves in staging is not under any key,
 * so it is never listed; a later write removes it.
 */
import type { Stats } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Millis, minutes } from '../domain/time.ts';
import type { Random } from '../kube/backoff.ts';
import type { FileTurns } from './file-turns.ts';
import { type Files, filesOf, type OpenFile } from './files.ts';
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
 * @param turns shared by all stores of a process
 */
export function filesystemStore(path: string, random: Random, turns: FileTurns): Store {
  const root = resolve(path);
  const directory = turns.of(root);
  const guarded = async <T>(signal: AbortSignal, work: (files: Files) => Promise<T>): Promise<T> => {
    try {
      return await work(filesOf(directory, signal));
    } catch (error) {
      throw explain(error, root);
    }
  };
  return {
    location: `file://${root}`,
    put: async (key, body, signal, pace) => {
      checkKey(key);
      await guarded(signal, (files) =>
        write(files, root, key, filledWith(body, signal, pace), place, random),
      );
    },
    create: async (key, body, signal) => {
      checkKey(key);
      return guarded(signal, (files) => write(files, root, key, filledWith(body, signal), placeNew, random));
    },
    copy: async (from, to, signal) => {
      checkKey(from);
      checkKey(to);
      const fill = copiedFrom(join(root, from));
      return guarded(signal, (files) => write(files, root, to, fill, place, random));
    },
    get: async (key, signal) => {
      checkKey(key);
      return guarded(signal, (files) => read(files, join(root, key)));
    },
    list: async (prefix, signal) => {
      checkPrefix(prefix);
      return guarded(signal, async (files) => {
        const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
        const keys = await walk(files, root, folder);
        return keys.filter((key) => key.startsWith(prefix)).toSorted();
      });
    },
    remove: async (key, signal) => {
      checkKey(key);
      await guarded(signal, (files) => erase(files, root, key));
    },
  };
}

/** Fills a staged file; false when there is nothing to fill it with. */
type Fill = (files: Files, file: OpenFile, path: string) => Promise<boolean>;

const filledWith =
  (body: Uint8Array, signal: AbortSignal, pace?: Pace): Fill =>
  async (_, file) => {
    if (pace === undefined) await file.write(body);
    else for await (const chunk of chunksAtPace(body, pace, signal)) await file.write(chunk);
    return true;
  };

/** A file of its own: what damages one must not damage the other. */
const copiedFrom =
  (from: string): Fill =>
  async (files, _, path) => {
    try {
      await files.copyFile(from, path);
      return true;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return false;
      throw error;
    }
  };

/** Moves a staged file to its place; false when it may not go there and stays staged. */
type Place = (files: Files, staged: string, target: string) => Promise<boolean>;

/** @returns whether the key is now what was to be written */
async function write(
  files: Files,
  root: string,
  key: string,
  fill: Fill,
  toPlace: Place,
  random: Random,
): Promise<boolean> {
  const target = join(root, key);
  const staging = join(root, STAGING);
  await makeDirectory(files, staging);
  const { file, path } = await openStaged(files, staging, random);
  let placed = false;
  try {
    if (await fillAndSync(files, file, path, fill)) placed = await toPlace(files, path, target);
  } catch (error) {
    // Of a directory that does not answer nothing more is asked: a later write removes what is left there.
    if (!(error instanceof StoreError)) await unlinkIfThere(files.tidying(), path);
    throw error;
  }
  if (!placed) await unlinkIfThere(files.tidying(), path);
  // Without this the new name, and so the whole object, may be gone after a power loss.
  if (placed) await syncDirectory(files, dirname(target));
  return placed;
}

async function fillAndSync(files: Files, file: OpenFile, path: string, fill: Fill): Promise<boolean> {
  try {
    await removeLeftovers(files, dirname(path), await file.stat());
    const filled = await fill(files, file, path);
    await file.sync();
    return filled;
  } finally {
    await file.close();
  }
}

async function place(files: Files, staged: string, target: string): Promise<boolean> {
  await inDirectory(files, target, () => files.rename(staged, target));
  return true;
}

/** A second name for the staged file, which the file system gives to one writer only. */
async function placeNew(files: Files, staged: string, target: string): Promise<boolean> {
  try {
    await inDirectory(files, target, () => files.link(staged, target));
    await files.unlink(staged);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

async function inDirectory(files: Files, target: string, work: () => Promise<void>): Promise<void> {
  await makeDirectory(files, dirname(target));
  try {
    await work();
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    // The removal of the directory's last other key took the directory away in between.
    await makeDirectory(files, dirname(target));
    await work();
  }
}

async function openStaged(
  files: Files,
  staging: string,
  random: Random,
): Promise<{ file: OpenFile; path: string }> {
  for (let attempt = 0; attempt < NAME_ATTEMPTS; attempt += 1) {
    const path = join(staging, Math.floor(random() * NAMES).toString(36));
    try {
      return { file: await files.open(path, 'wx', 0o600), path };
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
async function removeLeftovers(files: Files, staging: string, justMade: Dated): Promise<void> {
  for (const name of await files.readdir(staging)) {
    const path = join(staging, name);
    const found = await files.stat(path).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    });
    if (found !== undefined && justMade.mtimeMs - found.mtimeMs > LEFTOVER_AGE)
      await unlinkIfThere(files, path);
  }
}

type Dated = Pick<Stats, 'mtimeMs'>;

/** Makes a directory and what is missing above it, each entry durable. */
async function makeDirectory(files: Files, path: string): Promise<void> {
  const first = await files.mkdir(path, 0o750);
  if (first === undefined) return;
  const stop = dirname(first);
  for (let current = dirname(path); ; current = dirname(current)) {
    await syncDirectory(files, current);
    if (current === stop) return;
  }
}

async function syncDirectory(files: Files, path: string): Promise<void> {
  const directory = await files.open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function read(files: Files, path: string): Promise<Uint8Array | undefined> {
  let file: OpenFile;
  try {
    file = await files.open(path, 'r');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENAMETOOLONG')) return undefined;
    throw error;
  }
  try {
    return await file.read();
  } finally {
    await file.close();
  }
}

/** Keys below `folder` ('' or ending in '/'); a folder that is not there has none. */
async function walk(files: Files, root: string, folder: string): Promise<string[]> {
  const entries = await files.entries(join(root, folder)).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  });
  const keys: string[] = [];
  for (const entry of entries) {
    if (!isSegment(entry.name)) continue;
    if (entry.isDirectory()) keys.push(...(await walk(files, root, `${folder}${entry.name}/`)));
    else if (entry.isFile()) keys.push(folder + entry.name);
  }
  return keys;
}

async function erase(files: Files, root: string, key: string): Promise<void> {
  const path = join(root, key);
  if (!(await unlinkIfThere(files, path))) return;
  let folder = dirname(path);
  await syncDirectory(files, folder);
  while (folder !== root && (await removeIfEmpty(files, folder))) folder = dirname(folder);
}

async function unlinkIfThere(files: Files, path: string): Promise<boolean> {
  try {
    await files.unlink(path);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}

async function removeIfEmpty(files: Files, folder: string): Promise<boolean> {
  try {
    await files.rmdir(folder);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT')) return false;
    throw error;
  }
}
