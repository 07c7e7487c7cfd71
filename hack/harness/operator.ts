/** The operator as a child process of a test, the demo or a benchmark: the built program, as in the image. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { waitFor } from './wait.ts';

export interface OperatorOptions {
  /** Of the objective cluster, through its link. */
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly storeDir: string;
  readonly logFile: string;
  readonly identity: string;
  /** Loopback port of /healthz, /readyz and /metrics. */
  readonly port: number;
}

/** Compiles the operator, as the image does. @throws with the compiler's output */
export async function buildOperator(): Promise<void> {
  await promisify(execFile)(join(ROOT, 'node_modules', '.bin', 'tsc'), [
    '-p',
    join(ROOT, 'tsconfig.build.json'),
  ]);
}

const ROOT = join(import.meta.dirname, '..', '..');
const PROGRAM = join(ROOT, 'dist', 'main.js');
/**
 * An operator that could not renew its lease in time ends, and nobody starts it again here: that is not to come
 * of a busy machine. No takeover waits longer for it, since the next one has the same identity.
 */
const PATIENT_LEASE = ['--lease-duration=90s', '--lease-renew-deadline=60s'];

/**
 * As in the chart's container: of a memory limit, 512 MiB there, V8 takes half as the limit of its heap
 * (`Heap::OldGenerationSizeFromPhysicalMemory`); without one it would hardly collect on a large machine.
 */
export const HEAP = '--max-old-space-size=256';

/** The command line of the built operator, for whoever starts it. */
export function operatorCommand(options: Omit<OperatorOptions, 'logFile'>): readonly string[] {
  const flags = {
    '--kubeconfig': options.kubeconfig,
    '--namespace': options.namespace,
    '--store-dir': options.storeDir,
    '--listen': `127.0.0.1:${options.port}`,
    '--identity': options.identity,
  };
  return [
    process.execPath,
    HEAP,
    '--enable-source-maps',
    '--trace-warnings',
    PROGRAM,
    ...Object.entries(flags).flat(),
  ];
}

export interface Operator {
  readonly pid: number;
  readonly url: string;
  /** As with `kill -9`; resolves when it is gone. */
  kill(): Promise<void>;
  /** Asks it to end, as Kubernetes does; resolves when it has. */
  stop(): Promise<void>;
  metrics(): Promise<string>;
  /** Resident memory in MiB. */
  memory(): Promise<number>;
}

/** Starts the operator; resolves when it is ready. @throws with the tail of its log when it is not within `seconds` */
export async function startOperator(options: OperatorOptions, seconds = 120): Promise<Operator> {
  const [program = '', ...args] = [...operatorCommand(options), ...PATIENT_LEASE];
  const log = openSync(options.logFile, 'a');
  const child = spawn(program, args, { stdio: ['ignore', log, log] });
  const url = `http://127.0.0.1:${options.port}`;
  await waitFor({ what: 'the operator to be ready', seconds, every: 50 }, async () => {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    const response = await fetch(`${url}/readyz`);
    return response.ok ? true : undefined;
  }).catch(async (error: unknown) => {
    child.kill('SIGKILL');
    const tail = (await readFile(options.logFile, 'utf8')).split('\n').slice(-20).join('\n');
    throw new Error(`${String(error)}\n--- ${options.logFile}\n${tail}`, { cause: error });
  });
  return {
    pid: child.pid ?? 0,
    url,
    kill: () => end(child, 'SIGKILL'),
    stop: () => end(child, 'SIGTERM'),
    metrics: async () => (await fetch(`${url}/metrics`)).text(),
    memory: async () => {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024;
    },
  };
}

function end(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill(signal);
  });
}
