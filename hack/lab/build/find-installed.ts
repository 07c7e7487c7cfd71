/**
 * Looks for programs that are installed already, first where
 * `KUBEBUILDER_ASSETS` points, then on PATH. Those of one module serve
 * together or not at all: a scheduler of another release than the API server
 * is a source of failures nobody looks for.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { BinaryModule, BinaryName } from '../binaries.ts';
import { fits } from './versions.ts';

const VERSION_DEADLINE_MS = 10_000;
const run = promisify(execFile);

/** @returns a path for each name of the module, or undefined when any is missing or does not fit */
export async function findInstalled(
  module: BinaryModule,
  environment: NodeJS.ProcessEnv,
): Promise<ReadonlyMap<BinaryName, string> | undefined> {
  const found = new Map<BinaryName, string>();
  for (const name of module.names) {
    const path = lookUp(name, environment);
    const check = module.installed?.[name];
    if (path === undefined || check === undefined) return undefined;
    if (!fits(await versionOutput(path, check.arguments), check.rule)) return undefined;
    found.set(name, path);
  }
  return found;
}

function lookUp(name: string, environment: NodeJS.ProcessEnv): string | undefined {
  const directories = [
    environment['KUBEBUILDER_ASSETS'] ?? '',
    ...(environment['PATH'] ?? '').split(delimiter),
  ];
  return directories
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Empty when the program cannot say its version, which then does not fit. */
async function versionOutput(path: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout, stderr } = await run(path, [...args], { timeout: VERSION_DEADLINE_MS });
    return `${stdout}${stderr}`;
  } catch {
    return '';
  }
}
