/**
 * What the add-ons of the lab have in common: their programs are built when
 * the first of them is asked for, what one process started another finds by a
 * file in the lab's directory, and a server that does not come up is shown
 * with its log, which is gone with the lab.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ZodType } from 'zod';
import type { BinaryName } from '../lab/binaries.ts';
import { provideBinaries } from '../lab/build/ensure.ts';
import { logTail } from '../lab/processes/component.ts';
import { waitFor } from './wait.ts';

/** For a hook that starts add-ons: their first build takes about 15 minutes on two cores. Milliseconds. */
export const ADD_ON_TIMEOUT_MS = 30 * 60_000;

/**
 * Where each program is, built now if need be.
 * @param progress default: nothing is said
 * @throws LabError 'GoUnusable' or 'BuildFailed'
 */
export async function addOnPrograms<Name extends BinaryName>(
  names: readonly Name[],
  progress: (line: string) => void = () => undefined,
): Promise<(name: Name) => string> {
  const binaries = provideBinaries(
    { environment: process.env, progress, monotonic: () => performance.now() },
    names,
  );
  const paths = new Map(
    await Promise.all(names.map(async (name) => [name, await binaries.path(name)] as const)),
  );
  // Never absent, or `path` had thrown.
  return (name) => paths.get(name) ?? name;
}

/** What an earlier start left in `file`; undefined when there was none. */
export function recall<T>(file: string, schema: ZodType<T>): T | undefined {
  return existsSync(file) ? schema.parse(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
}

/** Only the user may read it, as it holds credentials. */
export function remember(file: string, facts: object): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(facts, undefined, 2), { mode: 0o600 });
}

/**
 * Waits until `look` answers something other than undefined.
 * @throws Error with the tail of the server's log when it does not within `seconds`
 */
export async function untilServing<T>(
  server: { readonly name: string; readonly logFile: string; readonly seconds: number },
  look: () => Promise<T | undefined>,
): Promise<T> {
  const { name, logFile, seconds } = server;
  return waitFor({ what: `${name} to be ready`, seconds, every: 100 }, look).catch((cause: unknown) => {
    throw new Error(`${String(cause)}\n--- ${logFile}\n${logTail(logFile)}`, { cause });
  });
}
