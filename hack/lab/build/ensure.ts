/**
 * Gives out the lab's programs by name. Modules are built one after another in
 * the order of the manifest, each at most once per process, so that clusters
 * can start while what only DNS or the chart needs is still being built.
 */
import { BINARY_MODULES, type BinaryModule, type BinaryName, CORE_NAMES } from '../binaries.ts';
import { LabError } from '../errors.ts';
import { buildModule } from './build-module.ts';
import { findInstalled } from './find-installed.ts';

export interface Binaries {
  /**
   * The path of a program, once it is there.
   * @throws LabError 'GoUnusable' or 'BuildFailed'
   */
  path(name: BinaryName): Promise<string>;
  /** Resolves when every module asked for is there. @throws the first failure */
  all(): Promise<void>;
}

export interface BinariesOptions {
  readonly environment: NodeJS.ProcessEnv;
  /** One line for people: what is built, which of how many, how long it took. */
  readonly progress: (line: string) => void;
  /** Say also what needed no work. Default false. */
  readonly verbose?: boolean;
  /** Monotonic milliseconds. */
  readonly monotonic: () => number;
}

type Paths = ReadonlyMap<BinaryName, string>;

/** Starts looking and building at once, for the modules with these names (default: without those of add-ons). */
export function provideBinaries(
  options: BinariesOptions,
  wanted: readonly BinaryName[] = CORE_NAMES,
): Binaries {
  const modules = BINARY_MODULES.filter((module) => module.names.some((name) => wanted.includes(name)));
  const ready = new Map<BinaryName, Promise<Paths>>();
  let previous: Promise<unknown> = Promise.resolve();
  for (const [index, module] of modules.entries()) {
    const turn = previous;
    const paths = turn.then(() => provide(module, `${index + 1}/${modules.length}`, options));
    // Whoever asks for a program of this module sees the failure; the next module does not depend on it.
    previous = paths.catch(() => undefined);
    for (const name of module.names) ready.set(name, paths);
  }
  return {
    path: async (name) => {
      const path = (await ready.get(name))?.get(name);
      if (path === undefined)
        throw new LabError('UnknownName', `${name} is not among the programs asked for`);
      return path;
    },
    all: async () => {
      await Promise.all(ready.values());
    },
  };
}

async function provide(module: BinaryModule, place: string, options: BinariesOptions): Promise<Paths> {
  const title = `[${place}] ${module.module} ${module.version}`;
  const installed = await findInstalled(module, options.environment);
  if (installed !== undefined) {
    if (options.verbose === true) options.progress(`${title}: using ${[...installed.values()].join(', ')}`);
    return installed;
  }
  const started = options.monotonic();
  let built = false;
  const paths = await buildModule(module, options.environment, {
    onWait: (pid) => options.progress(`${title}: waiting for another build (process ${pid})`),
    onBuild: () => {
      built = true;
      options.progress(`${title}: building (${module.purpose})`);
    },
  });
  const seconds = ((options.monotonic() - started) / 1000).toFixed(1);
  if (built) options.progress(`${title}: built in ${seconds} s`);
  else if (options.verbose === true) options.progress(`${title}: cached`);
  return paths;
}
