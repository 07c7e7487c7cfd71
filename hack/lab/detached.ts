/**
 * A lab that goes on running after the command that started it: started as a
 * process of its own, found again by its folder, ended from anywhere.
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { attachTo } from './control-client.ts';
import { labsDirectory, ownerOf, removeWhenEmpty, sweep } from './directories.ts';
import { LabError } from './errors.ts';
import { factsPath } from './facts.ts';
import { DEFAULT_LAB } from './lab.ts';
import { isAlive } from './processes/process-identity.ts';
import type { Lab } from './types.ts';

const POLL_MS = 150;
/** After this long without an orderly end the owner is killed; its servers end with it. */
const STOP_GRACE_MS = 20_000;
const GONE_DEADLINE_MS = 10_000;

export interface DetachedOptions {
  readonly environment: NodeJS.ProcessEnv;
  readonly progress: (line: string) => void;
  /** Default: `default`. */
  readonly name?: string;
}

/**
 * The running lab of that name, started first when there is none. Repeating it is harmless.
 * @throws LabError 'SupervisorFailed' with what the lab printed when it could not start
 */
export async function upLab(options: DetachedOptions): Promise<Lab> {
  const place = placeOf(options);
  mkdirSync(place.labs, { recursive: true, mode: 0o700 });
  for (const name of sweep(place.labs)) options.progress(`removed what a killed lab left: ${name}`);
  const starting = isOwned(place.directory) ? existing(place) : spawnSupervisor(place, options.environment);
  let shown = 0;
  for (;;) {
    const running = starting.running();
    const lines = readLog(place.log);
    for (const line of lines.slice(shown)) options.progress(line);
    shown = lines.length;
    if (existsSync(factsPath(place.directory))) return attachTo(place.directory);
    if (!running) {
      const why = lines.length === 0 ? 'it was stopped while it was starting' : lines.slice(-20).join('\n');
      throw new LabError('SupervisorFailed', `the lab did not start:\n${why}`);
    }
    await pause(POLL_MS);
  }
}

/**
 * Ends the lab of that name and removes everything it left, also after it was killed. Repeating it is harmless.
 * @returns false when none was running
 */
export async function downLab(options: Pick<DetachedOptions, 'environment' | 'name'>): Promise<boolean> {
  const place = placeOf(options);
  const owner = ownerOf(place.directory);
  const running = owner !== undefined && isAlive(owner);
  if (owner !== undefined && running) {
    process.kill(owner.pid, 'SIGTERM');
    const ended = () => !existsSync(place.directory) || !isAlive(owner);
    if (!(await within(STOP_GRACE_MS, ended))) process.kill(owner.pid, 'SIGKILL');
    await within(GONE_DEADLINE_MS, () => !isAlive(owner));
  }
  sweep(place.labs);
  rmSync(place.log, { force: true });
  if (existsSync(place.directory)) {
    throw new LabError('SupervisorFailed', `${place.directory} could not be removed; its owner still runs`);
  }
  removeWhenEmpty(place.labs);
  return running;
}

interface Place {
  readonly name: string;
  readonly labs: string;
  readonly directory: string;
  readonly log: string;
}

function placeOf(options: Pick<DetachedOptions, 'environment' | 'name'>): Place {
  const name = options.name ?? DEFAULT_LAB;
  const labs = labsDirectory(options.environment);
  return { name, labs, directory: join(labs, name), log: join(labs, `${name}.log`) };
}

function isOwned(directory: string): boolean {
  const owner = ownerOf(directory);
  return owner !== undefined && isAlive(owner);
}

function existing(place: Place): { running(): boolean } {
  return { running: () => isOwned(place.directory) };
}

function spawnSupervisor(place: Place, environment: NodeJS.ProcessEnv): { running(): boolean } {
  const log = openSync(place.log, 'w', 0o600);
  const supervisor = fileURLToPath(new URL('./supervisor.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), supervisor, place.name, place.log],
    {
      detached: true,
      env: environment,
      cwd: place.labs,
      stdio: ['ignore', log, log],
    },
  );
  closeSync(log);
  let running = true;
  child.once('error', () => (running = false));
  child.once('exit', () => (running = false));
  // It must not keep the command that started it from ending.
  child.unref();
  return { running: () => running };
}

function readLog(path: string): string[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8').split('\n').slice(0, -1);
}

async function within(milliseconds: number, condition: () => boolean): Promise<boolean> {
  const end = performance.now() + milliseconds;
  while (!condition()) {
    if (performance.now() > end) return false;
    await pause(POLL_MS);
  }
  return true;
}
