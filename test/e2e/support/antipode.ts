/** Antipode installed on the run's lab, with its regions declared: what the failover tests start from. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { probesOf } from '../../../hack/demo/protection.ts';
import { type InstallOptions, installAntipode, OPERATOR_NAMESPACE } from '../../../hack/harness/install.ts';
import { type Operator, startOperator } from '../../../hack/harness/operator.ts';
import { freePort } from '../../../hack/harness/ports.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import type { Lab, LabCluster } from '../../../hack/lab/types.ts';
import type { Fields } from '../../../src/api/fields.ts';

export interface Antipode {
  /** The one that runs now. */
  operator(): Operator;
  /** Kills it as `kill -9` does and starts another in its place. */
  killAndRestart(): Promise<void>;
  readonly storeDir: string;
  log(): Promise<string>;
  /** Stops the operator and deletes what was declared; the clusters stay. */
  remove(): Promise<void>;
}

/** How fast a lost region is judged Failed in the tests, in seconds. */
export const FAILED_FOR = 5;

export async function installOn(lab: Lab, options: InstallOptions = {}): Promise<Antipode> {
  const directory = await mkdtemp(join(tmpdir(), 'antipode-e2e-'));
  const { kubeconfig } = await installAntipode(lab, directory, options);
  const storeDir = join(directory, 'points');
  const logFile = join(directory, 'operator.log');
  const port = await freePort();
  const start = () =>
    startOperator({
      kubeconfig,
      namespace: OPERATOR_NAMESPACE,
      storeDir,
      logFile,
      identity: 'e2e',
      port,
    });
  let operator = await start();
  await apply(lab.objective, [aRegionHealth(lab.source), aRegionHealth(lab.recovery)]);
  return {
    operator: () => operator,
    async killAndRestart() {
      await operator.kill();
      operator = await start();
    },
    storeDir,
    log: () => readFile(logFile, 'utf8'),
    async remove() {
      await operator.stop();
      await lab.objective.kubectl(['delete', 'drx,drs', '-A', '--all', '--wait=false']);
      await lab.objective.kubectl(['delete', 'rh', '--all', '--wait=false']);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export function aRegionHealth(cluster: LabCluster): Fields {
  return {
    apiVersion: 'antipode.dev/v1alpha1',
    kind: 'RegionHealth',
    metadata: { name: cluster.name },
    spec: {
      region: cluster.region,
      clusterRef: { secretName: `${cluster.name}-kubeconfig` },
      probes: probesOf(cluster),
      interval: '1s',
      probeTimeout: '1s',
      failure: { zones: 2, for: `${FAILED_FOR}s`, recoverAfter: '10s' },
    },
  };
}

export interface ScenarioOptions {
  readonly namespace: string;
  readonly name: string;
  readonly namespaces: readonly string[];
  /** Merged over a spec with an RPO of 20 s. */
  readonly spec?: Fields;
}

export function aScenario(lab: Lab, { namespace, name, namespaces, spec = {} }: ScenarioOptions): Fields {
  return {
    apiVersion: 'antipode.dev/v1alpha1',
    kind: 'DRScenario',
    metadata: { name, namespace },
    spec: {
      source: { region: lab.source.name },
      recovery: { region: lab.recovery.name },
      objectives: { rpo: '20s', rto: '2m' },
      resources: { namespaces },
      ...spec,
    },
  };
}

export const aNamespace = (name: string): Fields => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
});

/** Applies objects as one list; asked again while a kind among them is not served yet. */
export function apply(cluster: LabCluster, items: readonly unknown[]): Promise<string> {
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  const args = ['apply', '--server-side', '--force-conflicts', '-f', '-'];
  return waitFor({ what: `objects to be applied to ${cluster.name}`, seconds: 60 }, () =>
    cluster.kubectl(args, { input }),
  );
}

/** The status of a scenario, once `accept` says yes of it. Prints it and the operator's log when it never does. */
export async function untilScenario(
  lab: Lab,
  antipode: Antipode,
  key: { readonly namespace: string; readonly name: string },
  what: string,
  accept: (status: Fields) => boolean,
  seconds = 120,
): Promise<Fields> {
  let last = '';
  try {
    return await waitFor({ what: `scenario ${key.name}: ${what}`, seconds }, async () => {
      last = await lab.objective.kubectl(['-n', key.namespace, 'get', 'drs', key.name, '-o', 'json']);
      const { status }: { status?: Fields } = JSON.parse(last);
      return status !== undefined && accept(status) ? status : undefined;
    });
  } catch (error) {
    console.log(last, (await antipode.log()).split('\n').slice(-40).join('\n'));
    throw error;
  }
}

export interface SeenCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export function conditionIn(status: Fields, type: string): SeenCondition | undefined {
  const conditions = (status['conditions'] ?? []) as readonly SeenCondition[];
  return conditions.find((condition) => condition.type === type);
}
