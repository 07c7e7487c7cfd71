/**
 * Once per e2e run: the operator is compiled, and a lab for each worker of the
 * run, which its test files share, is started here and stopped at the end. With
 * `ANTIPODE_E2E_LAB=attach` the tests use the lab that `npm run lab -- up` left
 * running and leave it running, which saves a developer its start on every run.
 */
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { buildOperator } from '../../hack/harness/operator.ts';
import { provideBinaries } from '../../hack/lab/build/ensure.ts';
import { attachTo } from '../../hack/lab/control-client.ts';
import { labsDirectory } from '../../hack/lab/directories.ts';
import { DEFAULT_LAB, startLab } from '../../hack/lab/lab.ts';
import type { Lab } from '../../hack/lab/types.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folders of the labs, for attachLab: one for each worker. */
    labDirectories: readonly string[];
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await buildOperator();
  const labs = labsDirectory(process.env);
  if (process.env['ANTIPODE_E2E_LAB'] === 'attach') {
    const directory = join(labs, DEFAULT_LAB);
    await attachTo(directory);
    project.provide('labDirectories', [directory]);
    return async () => undefined;
  }
  await provideBinaries({
    environment: process.env,
    progress,
    monotonic: () => performance.now(),
  }).all();
  const names = Array.from({ length: workersOf(project) }, (_, index) => `e2e-${process.pid}-${index + 1}`);
  const started: Lab[] = [];
  for (const name of names) started.push(await startLab({ name, progress }));
  project.provide(
    'labDirectories',
    names.map((name) => join(labs, name)),
  );
  return async () => {
    await Promise.all(started.map((lab) => lab.stop()));
  };
}

const workersOf = ({ config }: TestProject): number => config.maxWorkers;

function progress(line: string): void {
  console.log(`lab: ${line}`);
}
