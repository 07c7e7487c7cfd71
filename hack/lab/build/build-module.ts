/**
 * One module of the lab, from source to an executable in the user's cache.
 * A build happens in a folder of its own that is renamed into place when it is
 * complete, so that whatever is in the cache is whole.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join, relative } from 'node:path';
import { type BinaryModule, type BinaryName, MODULES_DIRECTORY } from '../binaries.ts';
import { fingerprint, type SourceFile } from './fingerprint.ts';
import { compilerVersion, goBuild } from './go.ts';
import { withLock } from './lock.ts';

export interface BuildEvents {
  /** The build begins, as nothing cached or installed serves. */
  readonly onBuild?: (module: BinaryModule) => void;
  /** Another process builds; this one waits for it. */
  readonly onWait?: (pid: number) => void;
}

/** `$XDG_CACHE_HOME/antipode/lab`, by default in `~/.cache`. */
export function cacheDirectory(environment: NodeJS.ProcessEnv): string {
  const configured = environment['XDG_CACHE_HOME'];
  const base = configured === undefined || configured === '' ? join(homedir(), '.cache') : configured;
  return join(base, 'antipode', 'lab');
}

/** What follows `go build`, apart from the output path. */
export function buildFlags(module: BinaryModule): readonly string[] {
  return ['-trimpath', '-ldflags', ['-s', '-w', ...(module.linkerFlags ?? [])].join(' ')];
}

/**
 * @returns the path of each of the module's names, built now or earlier
 * @throws LabError 'GoUnusable' or 'BuildFailed'
 */
export async function buildModule(
  module: BinaryModule,
  environment: NodeJS.ProcessEnv,
  events: BuildEvents = {},
): Promise<ReadonlyMap<BinaryName, string>> {
  const source = join(MODULES_DIRECTORY, module.module);
  const flags = buildFlags(module);
  const compiler = await compilerVersion(source, environment);
  const cache = cacheDirectory(environment);
  // Programs of one folder may differ by their package only.
  const asked = module.package === '.' ? flags : [...flags, module.package];
  const target = join(cache, fingerprint({ files: sourceFiles(source), compiler, flags: asked }));
  if (!existsSync(target)) {
    await withLock(join(cache, 'lock'), { onWait: (holder) => events.onWait?.(holder.pid) }, async () => {
      // Whoever held the lock before may have built just this.
      if (existsSync(target)) return;
      events.onBuild?.(module);
      await buildInto(target, { module, source, flags, environment, cache });
    });
  }
  return new Map(module.names.map((name) => [name, join(target, name)]));
}

async function buildInto(
  target: string,
  build: {
    readonly module: BinaryModule;
    readonly source: string;
    readonly flags: readonly string[];
    readonly environment: NodeJS.ProcessEnv;
    readonly cache: string;
  },
): Promise<void> {
  const { module } = build;
  // The lock is held, so a folder that is still here was left by a killed build.
  for (const name of readdirSync(build.cache)) {
    if (name.startsWith('building-')) rmSync(join(build.cache, name), { recursive: true, force: true });
  }
  const draft = mkdtempSync(join(build.cache, 'building-'));
  try {
    mkdirSync(draft, { recursive: true });
    const output = join(draft, module.executable);
    await goBuild(
      {
        directory: build.source,
        arguments: ['build', ...build.flags, '-o', output, module.package],
        what: `${module.module} ${module.version}`,
      },
      build.environment,
    );
    for (const name of module.names) {
      if (name !== module.executable) symlinkSync(module.executable, join(draft, name));
    }
    renameSync(draft, target);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

function sourceFiles(directory: string): SourceFile[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({
      path: relative(directory, path).replaceAll('\\', '/'),
      content: readFileSync(path),
    }));
}
