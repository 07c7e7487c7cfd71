/**
 * Once per e2e run: the operator is compiled, and a lab that all test files
 * share is started here and stopped at the end. With `ANTIPODE_E2E_LAB=attach` the tests use the lab that
 * `npm run lab -- up` left running and leave it running, which saves a
 * developer its start on every run.
 */
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { buildOperator } from '../../hack/harness/operator.ts';
import { provideBinaries } from '../../hack/lab/build/ensure.ts';
import { attachTo } from '../../hack/lab/control-client.ts';
import { labsDirectory } from '../../hack/lab/directories.ts';
import { DEFAULT_LAB, startLab } from '../../hack/lab/lab.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder of the lab, for attachLab. */
    labDirectory: string;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await buildOperator();
  const labs = labsDirectory(process.env);
  if (process.env['ANTIPODE_E2E_LAB'] === 'attach') {
    const directory = join(labs, DEFAULT_LAB);
    await attachTo(directory);
    project.provide('labDirectory', directory);
    return async () => undefined;
  }
  await provideBinaries({
    environment: process.env,
    progress,
    monotonic: () => performance.now(),
  }).all();
  const name = `e2e-${process.pid}`;
  const lab = await startLab({ name, progress });
  project.provide('labDirectory', join(labs, name));
  return () => lab.stop();
}

function progress(line: string): void {
  console.log(`lab: ${line}`);
}
