/** Runs the program as somebody at a terminal would, for a scenario of a shop, with its regions in memory. */
import { dump } from 'js-yaml';
import type { KubeObject } from '../../api/object.ts';
import { graphConfigMapName } from '../../api/v1alpha1/graph-config-map.ts';
import { pack } from '../../domain/graph/render/record-codec.ts';
import { shopRecord } from '../../domain/graph/render/testing/shop.ts';
import { manualClock } from '../../testing/manual-clock.ts';
import { anObject, aWorkload } from '../../testing/objects.ts';
import { runProgram } from '../program.ts';
import { type FakeClusterOptions, fakeCluster, kubeconfigText } from './clusters.ts';

/** The spec of the scenario. */
export const spec = {
  source: { region: 'eu-west' },
  recovery: { region: 'eu-north' },
  objectives: { rpo: '5m', rto: '10m' },
  resources: { namespaces: ['shop'] },
};

/** The recovery point whose graph is published. */
export const point = {
  name: shopRecord.point,
  capturedAt: shopRecord.capturedAt,
  objects: 9,
  bytes: 100,
  digest: 'sha256:x',
};

/** The status of the scenario, with a point before and one after `point`. */
export const status = {
  acceptedGeneration: 1,
  recoveryPoint: point,
  recoveryPoints: [
    { ...point, name: 'later', capturedAt: '2026-03-01T12:01:00.000Z' },
    point,
    { ...point, name: 'earlier', capturedAt: '2026-03-01T11:59:00.000Z' },
  ],
  replication: { lastDurationMillis: 18, lastCaptureMillis: 2000 },
  graph: { objects: 9, units: 6, edges: 8, leftOut: 3, longestPath: [] },
};

/** The scenario dr/shop, changed by this. */
export const scenario = (changes: object = {}): KubeObject =>
  anObject('DRScenario', 'dr/shop', { metadata: { generation: 1, uid: 'u' }, spec, status, ...changes });

/** The RegionHealth of a region. */
export const region = (name: string): KubeObject =>
  anObject('RegionHealth', name, {
    apiVersion: 'antipode.dev/v1alpha1',
    spec: { clusterRef: { secretName: `${name}-kubeconfig` } },
  });

/** What `region` names as the kubeconfig of the source. */
export const secret = anObject('Secret', 'antipode-system/eu-west-kubeconfig', {
  data: { kubeconfig: Buffer.from(kubeconfigText).toString('base64') },
});

/** The ConfigMap with the graph of `point`, changed by this. */
export const published = async (changes: Partial<typeof shopRecord> = {}): Promise<KubeObject> => {
  const packed = await pack({ ...shopRecord, ...changes });
  if (packed.kind !== 'packed') throw new Error('it does not fit');
  return anObject('ConfigMap', `dr/${graphConfigMapName('shop')}`, { data: { graph: packed.text } });
};

const objectiveObjects = async () => [
  scenario(),
  region('eu-west'),
  region('eu-north'),
  secret,
  await published(),
];

const sourceObjects = [
  anObject('Namespace', 'shop'),
  anObject('Namespace', 'shop-data'),
  anObject('Secret', 'shop/token'),
  aWorkload('Deployment', 'shop/web', {
    containers: [{ name: 'main', image: 'web', envFrom: [{ secretRef: { name: 'token' } }] }],
  }),
  anObject('ConfigMap', 'shop-data/settings'),
  aWorkload('Deployment', 'shop-data/worker', {
    volumes: [{ name: 'settings', configMap: { name: 'settings' } }],
  }),
  aWorkload('Deployment', 'shop-data/second', {
    volumes: [{ name: 'settings', configMap: { name: 'settings' } }],
  }),
];

/** Text by path. */
export type Files = Readonly<Record<string, string>>;

/** What is other than usual around the program. */
export interface World {
  readonly objective?: readonly KubeObject[];
  readonly source?: readonly KubeObject[];
  readonly options?: FakeClusterOptions;
  readonly files?: Files;
  readonly isTerminal?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Runs the program with these arguments; says what it wrote and did, and its code. */
export async function run(args: readonly string[], world: World = {}) {
  const objective = fakeCluster('objective', world.objective ?? (await objectiveObjects()), world.options);
  const source = fakeCluster('eu-west', world.source ?? sourceObjects);
  const files: Readonly<Record<string, string>> = { '/home/me/.kube/config': kubeconfigText, ...world.files };
  let stdout = '';
  let stderr = '';
  const code = await runProgram(args, {
    stdout: (text) => void (stdout += text),
    stderr: (text) => void (stderr += text),
    isTerminal: world.isTerminal ?? false,
    environment: { HOME: '/home/me', ...world.environment },
    read: async (path) => files[path],
    connect: (_, name) => (name === 'objective' ? objective.cluster : source.cluster),
    clock: manualClock(),
    signal: new AbortController().signal,
  });
  return { code, stdout, stderr, objective, source };
}

/** The file `new.yaml`: the scenario with these changes to its spec, and to the rest. */
export const fileOf = (changes: object, more: object = {}): Files => ({
  'new.yaml': dump({
    apiVersion: 'antipode.dev/v1alpha1',
    kind: 'DRScenario',
    metadata: { name: 'shop', namespace: 'dr' },
    spec: { ...spec, ...changes },
    ...more,
  }),
});
