/**
 * Files that are generated and committed: written, or, with `--check`, only
 * compared, so that a build fails when somebody changed the source of a file
 * and not the file, or left one behind that nothing makes any more.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

export interface GeneratedFile {
  /** From the top of the project. */
  readonly path: string;
  readonly text: string;
}

/** A directory whose files with this ending are all generated. */
export interface GeneratedDirectory {
  readonly path: string;
  readonly ending: string;
}

export interface Stale {
  readonly path: string;
  readonly why: 'is missing' | 'differs from its source' | 'has no source any more';
}

/** Compares without writing. */
export async function findStale(
  root: string,
  files: readonly GeneratedFile[],
  directories: readonly GeneratedDirectory[],
): Promise<readonly Stale[]> {
  const stale: Stale[] = [];
  for (const file of files) {
    const committed = await readIfAny(path.join(root, file.path));
    if (committed === undefined) stale.push({ path: file.path, why: 'is missing' });
    else if (committed !== file.text) stale.push({ path: file.path, why: 'differs from its source' });
  }
  for (const orphan of await orphans(root, files, directories))
    stale.push({ path: orphan, why: 'has no source any more' });
  return stale;
}

/** Writes all files and removes those of `directories` that are not among them. */
export async function writeGenerated(
  root: string,
  files: readonly GeneratedFile[],
  directories: readonly GeneratedDirectory[],
): Promise<void> {
  for (const orphan of await orphans(root, files, directories)) await rm(path.join(root, orphan));
  for (const file of files) {
    const target = path.join(root, file.path);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, file.text);
  }
}

/**
 * What a generator's command does: writes, or checks and says what is stale.
 * @param remedy the command that writes
 * @returns the exit code
 */
export async function writeOrCheck(
  check: boolean,
  root: string,
  files: readonly GeneratedFile[],
  directories: readonly GeneratedDirectory[],
  remedy: string,
): Promise<0 | 1> {
  if (!check) {
    await writeGenerated(root, files, directories);
    console.log(`wrote ${files.length} files`);
    return 0;
  }
  const stale = await findStale(root, files, directories);
  for (const { path: stalePath, why } of stale) console.error(`${stalePath} ${why}`);
  if (stale.length === 0) return 0;
  console.error(`Run \`${remedy}\` and commit the result.`);
  return 1;
}

async function orphans(
  root: string,
  files: readonly GeneratedFile[],
  directories: readonly GeneratedDirectory[],
): Promise<readonly string[]> {
  const wanted = new Set(files.map((file) => file.path));
  const found: string[] = [];
  for (const directory of directories)
    for (const name of await namesIn(path.join(root, directory.path)))
      if (name.endsWith(directory.ending)) found.push(`${directory.path}/${name}`);
  return found.filter((name) => !wanted.has(name));
}

async function readIfAny(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
