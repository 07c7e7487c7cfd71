/**
 * One server of the lab as a process that cannot outlive the lab: it runs
 * under `tether`, which holds on to a pipe from this process. Everything it
 * prints goes to its log file, whose tail is part of any error about it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { LabComponentError, LabError } from '../errors.ts';

/** A server that was asked to stop gets this long before it is killed. */
const STOP_GRACE_MS = 8_000;
const POLL_MS = 100;
const LOG_TAIL_LINES = 15;

export interface ComponentSpec {
  /** For messages, e.g. `eu-west/etcd`. */
  readonly name: string;
  readonly executable: string;
  readonly arguments: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly logPath: string;
  /** Its working directory and HOME. */
  readonly directory: string;
  /** Receives the process id of the program itself, which `tether` hides from us, and a newline. */
  readonly pidFile?: string;
}

export interface Component {
  readonly name: string;
  readonly logPath: string;
  readonly running: boolean;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM, and SIGKILL when that does not help; resolves when the process is gone. */
  stop(): Promise<void>;
  /**
   * Repeats `check` until it returns something other than undefined or throws none;
   * a throwing check counts as "not yet".
   * @param deadline milliseconds
   * @throws LabComponentError when the process dies first or the deadline passes
   */
  until<T>(what: string, deadline: number, check: () => Promise<T | undefined>): Promise<T>;
}

/** Starts the servers of one lab and can end them all, those that are just starting included. */
export interface Launcher {
  /** @throws LabError 'Stopping' once `killAll` was called */
  launch(spec: ComponentSpec): Component;
  /** SIGKILL for everything; resolves when all are gone. Nothing can be launched afterwards. */
  killAll(): Promise<void>;
}

/** @param tether path of the `tether` program */
export function createLauncher(tether: string): Launcher {
  const launched = new Set<Component>();
  let stopping = false;
  return {
    launch: (spec) => {
      if (stopping) throw new LabError('Stopping', `${spec.name} was not started: the lab is being stopped`);
      const component = new ProcessComponent(spec, spawnTethered(tether, spec), (gone) =>
        launched.delete(gone),
      );
      launched.add(component);
      return component;
    },
    killAll: async () => {
      stopping = true;
      await Promise.all([...launched].map((component) => component.kill()));
    },
  };
}

function spawnTethered(tether: string, spec: ComponentSpec): ChildProcess {
  const log = openSync(spec.logPath, 'a');
  // That of an earlier start would be taken for this one's.
  if (spec.pidFile !== undefined) rmSync(spec.pidFile, { force: true });
  const pidFile = spec.pidFile === undefined ? [] : ['--pid-file', spec.pidFile];
  try {
    return spawn(tether, [...pidFile, spec.executable, ...spec.arguments], {
      cwd: spec.directory,
      // Nothing of the user's environment: a KUBECONFIG or a proxy set there would change what the servers do.
      env: { HOME: spec.directory, ...spec.environment },
      stdio: ['pipe', log, log],
    });
  } finally {
    closeSync(log);
  }
}

class ProcessComponent implements Component {
  readonly name: string;
  readonly logPath: string;
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;
  #ended: string | undefined;

  constructor(spec: ComponentSpec, child: ChildProcess, onGone: (self: Component) => void) {
    this.name = spec.name;
    this.logPath = spec.logPath;
    this.#child = child;
    // The pipe is only ever closed; a child that died already makes that an error nobody needs.
    child.stdin?.on('error', () => undefined);
    this.#gone = new Promise((resolve) => {
      const end = (how: string) => {
        this.#ended ??= how;
        onGone(this);
        resolve();
      };
      child.once('error', (error) => end(`could not be started: ${error.message}`));
      child.once('exit', (code, signal) => end(`ended with ${signal ?? `exit code ${code}`}`));
    });
  }

  get running(): boolean {
    return this.#ended === undefined;
  }

  async kill(): Promise<void> {
    this.#child.stdin?.end();
    await this.#gone;
  }

  async stop(): Promise<void> {
    if (!this.running) return;
    this.#child.kill('SIGTERM');
    const giveUp = new AbortController();
    const grace = pause(STOP_GRACE_MS, undefined, { signal: giveUp.signal }).catch(() => undefined);
    await Promise.race([this.#gone, grace]);
    giveUp.abort();
    await this.kill();
  }

  async until<T>(what: string, deadline: number, check: () => Promise<T | undefined>): Promise<T> {
    const end = performance.now() + deadline;
    let last: unknown;
    while (performance.now() < end) {
      const answer = await check().catch((error: unknown) => {
        last = error;
        return undefined;
      });
      // Looked at after the answer: whoever answered was this process only if it still lives.
      if (this.#ended !== undefined) throw this.#failure('ComponentDied', this.#ended);
      if (answer !== undefined) return answer;
      await pause(POLL_MS);
    }
    const reason = last instanceof Error ? ` (${last.message})` : '';
    throw this.#failure('ComponentNotReady', `was not ${what} after ${deadline / 1000} s${reason}`);
  }

  #failure(code: 'ComponentDied' | 'ComponentNotReady', what: string): LabComponentError {
    return new LabComponentError(code, what, this, logTail(this.logPath));
  }
}

/** The last lines of a log, for messages; says so when it cannot be read. */
export function logTail(path: string): string {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
  } catch (error) {
    return error instanceof Error ? `(no log: ${error.message})` : '(no log)';
  }
}
