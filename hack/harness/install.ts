/**
 * Installs Antipode on a lab as a user would: the chart in all three clusters,
 * and for each region a kubeconfig with its ServiceAccount's token, through the
 * region's link. The operator then runs with the chart's roles, not as admin.
 */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { provideBinaries } from '../lab/build/ensure.ts';
import type { Lab, LabCluster } from '../lab/types.ts';

const run = promisify(execFile);

export const OPERATOR_NAMESPACE = 'antipode-system';
const CHART = join(import.meta.dirname, '..', '..', 'charts', 'antipode');
type Part = 'operator' | 'source' | 'recovery';
const ACCOUNTS: Readonly<Record<Part, string>> = {
  operator: 'antipode',
  source: 'antipode-region',
  recovery: 'antipode-region',
};

export interface Installation {
  /** Kubeconfig file of the operator's ServiceAccount in the objective cluster, through its link. */
  readonly kubeconfig: string;
}

export interface InstallOptions {
  /** Values of the chart in both regions, `name=value`, e.g. `velero.enabled=true`. */
  readonly regionValues?: readonly string[];
}

/**
 * @param directory for the operator's kubeconfig
 * @throws when helm or kubectl fails, with their output
 */
export async function installAntipode(
  lab: Lab,
  directory: string,
  { regionValues = [] }: InstallOptions = {},
): Promise<Installation> {
  const helm = await helmProgram();
  const install = (cluster: LabCluster, part: Part) =>
    installPart(helm, cluster, part, part === 'operator' ? [] : regionValues);
  const [objective, source, recovery] = await Promise.all([
    install(lab.objective, 'operator'),
    install(lab.source, 'source'),
    install(lab.recovery, 'recovery'),
  ]);
  await Promise.all([
    putKubeconfig(lab, lab.source.name, source),
    putKubeconfig(lab, lab.recovery.name, recovery),
  ]);
  const kubeconfig = join(directory, 'operator.kubeconfig');
  await writeFile(kubeconfig, objective, { mode: 0o600 });
  return { kubeconfig };
}

/**
 * Installs the chart's part of a region alone.
 * @param values of the chart, `name=value`
 * @returns a kubeconfig of the account that the operator has there, through the region's link
 * @throws when helm or kubectl fails, with their output
 */
export async function installRegion(
  cluster: LabCluster,
  part: 'source' | 'recovery',
  values: readonly string[],
): Promise<string> {
  return installPart(await helmProgram(), cluster, part, values);
}

async function helmProgram(): Promise<string> {
  const progress = () => undefined;
  const deps = { environment: process.env, progress, monotonic: () => performance.now() };
  return provideBinaries(deps, ['helm']).path('helm');
}

/** Applies one part of the chart; answers a kubeconfig for its account. */
async function installPart(
  helm: string,
  cluster: LabCluster,
  part: Part,
  more: readonly string[],
): Promise<string> {
  // The lab runs the operator as a process: its Deployment is there, without Pods.
  const values = [`part=${part}`, 'replicas=0', ...more].flatMap((value) => ['--set', value]);
  const rendered = await run(
    helm,
    ['template', 'antipode', CHART, '--namespace', OPERATOR_NAMESPACE, ...values],
    {
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  await cluster.kubectl(['apply', '--server-side', '-f', '-'], {
    input: namespaceManifest(OPERATOR_NAMESPACE),
  });
  await cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], {
    input: rendered.stdout,
  });
  if (part === 'operator') {
    const crds = ['regionhealths', 'drscenarios', 'drexecutions'].map(
      (plural) => `crd/${plural}.antipode.dev`,
    );
    await cluster.kubectl(['wait', '--for=condition=Established', '--timeout=120s', ...crds]);
  }
  const token = await cluster.kubectl([
    '-n',
    OPERATOR_NAMESPACE,
    'create',
    'token',
    ACCOUNTS[part],
    '--duration=24h',
  ]);
  return cluster.linkedKubeconfig({ token: token.trim() });
}

const namespaceManifest = (name: string): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

/** Puts (or replaces) the kubeconfig Secret of a region, named `<region>-kubeconfig`. */
export async function putKubeconfig(lab: Lab, region: string, kubeconfig: string): Promise<void> {
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `${region}-kubeconfig`, namespace: OPERATOR_NAMESPACE },
    stringData: { kubeconfig },
  };
  await lab.objective.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], {
    input: JSON.stringify(secret),
  });
}
