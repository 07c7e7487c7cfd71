/**
 * Where labs live on disk, and the clearing away of those whose owner was
 * killed. One folder per lab, named after it; the folder's existence is the
 * claim to the name, and `owner.json` in it says which process holds it.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { LabError } from './errors.ts';
import {
  isAlive,
  type ProcessIdentity,
  processIdentitySchema,
  thisProcess,
} from './processes/process-identity.ts';

const OWNER_FILE = 'owner.json';
/** Half made and half removed labs; never a lab's name. */
const DRAFT = '.draft-';
/** Servers of a killed lab end within moments, but may still write while their files are removed. */
const REMOVE_RETRIES = 20;

/** `$ANTIPODE_LAB_DIR`, else a folder of the user's own in the system's temporary one. */
export function labsDirectory(environment: NodeJS.ProcessEnv): string {
  const configured = environment['ANTIPODE_LAB_DIR'];
  if (configured !== undefined && configured !== '') return configured;
  return join(tmpdir(), `antipode-lab-${userInfo().uid}`);
}

/**
 * Makes the folder of a new lab owned by this process, after removing what dead owners left.
 * @throws LabError 'AlreadyRunning'
 */
export function claimDirectory(labs: string, name: string): string {
  sweep(labs);
  const draft = makeDraft(labs);
  writeFileSync(join(draft, OWNER_FILE), JSON.stringify(thisProcess()));
  const directory = join(labs, name);
  try {
    // Fails when the folder exists, so only one of several claimants gets it.
    renameSync(draft, directory);
  } catch (cause) {
    removeDirectory(draft);
    throw new LabError('AlreadyRunning', `a lab called ${name} is running already (${directory})`, { cause });
  }
  return directory;
}

/** Removes a lab's folder, and the one of all labs when it was the last. */
export function removeDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: REMOVE_RETRIES, retryDelay: 100 });
  removeWhenEmpty(dirname(directory));
}

/** Other labs, or a log somebody wants to read, keep the folder. */
export function removeWhenEmpty(labs: string): void {
  try {
    rmdirSync(labs);
  } catch (error) {
    if (!hasCode(error, 'ENOTEMPTY') && !hasCode(error, 'ENOENT')) throw error;
  }
}

/**
 * Gives up a folder but leaves its files, so that the logs of a lab that could
 * not start can be read; the next command that starts or stops a lab removes them.
 */
export function abandonDirectory(directory: string): void {
  writeFileSync(join(directory, OWNER_FILE), JSON.stringify({ pid: process.pid, started: 'abandoned' }));
}

/** The process that owns a lab's folder; undefined when there is no such lab. */
export function ownerOf(directory: string): ProcessIdentity | undefined {
  try {
    return processIdentitySchema.parse(JSON.parse(readFileSync(join(directory, OWNER_FILE), 'utf8')));
  } catch {
    return undefined; // not there, or not a lab's
  }
}

/** Removes the folders of labs whose owner is dead. @returns their names */
export function sweep(labs: string): readonly string[] {
  if (!existsSync(labs)) return [];
  const removed: string[] = [];
  for (const name of readdirSync(labs)) {
    const owner = ownerOf(join(labs, name));
    if (owner !== undefined && !isAlive(owner) && discard(labs, name)) removed.push(name);
  }
  return removed;
}

/** Once more when the last lab, stopping, took the folder of all labs with it. */
function makeDraft(labs: string): string {
  for (;;) {
    mkdirSync(labs, { recursive: true, mode: 0o700 });
    try {
      return mkdtempSync(join(labs, DRAFT));
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
    }
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function discard(labs: string, name: string): boolean {
  const aside = join(labs, `${DRAFT}old-${process.pid}-${basename(name)}`);
  try {
    renameSync(join(labs, name), aside);
  } catch {
    return false; // somebody else was faster
  }
  const owner = ownerOf(aside);
  if (owner !== undefined && isAlive(owner)) {
    // The name was claimed anew between our look and our move.
    renameSync(aside, join(labs, name));
    return false;
  }
  rmSync(aside, { recursive: true, force: true, maxRetries: REMOVE_RETRIES, retryDelay: 100 });
  return true;
}
