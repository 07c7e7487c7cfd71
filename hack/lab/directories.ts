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
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename, join } from 'node:path';
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
  mkdirSync(labs, { recursive: true, mode: 0o700 });
  sweep(labs);
  const draft = mkdtempSync(join(labs, DRAFT));
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

export function removeDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: REMOVE_RETRIES, retryDelay: 100 });
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
  removeDirectory(aside);
  return true;
}
