/** What the tests of the Velero engine share: real Velero in both regions, the engine on its bucket, and an application. */
import { ensureVelero, type LabVelero } from '../../../hack/harness/velero.ts';
import type { Lab, LabCluster } from '../../../hack/lab/types.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import { type DRScenarioSpec, drScenarioSpec } from '../../../src/api/v1alpha1/dr-scenario.ts';
import type { Clock } from '../../../src/domain/time.ts';
import type { Engine, PruneRequest, Regions, ScenarioIdentity } from '../../../src/engines/engine.ts';
import { nativeEngine } from '../../../src/engines/native/engine.ts';
import { veleroEngine } from '../../../src/engines/velero/engine.ts';
import { settingsOf } from '../../../src/engines/velero/settings.ts';
import type { Clusters } from '../../../src/kube/cluster.ts';
import { s3Store } from '../../../src/store/s3.ts';
import type { Store } from '../../../src/store/store.ts';
import { clock, connect, silent } from '../engine/support.ts';

export const BUCKET = 'velero-engine';
/** Antipode's folder in the bucket; Velero's prefix is `dr/velero`. */
export const FOLDER = 'dr';
const CREDENTIALS = 's3';

export interface World {
  readonly lab: Lab;
  readonly velero: LabVelero;
  readonly store: Store;
  readonly native: Engine;
  readonly engine: Engine;
  readonly regions: Required<Regions> & { readonly recovery: NonNullable<Regions['recovery']> };
}

/** Both servers run for {@link BUCKET}; an application that was deployed before is known to them with all its kinds. */
export async function veleroWorld(lab: Lab, features: readonly string[] = []): Promise<World> {
  const velero = await ensureVelero(lab, {
    bucket: BUCKET,
    prefix: `${FOLDER}/velero`,
    features,
    progress: (line) => console.log(`lab: ${line}`),
  });
  const store = storeOn(velero);
  const regions = { source: await connect(lab.source), recovery: await connect(lab.recovery) };
  return { lab, velero, store, regions, ...enginesOn(velero, store, regions) };
}

/** Engines that remember nothing, as after a restart. */
export function enginesOn(
  velero: LabVelero,
  store: Store,
  regions: World['regions'],
  time: Clock = clock,
): Pick<World, 'native' | 'engine'> {
  const native = nativeEngine({ store, clock: time, log: silent });
  const settings = settingsOf(specFor(velero, ['any']));
  if (settings === undefined) throw new Error('a scenario with a bucket has settings');
  const clusters: Pick<Clusters, 'region'> = {
    region: (name) => ({
      kind: 'available',
      cluster: name === settings.sourceRegion ? regions.source : regions.recovery,
    }),
  };
  return { native, engine: veleroEngine({ native, store, clusters, clock: time, log: silent }, settings) };
}

export function storeOn({ s3 }: LabVelero): Store {
  const encoded = (text: string) => Buffer.from(text).toString('base64');
  const secrets = async () => ({
    accessKeyId: encoded(s3.accessKeyId),
    secretAccessKey: encoded(s3.secretAccessKey),
  });
  return s3Store(storeSpec(s3.endpoint), { secrets, clock, random: Math.random });
}

/** As in spec.replication.store.s3. */
export const storeSpec = (endpoint: string) => ({
  bucket: BUCKET,
  prefix: FOLDER,
  region: 'us-east-1',
  endpoint,
  forcePathStyle: true,
  credentialsSecret: CREDENTIALS,
});

export function specFor(
  { s3 }: LabVelero,
  namespaces: readonly string[],
  replication: object = {},
): DRScenarioSpec {
  return drScenarioSpec.parse({
    source: { region: 'eu-west' },
    recovery: { region: 'eu-north' },
    objectives: { rpo: '5m', rto: '10m' },
    resources: { namespaces },
    replication: { engine: 'velero', store: { s3: storeSpec(s3.endpoint) }, ...replication },
  });
}

export const scenarioNamed = (name: string): ScenarioIdentity => ({
  namespace: 'dr',
  name,
  uid: `uid-of-${name}`,
});

/** Keeps the newest `keep`; nothing else needs a point. */
export const keeping = (keep: number): PruneRequest => ({
  listed: [],
  policy: { keep, maxAge: undefined, hourly: 0, daily: 0, weekly: 0, monthly: 0 },
  verified: new Set(),
  use: async () => ({ inUse: new Map(), offered: new Set(), undecided: undefined }),
});

/** Configuration, secret, account with rights, a database and a front that needs it; cluster-scoped rights as well. */
export function application(namespace: string): readonly KubeObject[] {
  const object = (apiVersion: string, kind: string, name: string, rest: object): KubeObject => ({
    apiVersion,
    kind,
    metadata: { name, ...(kind.startsWith('Cluster') || kind === 'Namespace' ? {} : { namespace }) },
    ...rest,
  });
  const workload = (name: string, envFrom: readonly object[]) => ({
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          serviceAccountName: 'reader',
          containers: [{ name, image: 'example.com/app:1', envFrom }],
        },
      },
    },
  });
  const role = `${namespace}-reader`;
  const subjects = [{ kind: 'ServiceAccount', name: 'reader', namespace }];
  const rbac = 'rbac.authorization.k8s.io';
  return [
    object('v1', 'Namespace', namespace, {}),
    object('v1', 'ServiceAccount', 'reader', {}),
    object(`${rbac}/v1`, 'ClusterRole', role, {
      rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }],
    }),
    object(`${rbac}/v1`, 'ClusterRoleBinding', role, {
      subjects,
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
    }),
    object('v1', 'ConfigMap', 'settings', { data: { colour: 'green' } }),
    object('v1', 'Secret', 'password', { stringData: { password: 'correct horse' } }),
    object('v1', 'Service', 'db', { spec: { selector: { app: 'db' }, ports: [{ port: 5432 }] } }),
    object('apps/v1', 'Deployment', 'db', workload('db', [{ secretRef: { name: 'password' } }])),
    object('apps/v1', 'Deployment', 'web', workload('web', [{ configMapRef: { name: 'settings' } }])),
  ];
}

/** Deletes an application without waiting for its namespace to be gone. */
export async function removeApplication(cluster: LabCluster, namespace: string): Promise<void> {
  const away = ['--ignore-not-found', '--wait=false'];
  await cluster.kubectl(['delete', 'namespace', namespace, ...away]);
  await cluster.kubectl(['delete', 'clusterrole,clusterrolebinding', `${namespace}-reader`, ...away]);
}

/** Names of Velero's objects of a kind, sorted. */
export async function veleroNames(cluster: LabCluster, kind: string): Promise<readonly string[]> {
  const names = ['-o', 'jsonpath={.items[*].metadata.name}'];
  const text = await cluster.kubectl(['-n', 'velero', 'get', `${kind}.velero.io`, ...names]);
  return text.split(' ').filter((name) => name !== '');
}

export async function phaseOf(cluster: LabCluster, kind: string, name: string): Promise<string> {
  const phase = ['-o', 'jsonpath={.status.phase}'];
  return cluster.kubectl(['-n', 'velero', 'get', `${kind}.velero.io`, name, ...phase]);
}
