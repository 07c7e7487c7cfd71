/**
 * The way in for tests, the demo and the command line: start a lab or a single
 * cluster in this process, or use a lab that another process owns.
 */
import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import { type Binaries, provideBinaries } from './build/ensure.ts';
import { attachTo } from './control-client.ts';
import { abandonDirectory, claimDirectory, labsDirectory, removeDirectory } from './directories.ts';
import { clusterHandle } from './handle.ts';
import { runLab } from './processes/run-lab.ts';
import { runSingle } from './processes/run-single.ts';
import type { Lab, LabCluster } from './types.ts';

export interface LabOptions {
  /** Folder name under the labs directory; only one lab of a name runs at a time. Default: a random one. */
  readonly name?: string;
  /** Default: process.env. */
  readonly environment?: NodeJS.ProcessEnv;
  /** A line for people per stage, with the time it took. Default: nothing is said. */
  readonly progress?: (line: string) => void;
  /** Gives up starting when it aborts; what was started is stopped and its files are removed. */
  readonly signal?: AbortSignal;
}

export interface SingleClusterOptions extends LabOptions {
  readonly region?: string;
  readonly zones?: readonly string[];
  readonly nodesPerZone?: number;
}

export interface SingleCluster extends LabCluster {
  /** Stops everything and removes its files. */
  stop(): Promise<void>;
}

/** The name under which `npm run lab -- up` starts the lab that other commands find. */
export const DEFAULT_LAB = 'default';

/**
 * Source, recovery and objective cluster with links and DNS, owned by this process:
 * they end with it, however it ends.
 * @throws LabError
 */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const { directory, binaries, progress } = prepare(options);
  return orGiveUp(directory, options.signal, () =>
    runLab({
      name: options.name ?? basename(directory),
      directory,
      binaries,
      progress,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      remove: () => removeDirectory(directory),
    }),
  );
}

/**
 * One cluster with its link, for tests that need no region to lose.
 * @public
 * @throws LabError
 */
export async function startCluster(options: SingleClusterOptions = {}): Promise<SingleCluster> {
  const { name, ...rest } = options;
  const { directory, binaries } = prepare(rest);
  const region = options.region ?? 'local';
  const request = {
    name: name ?? region,
    region,
    zones: options.zones ?? [`${region}-a`],
    nodesPerZone: options.nodesPerZone ?? 2,
  };
  const single = await orGiveUp(directory, options.signal, () =>
    runSingle({ directory, binaries, request, remove: () => removeDirectory(directory) }),
  );
  return { ...clusterHandle(single.facts, single.tools, single.control), stop: () => single.control.stop() };
}

/**
 * Uses a lab that runs already; `stop` ends it for everyone.
 * @param directory of the lab; default: that of `npm run lab -- up`
 * @throws LabError 'NotRunning'
 */
export async function attachLab(directory?: string): Promise<Lab> {
  return attachTo(directory ?? `${labsDirectory(process.env)}/${DEFAULT_LAB}`);
}

/** A start that was called off leaves nothing; one that failed leaves its logs to be read. */
async function orGiveUp<T>(
  directory: string,
  signal: AbortSignal | undefined,
  start: () => Promise<T>,
): Promise<T> {
  try {
    return await start();
  } catch (error) {
    if (signal?.aborted === true) removeDirectory(directory);
    else abandonDirectory(directory);
    throw error;
  }
}

function prepare(options: LabOptions): {
  directory: string;
  binaries: Binaries;
  progress: (line: string) => void;
} {
  const environment = options.environment ?? process.env;
  const progress = options.progress ?? (() => undefined);
  const name = options.name ?? `run-${process.pid}-${randomBytes(3).toString('hex')}`;
  return {
    directory: claimDirectory(labsDirectory(environment), name),
    binaries: provideBinaries({ environment, progress, monotonic: () => performance.now() }),
    progress,
  };
}
