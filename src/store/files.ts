/**
 * The file operations of a store, as `node:fs/promises` has them, but each in
 * its turn and given up with the signal: a volume that does not answer keeps a
 * thread, never the caller.
 */
import type { Dirent, Stats } from 'node:fs';
import { constants } from 'node:fs';
import {
  copyFile,
  type FileHandle,
  link,
  mkdir,
  open,
  readdir,
  rename,
  rmdir,
  stat,
  unlink,
} from 'node:fs/promises';
import { type Millis, minutes, seconds } from '../domain/time.ts';
import type { TurnOptions, Turns } from './file-turns.ts';

/** Of what is no longer the larger the files are. */
const ANSWER_LIMIT: Millis = minutes(1);
/** Of what moves the bytes of a file, or waits until they are on the disk. */
const BYTES_LIMIT: Millis = minutes(5);
/** Of tidying up, which a caller that was told to stop waits for: less than a lost lease leaves for stopping. */
const TIDY_LIMIT: Millis = seconds(10);
const NEVER = new AbortController().signal;

/** Each throws what its namesake throws, the signal's reason, or StoreError when the directory does not answer. */
export interface Files {
  readonly signal: AbortSignal;
  open(path: string, flags: string, mode?: number): Promise<OpenFile>;
  stat(path: string): Promise<Stats>;
  readdir(path: string): Promise<string[]>;
  entries(path: string): Promise<Dirent[]>;
  /** With what is missing above it. @returns the first that was made */
  mkdir(path: string, mode: number): Promise<string | undefined>;
  rename(from: string, to: string): Promise<void>;
  link(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  rmdir(path: string): Promise<void>;
  /** Shares blocks where the file system can. */
  copyFile(from: string, to: string): Promise<void>;
  /** For what is to be done also after the signal has aborted; not waited for as long. */
  tidying(): Files;
}

export interface OpenFile {
  stat(): Promise<Stats>;
  /** All of it. */
  read(): Promise<Uint8Array>;
  /** After what was written before. */
  write(bytes: Uint8Array): Promise<void>;
  sync(): Promise<void>;
  /** Waits for nothing that was given up: the file is closed when that has come back. */
  close(): Promise<void>;
}

export function filesOf(turns: Turns, signal: AbortSignal, limit = ANSWER_LIMIT): Files {
  const answer = <T>(work: () => Promise<T>, more: Partial<TurnOptions<T>> = {}): Promise<T> =>
    turns.run(work, { signal, limit, ...more });
  return {
    signal,
    open: async (path, flags, mode) => {
      const abandoned = (opened: Promise<FileHandle>) => opened.then((handle) => handle.close());
      return openFile(await answer(() => open(path, flags, mode), { abandoned }), turns, signal);
    },
    stat: (path) => answer(() => stat(path)),
    readdir: (path) => answer(() => readdir(path)),
    entries: (path) => answer(() => readdir(path, { withFileTypes: true })),
    mkdir: (path, mode) => answer(() => mkdir(path, { recursive: true, mode })),
    rename: (from, to) => answer(() => rename(from, to)),
    link: (from, to) => answer(() => link(from, to)),
    unlink: (path) => answer(() => unlink(path)),
    rmdir: (path) => answer(() => rmdir(path)),
    copyFile: (from, to) =>
      answer(() => copyFile(from, to, constants.COPYFILE_FICLONE), { limit: BYTES_LIMIT }),
    tidying: () => filesOf(turns, NEVER, TIDY_LIMIT),
  };
}

function openFile(handle: FileHandle, turns: Turns, signal: AbortSignal): OpenFile {
  let isGivenUp = false;
  const use = <T>(work: () => Promise<T>): Promise<T> => {
    const close = (): Promise<void> => handle.close();
    const abandoned = (outcome: Promise<T>): Promise<void> => {
      isGivenUp = true;
      return outcome.then(close, close);
    };
    return turns.run(work, { signal, limit: BYTES_LIMIT, abandoned });
  };
  return {
    stat: () => use(() => handle.stat()),
    read: () => use(() => handle.readFile({ signal })),
    write: (bytes) => use(() => handle.writeFile(bytes)),
    sync: () => use(() => handle.sync()),
    close: async () => {
      if (!isGivenUp) await closeOnce(handle, turns);
    },
  };
}

/** @throws as an operation of {@link Files}; then it is closed when the directory answers again */
async function closeOnce(handle: FileHandle, turns: Turns): Promise<void> {
  let isBegun = false;
  const close = (): Promise<void> => {
    isBegun = true;
    return handle.close();
  };
  try {
    await turns.run(close, { signal: NEVER, limit: TIDY_LIMIT });
  } catch (error) {
    if (!isBegun)
      turns.run(close, { signal: NEVER, limit: TIDY_LIMIT, isPatient: true }).catch(() => undefined);
    throw error;
  }
}
