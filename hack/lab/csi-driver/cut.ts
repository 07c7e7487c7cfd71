/**
 * Takes the state of several directories as of one instant, while somebody
 * writes to them. Everything is looked at twice; when nothing differs, what
 * was seen is what there was at the instant between the two looks. The files
 * are held open from then on, so that they can be copied afterwards as long as
 * they were: what is appended later is left out, and a file that was replaced
 * or removed is still the one that was seen. Only contents that are
 * overwritten in place escape this.
 */
import {
  type BigIntStats,
  closeSync,
  createReadStream,
  createWriteStream,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
} from 'node:fs';
import { chmod, mkdir, stat, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CsiError } from './errors.ts';

export interface Cut {
  /** Milliseconds since 1970. All that was written before is in the cut, nothing that was written after. */
  readonly at: number;
  /**
   * Copies one of the directories into an empty one.
   * @param index of the directory as it was given to `cut`
   * @throws CsiError 'ABORTED' when a file was shortened meanwhile
   */
  copy(index: number, target: string): Promise<void>;
  /** Lets go of the files; required once, whatever happened. */
  close(): void;
}

/** A look at a small volume takes well under a millisecond, and any writer rests longer than that now and then. */
const GIVE_UP_MS = 2_000;

type Entry = { readonly path: string; readonly mode: number; readonly modified: Date } & (
  | { readonly kind: 'directory' }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'file'; readonly descriptor: number; readonly size: number }
);

interface Look {
  readonly trees: readonly (readonly Entry[])[];
  /** Equal in two looks only when nothing was changed between them. */
  readonly signature: string;
}

/**
 * @param now milliseconds since 1970
 * @throws CsiError 'ABORTED' when the directories never held still
 */
export function cut(directories: readonly string[], now: () => number): Cut {
  const giveUp = now() + GIVE_UP_MS;
  let before = look(directories);
  for (let at = now(); at < giveUp; at = now()) {
    const after = look(directories);
    release(before);
    if (after !== undefined && before?.signature === after.signature) return cutOf(after, at);
    before = after;
  }
  release(before);
  throw new CsiError('ABORTED', `${directories.join(', ')} changed too fast to be cut; try again`);
}

function cutOf(taken: Look, at: number): Cut {
  return {
    at,
    copy: async (index, target) => {
      const entries = taken.trees[index] ?? [];
      for (const entry of entries) await copyEntry(entry, join(target, entry.path));
      // Last, and the deepest first: writing into a directory changes its time.
      for (const entry of entries.toReversed()) await restoreTimes(entry, join(target, entry.path));
    },
    close: () => release(taken),
  };
}

/** Undefined when something went away while we looked. */
function look(directories: readonly string[]): Look | undefined {
  const trees: Entry[][] = [];
  const signatures: string[] = [];
  try {
    for (const directory of directories) {
      const entries: Entry[] = [];
      trees.push(entries);
      walk(directory, '', (path, stats, entry) => {
        entries.push(entry);
        signatures.push([path, stats.ino, stats.mode, stats.size, stats.mtimeNs, stats.ctimeNs].join(' '));
      });
      signatures.push('');
    }
    return { trees, signature: signatures.join('\n') };
  } catch (error) {
    release({ trees });
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Parents come before what is in them. Sockets, pipes and devices are not contents. */
function walk(
  root: string,
  path: string,
  found: (path: string, stats: BigIntStats, entry: Entry) => void,
): void {
  const full = join(root, path);
  const stats = lstatSync(full, { bigint: true });
  const common = { path, mode: Number(stats.mode & 0o7777n), modified: stats.mtime };
  if (stats.isDirectory()) {
    found(path, stats, { ...common, kind: 'directory' });
    for (const name of readdirSync(full).toSorted()) walk(root, join(path, name), found);
  } else if (stats.isSymbolicLink()) {
    found(path, stats, { ...common, kind: 'link', target: readlinkSync(full) });
  } else if (stats.isFile()) {
    const descriptor = openSync(full, 'r');
    // Of what was opened, which need not be what the name stood for a moment ago.
    const opened = fstatSync(descriptor, { bigint: true });
    found(path, opened, { ...common, kind: 'file', descriptor, size: Number(opened.size) });
  }
}

function release(taken: Pick<Look, 'trees'> | undefined): void {
  for (const entry of taken?.trees.flat() ?? []) {
    if (entry.kind === 'file') closeSync(entry.descriptor);
  }
}

async function copyEntry(entry: Entry, target: string): Promise<void> {
  switch (entry.kind) {
    case 'directory':
      await mkdir(target, { recursive: true });
      return;
    case 'link':
      await symlink(entry.target, target);
      return;
    case 'file':
      return copyFile(entry, target);
  }
}

async function copyFile(entry: Extract<Entry, { kind: 'file' }>, target: string): Promise<void> {
  const output = createWriteStream(target, { flags: 'wx' });
  if (entry.size === 0) {
    output.end();
    await new Promise<void>((resolve, reject) => output.once('close', resolve).once('error', reject));
    return;
  }
  const range = { fd: entry.descriptor, autoClose: false, start: 0, end: entry.size - 1 };
  await pipeline(createReadStream('', range), output);
  if ((await stat(target)).size < entry.size) {
    throw new CsiError('ABORTED', `${entry.path} was shortened while it was copied; try again`);
  }
}

async function restoreTimes(entry: Entry, target: string): Promise<void> {
  if (entry.kind === 'link') return;
  await chmod(target, entry.mode);
  await utimes(target, entry.modified, entry.modified);
}
