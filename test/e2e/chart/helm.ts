/** helm and the chart, for the tests of the chart. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { provideBinaries } from '../../../hack/lab/build/ensure.ts';
import type { LabCluster } from '../../../hack/lab/types.ts';

export const CHART = path.join(import.meta.dirname, '../../../charts/antipode');
/** Of the releases of these tests, and their namespace; not one that other tests use. */
export const RELEASE = 'chart-test';

const run = promisify(execFile);
const binaries = provideBinaries(
  {
    environment: process.env,
    progress: (line) => console.log(line),
    monotonic: () => performance.now(),
  },
  ['helm', 'kubectl'],
);

export const kubectlPath = (): Promise<string> => binaries.path('kubectl');

/** @throws Error whose message holds helm's own when it exits non-zero */
export async function helm(args: readonly string[]): Promise<string> {
  const { stdout } = await run(await binaries.path('helm'), args, { maxBuffer: 16 * 1024 * 1024 });
  return stdout;
}

/** The manifests that an installation with these values (`key=value`) would have. */
export function render(values: readonly string[]): Promise<string> {
  return helm(['template', RELEASE, CHART, '--namespace', RELEASE, ...set(values)]);
}

/** The notes that a person would read after an installation with these values. */
export async function notes(values: readonly string[]): Promise<string> {
  const args = ['install', RELEASE, CHART, '--namespace', RELEASE, '--dry-run=client', ...set(values)];
  const output = await helm(args);
  return output.slice(output.indexOf('NOTES:'));
}

/** Applies a rendered chart into its namespace, in which only restricted Pods are let in. */
export async function install(cluster: LabCluster, manifests: string): Promise<void> {
  const namespace = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: RELEASE, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  };
  await cluster.kubectl(['apply', '-f', '-'], { input: JSON.stringify(namespace) });
  await cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input: manifests });
}

/** Removes what {@link install} applied, but not the namespace; give it manifests without the CRDs. */
export async function remove(cluster: LabCluster, manifests: string): Promise<void> {
  await cluster.kubectl(['delete', '--ignore-not-found', '-f', '-'], { input: manifests });
}

/** Removes everything. */
export async function uninstall(cluster: LabCluster, manifests: string): Promise<void> {
  await remove(cluster, manifests);
  await cluster.kubectl(['delete', 'namespace', RELEASE, '--ignore-not-found', '--wait=false']);
}

function set(values: readonly string[]): readonly string[] {
  return values.flatMap((value) => ['--set', value]);
}
