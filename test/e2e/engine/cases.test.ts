/** What has stopped or spoiled recoveries elsewhere, each as a case: what is done, and what is said. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Lab, LabCluster } from '../../../hack/lab/types.ts';
import { arrayAt, textAt } from '../../../src/api/fields.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import { millis, seconds } from '../../../src/domain/time.ts';
import type { ApplyOutcome, Engine, OpenPoint, RestoreOptions } from '../../../src/engines/engine.ts';
import { nativeEngine } from '../../../src/engines/native/engine.ts';
import type { Cluster } from '../../../src/kube/cluster.ts';
import { directoryStore } from '../../../src/store/testing/directory-store.ts';
import { application } from '../execution/application.ts';
import { drive, setUp } from '../execution/bench.ts';
import { getLab } from '../lab.ts';
import { apply, clock, connect, pointOf, silent, specFor, untilServed } from './support.ts';

const run = Date.now().toString(36);
const signal = new AbortController().signal;
const made = new Set<string>();

let lab: Lab;
let source: Cluster;
let target: Cluster;
let directory: string;
let engine: Engine;

beforeAll(async () => {
  lab = await getLab();
  [source, target] = await Promise.all([connect(lab.source), connect(lab.recovery)]);
  directory = await mkdtemp(join(tmpdir(), 'antipode-e2e-'));
  engine = nativeEngine({ store: directoryStore(directory), clock, log: silent });
});

afterAll(async () => {
  for (const cluster of [lab.source, lab.recovery])
    await cluster.kubectl(['delete', '--ignore-not-found', '--wait=false', ...made]);
  await Promise.all([source.close(), target.close()]);
  await rm(directory, { recursive: true, force: true });
});

/** A namespace of its own for a case, in these clusters; the scenario is named after it. */
async function aCase(name: string, ...clusters: readonly LabCluster[]) {
  const namespace = `case-${name}-${run}`;
  made.add(`namespace/${namespace}`);
  const home = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
  for (const cluster of clusters) await apply(cluster, home);
  return { namespace, scenario: { namespace: 'dr', name: namespace, uid: 'u' } };
}
type Case = Awaited<ReturnType<typeof aCase>>;

const capture = ({ namespace, scenario }: Case): Promise<OpenPoint> =>
  pointOf(engine, scenario, specFor([namespace]), source, signal);

/** Everything of the point, once. */
function restoreOnce(
  { scenario }: Case,
  point: OpenPoint,
  conflicts: RestoreOptions['conflicts'] = 'Report',
): Promise<readonly ApplyOutcome[]> {
  const keys = point.manifest.units.flatMap(({ objects }) => objects);
  return engine.restore(point, keys, scenario, target, { conflicts }, signal);
}

/** Everything of the point, trying again what is blocked. */
async function restoreWhole(
  its: Case,
  point: OpenPoint,
  conflicts: RestoreOptions['conflicts'] = 'Report',
): Promise<readonly ApplyOutcome[]> {
  for (let attempt = 0; attempt < 480; attempt += 1) {
    const outcomes = await restoreOnce(its, point, conflicts);
    if (outcomes.every(({ kind }) => kind === 'applied')) return outcomes;
    const hopeless = outcomes.find(({ kind }) => kind === 'refused' || kind === 'foreign');
    if (hopeless !== undefined) throw new Error(JSON.stringify(hopeless));
    await clock.sleep(millis(250), signal);
  }
  throw new Error(JSON.stringify(obstaclesOf(await restoreOnce(its, point, conflicts))));
}

const obstaclesOf = (outcomes: readonly ApplyOutcome[]) =>
  outcomes.flatMap((outcome) => (outcome.kind === 'applied' ? [] : [outcome]));
const notesOf = (outcomes: readonly ApplyOutcome[]): string =>
  outcomes.flatMap((outcome) => (outcome.kind === 'applied' ? (outcome.note ?? []) : [])).join('; ');

async function read(cluster: Cluster, kind: string, group: string, id: { namespace?: string; name: string }) {
  const type = await cluster.typeFor({ group, kind }, signal);
  return type === undefined ? undefined : cluster.get(type, id, signal);
}
const uidOf = (object: KubeObject | undefined): string | undefined => object?.metadata.uid;

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 480; attempt += 1) {
    if (await holds()) return;
    await clock.sleep(millis(250), signal);
  }
  throw new Error(`never: ${what}`);
}

const configMap = (namespace: string, name: string, parts: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data: { a: '1' },
  ...parts,
});
const deployment = (namespace: string, name: string, app: string, replicas = 1): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace },
  spec: {
    replicas,
    selector: { matchLabels: { app } },
    template: {
      metadata: { labels: { app } },
      spec: { containers: [{ name: 'main', image: `registry.example/${app}:1` }] },
    },
  },
});

test('case 14, the recovery region is full: the run ends with object, quota and remedy named, the earlier point stays, and a later run completes it', async () => {
  const bench = await setUp(lab, 'full', application, { stepTimeout: '30s' });
  try {
    const { namespace } = bench;
    await lab.recovery.kubectl(['create', 'namespace', namespace]);
    await lab.recovery.kubectl(['-n', namespace, 'create', 'quota', 'small', '--hard=count/secrets=0']);
    // One that has not been counted yet refuses in other words.
    const counted = '--for=jsonpath={.status.used.count/secrets}=0';
    await lab.recovery.kubectl(['-n', namespace, 'wait', 'quota/small', counted, '--timeout=120s']);
    const status = await drive(bench, await bench.execute('failover-1'));

    expect(status.phase).toBe('Failed');
    expect(status.message).toContain(`Secret/${namespace}/db`);
    expect(status.message).toContain('exceeded quota: small');
    expect(status.message).toContain('raise or remove the ResourceQuota');
    expect(status.report).toMatchObject({ warnings: expect.arrayContaining([expect.any(String)]) });
    expect(status.report?.objectsRestored).toBeGreaterThan(0);
    const engineOfRun = bench.deps.engine(specFor([namespace]));
    const kept = await engineOfRun.open(status.plan?.recoveryPoint ?? '', signal);
    expect(kept.digest).toBe(status.plan?.pointDigest);

    await lab.recovery.kubectl(['-n', namespace, 'delete', 'quota', 'small']);
    expect((await drive(bench, await bench.execute('failover-2'))).phase).toBe('Succeeded');
  } finally {
    await bench.close();
  }
});

describe('case 15, fields that cannot be changed', () => {
  test('a workload with another selector is reported with the field, or deleted and made anew when asked to', async () => {
    const its = await aCase('selector', lab.source);
    const { namespace } = its;
    const id = { namespace, name: 'web' };
    await apply(lab.source, deployment(namespace, 'web', 'old'), configMap(namespace, 'settings'));
    await restoreWhole(its, await capture(its));
    const before = await read(target, 'Deployment', 'apps', id);
    await lab.source.kubectl(['-n', namespace, 'delete', 'deployment/web']);
    await apply(lab.source, deployment(namespace, 'web', 'new'));
    const newer = await capture(its);

    const [reported] = obstaclesOf(await restoreOnce(its, newer));
    expect(reported).toMatchObject({ kind: 'refused', key: `Deployment.apps/${namespace}/web` });
    expect(reported?.message).toMatch(/spec\.selector.*cannot be changed.*spec\.replication\.conflicts/);
    expect(uidOf(await read(target, 'Deployment', 'apps', id))).toBe(uidOf(before));

    const outcomes = await restoreWhole(its, newer, 'Recreate');
    expect(notesOf(outcomes)).toContain('made anew, because spec.selector cannot be changed');
    expect(uidOf(await read(target, 'Deployment', 'apps', id))).not.toBe(uidOf(before));
    await eventually('what the old one ran is gone', async () => {
      const left = await lab.recovery.kubectl([
        '-n',
        namespace,
        'get',
        'rs,pods',
        '-l',
        'app=old',
        '-o',
        'name',
      ]);
      return left === '';
    });
  });

  test('an immutable Secret is reported without its values, and made anew when asked to', async () => {
    const its = await aCase('secret', lab.source);
    const { namespace } = its;
    const secret = (password: string): object => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'db', namespace },
      immutable: true,
      stringData: { password },
    });
    await apply(lab.source, secret('first-value'));
    await restoreWhole(its, await capture(its));
    await lab.source.kubectl(['-n', namespace, 'delete', 'secret/db']);
    await apply(lab.source, secret('second-value'));
    const newer = await capture(its);

    const [reported] = obstaclesOf(await restoreOnce(its, newer));
    expect(reported?.message).toMatch(/differs in data/);
    for (const value of ['first-value', 'second-value'])
      for (const shown of [value, Buffer.from(value).toString('base64')])
        expect(JSON.stringify(reported)).not.toContain(shown);

    await restoreWhole(its, newer, 'Recreate');
    const restored = await read(target, 'Secret', '', { namespace, name: 'db' });
    expect(textAt(restored, 'data', 'password')).toBe(Buffer.from('second-value').toString('base64'));
  });

  test('a claim is never deleted, whatever was asked', async () => {
    const its = await aCase('claim', lab.source);
    const { namespace } = its;
    const claim = (storageClassName: string): object => ({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data', namespace },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } }, storageClassName },
    });
    await apply(lab.source, claim('standard'));
    await restoreWhole(its, await capture(its));
    const before = await read(target, 'PersistentVolumeClaim', '', { namespace, name: 'data' });
    await lab.source.kubectl(['-n', namespace, 'delete', 'pvc/data']);
    await apply(lab.source, claim('other'));
    const newer = await capture(its);

    const [refused] = obstaclesOf(await restoreOnce(its, newer, 'Recreate'));
    expect(refused).toMatchObject({ kind: 'refused', key: `PersistentVolumeClaim/${namespace}/data` });
    expect(refused?.message).toContain('never deleted');
    const after = await read(target, 'PersistentVolumeClaim', '', { namespace, name: 'data' });
    expect(uidOf(after)).toBe(uidOf(before));
  });
});

describe('case 16, finalizers', () => {
  const HOLD = 'example.com/hold';
  const release = (cluster: LabCluster, namespace: string, name: string) =>
    cluster.kubectl([
      '-n',
      namespace,
      'patch',
      name,
      '--type=merge',
      '-p',
      '{"metadata":{"finalizers":null}}',
    ]);

  test('captured ones are kept, one that holds a deletion in the target is named, and nothing takes it off', async () => {
    const its = await aCase('finalizers', lab.source);
    const { namespace } = its;
    const id = { namespace, name: 'held' };
    const metadata = { name: 'held', namespace, finalizers: [HOLD] };
    await apply(lab.source, configMap(namespace, 'held', { metadata }));
    const point = await capture(its);
    await restoreWhole(its, point);
    expect((await read(target, 'ConfigMap', '', id))?.metadata.finalizers).toEqual([HOLD]);
    await lab.recovery.kubectl(['-n', namespace, 'delete', 'configmap/held', '--wait=false']);

    const [blocked] = obstaclesOf(await restoreOnce(its, point));
    const [ahead] = obstaclesOf(await engine.preflight(point, its.scenario, target, signal));
    for (const obstacle of [blocked, ahead]) {
      expect(obstacle).toMatchObject({ kind: 'blocked', key: `ConfigMap/${namespace}/held` });
      expect(obstacle?.message).toContain(HOLD);
    }
    expect((await read(target, 'ConfigMap', '', id))?.metadata.finalizers).toEqual([HOLD]);

    await release(lab.recovery, namespace, 'configmap/held');
    await restoreWhole(its, point);
    expect((await read(target, 'ConfigMap', '', id))?.metadata.deletionTimestamp).toBeUndefined();
    for (const cluster of [lab.source, lab.recovery]) await release(cluster, namespace, 'configmap/held');
  });

  test('a namespace that cannot go names what holds it', async () => {
    const its = await aCase('namespace', lab.source, lab.recovery);
    const { namespace } = its;
    await apply(lab.source, configMap(namespace, 'settings'));
    const metadata = { name: 'held', namespace, finalizers: [HOLD] };
    await apply(lab.recovery, configMap(namespace, 'held', { metadata }));
    await lab.recovery.kubectl(['delete', 'namespace', namespace, '--wait=false']);
    const point = await capture(its);
    const key = `ConfigMap/${namespace}/settings`;

    await eventually('the finalizer that holds the namespace is named', async () => {
      const [blocked] = await engine.restore(
        point,
        [key],
        its.scenario,
        target,
        { conflicts: 'Report' },
        signal,
      );
      expect(blocked?.kind).toBe('blocked');
      return JSON.stringify(blocked).includes(HOLD);
    });
    await release(lab.recovery, namespace, 'configmap/held');
  });

  test('an object to be made anew that a finalizer holds is waited for by name', async () => {
    const its = await aCase('anew', lab.source);
    const { namespace } = its;
    await apply(lab.source, deployment(namespace, 'web', 'old', 0));
    await restoreWhole(its, await capture(its));
    await lab.recovery.kubectl([
      '-n',
      namespace,
      'patch',
      'deployment/web',
      '--type=merge',
      '-p',
      `{"metadata":{"finalizers":["${HOLD}"]}}`,
    ]);
    await lab.source.kubectl(['-n', namespace, 'delete', 'deployment/web']);
    await apply(lab.source, deployment(namespace, 'web', 'new', 0));
    const newer = await capture(its);

    const [blocked] = obstaclesOf(await restoreOnce(its, newer, 'Recreate'));
    expect(blocked).toMatchObject({ kind: 'blocked' });
    expect(blocked?.message).toContain(HOLD);
    await release(lab.recovery, namespace, 'deployment/web');
    expect(notesOf(await restoreWhole(its, newer, 'Recreate'))).toContain('made anew');
  });
});

test('case 17, zone affinity: a volume of the source is not copied, its claim gets one of the target, and a class that allows only zones of the source is found ahead', async () => {
  const its = await aCase('zones', lab.source);
  const { namespace } = its;
  const zoneOf = (cluster: LabCluster): string => cluster.zones[0]?.name ?? '';
  const topologies = (zone: string) => [
    { matchLabelExpressions: [{ key: 'topology.kubernetes.io/zone', values: [zone] }] },
  ];
  const className = `zonal-${run}`;
  made.add(`storageclass/${className}`);
  const standard = await read(source, 'StorageClass', 'storage.k8s.io', { name: 'standard' });
  await apply(
    lab.source,
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: className },
      provisioner: textAt(standard, 'provisioner'),
      allowedTopologies: topologies(zoneOf(lab.source)),
    },
    ...['standard', className].map((storageClassName) => ({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: storageClassName, namespace },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } }, storageClassName },
    })),
  );
  const point = await capture(its);

  const volumes = point.manifest.objects.filter(({ key }) => key.startsWith('PersistentVolume/'));
  expect(volumes).toEqual([]);
  const budget = { clock, time: seconds(300) };
  const { findings } = await engine.rehearse(point, its.scenario, target, undefined, budget, signal);
  expect(findings).toContainEqual({
    object: `StorageClass.storage.k8s.io/${className}`,
    reason: 'RecoveryRefuses',
    message: expect.stringContaining(`topology.kubernetes.io/zone is ${zoneOf(lab.source)}`),
    remedy: expect.stringContaining('nodeLabels in spec.replication.transforms'),
  });
  await restoreWhole(its, point);
  const restored = await read(target, 'PersistentVolumeClaim', '', { namespace, name: 'standard' });
  const captured = await read(source, 'PersistentVolumeClaim', '', { namespace, name: 'standard' });
  expect(textAt(restored, 'spec', 'volumeName') ?? '').not.toBe(
    textAt(captured, 'spec', 'volumeName') ?? 'x',
  );
  expect(restored?.metadata.annotations?.['volume.kubernetes.io/selected-node']).toBeUndefined();
});

test('case 18, the backend of a webhook is not up yet: recovery is blocked with the webhook named, and goes on once it is', async () => {
  const its = await aCase('webhook', lab.source, lab.recovery);
  const { namespace } = its;
  const name = `not-up-${run}`;
  made.add(`validatingwebhookconfiguration/${name}`);
  await apply(lab.source, configMap(namespace, 'settings'));
  const point = await capture(its);
  await apply(lab.recovery, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name },
    webhooks: [
      {
        name: 'policy.example.com',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Fail',
        timeoutSeconds: 1,
        clientConfig: { service: { namespace, name: 'policy', path: '/' }, caBundle: '' },
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
      },
    ],
  });
  const key = `ConfigMap/${namespace}/settings`;
  const restore = () => engine.restore(point, [key], its.scenario, target, { conflicts: 'Report' }, signal);

  // The API server takes a moment to learn of a webhook.
  await eventually('the webhook is asked', () =>
    lab.recovery.kubectl(['-n', namespace, 'create', 'configmap', 'probe', '--dry-run=server']).then(
      () => false,
      (error: unknown) => String(error).includes('policy.example.com'),
    ),
  );
  const [blocked] = obstaclesOf(await restore());
  expect(blocked).toMatchObject({ kind: 'blocked', key });
  expect(blocked?.message).toContain('policy.example.com');
  expect(blocked?.message).toContain('tried again');

  await lab.recovery.kubectl(['delete', `validatingwebhookconfiguration/${name}`]);
  await eventually('the object is restored', async () =>
    (await restore()).every(({ kind }) => kind === 'applied'),
  );
});

describe('case 19, a definition is absent or does not serve the version', () => {
  const definition = (group: string, versions: readonly { name: string; served: boolean }[]): object => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind: 'Widget', plural: 'widgets' },
      versions: versions.map(({ name, served }, index) => ({
        name,
        served,
        storage: index === versions.length - 1,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      })),
    },
  });

  /** Captured as v1beta1, without its definition; what the target has is the test's. */
  async function captureWidget(its: Case, group: string): Promise<OpenPoint> {
    made.add(`customresourcedefinition/widgets.${group}`);
    await apply(lab.source, definition(group, [{ name: 'v1beta1', served: true }]));
    await lab.source.kubectl([
      'wait',
      '--for=condition=Established',
      `crd/widgets.${group}`,
      '--timeout=120s',
    ]);
    const widget = {
      apiVersion: `${group}/v1beta1`,
      kind: 'Widget',
      metadata: { name: 'gadget', namespace: its.namespace },
      spec: { size: 3 },
    };
    await apply(lab.source, widget);
    await untilServed(source, widget, signal);
    const spec = specFor([its.namespace], { excludeKinds: ['CustomResourceDefinition'] });
    return pointOf(engine, its.scenario, spec, source, signal);
  }
  async function serve(group: string, versions: readonly { name: string; served: boolean }[]): Promise<void> {
    await apply(lab.recovery, definition(group, versions));
    await lab.recovery.kubectl([
      'wait',
      '--for=condition=Established',
      `crd/widgets.${group}`,
      '--timeout=120s',
    ]);
    await eventually('the kind is discovered', async () => {
      const types = await target.discover(signal, { refresh: true });
      return types.some((type) => type.group === group);
    });
  }

  test('absent: refused before anything is touched, with what to install', async () => {
    const its = await aCase('absent', lab.source);
    const group = `a${run}.example.com`;
    const point = await captureWidget(its, group);
    const [refused] = obstaclesOf(await engine.preflight(point, its.scenario, target, signal));
    expect(refused?.message).toMatch(/does not serve .*v1beta1 Widget: install what provides it/);
  });

  test('another version only: refused with both versions and the remedy', async () => {
    const its = await aCase('version', lab.source);
    const group = `b${run}.example.com`;
    const point = await captureWidget(its, group);
    await serve(group, [{ name: 'v1', served: true }]);
    const [refused] = obstaclesOf(await engine.preflight(point, its.scenario, target, signal));
    expect(refused).toMatchObject({ kind: 'refused' });
    expect(refused?.message).toContain(`serves Widget as ${group}/v1 and not as ${group}/v1beta1`);
    expect(refused?.message).toContain('serve');
  });

  test('known but not served any more: written in a version that is, and said', async () => {
    const its = await aCase('renamed', lab.source);
    const group = `c${run}.example.com`;
    const point = await captureWidget(its, group);
    await serve(group, [
      { name: 'v1beta1', served: false },
      { name: 'v1', served: true },
    ]);
    expect(await engine.preflight(point, its.scenario, target, signal)).toEqual([]);
    const outcomes = await restoreWhole(its, point);
    expect(notesOf(outcomes)).toContain(`was captured as ${group}/v1beta1 and written as ${group}/v1`);
    const widget = await read(target, 'Widget', group, { namespace: its.namespace, name: 'gadget' });
    expect(widget).toMatchObject({ apiVersion: `${group}/v1`, spec: { size: 3 } });
    expect(notesOf(await restoreOnce(its, point))).toContain('written as');
  });
});

test('case 20, node ports are taken: the target chooses its own, the holder keeps its, and the change is said', async () => {
  const its = await aCase('ports', lab.source);
  const { namespace } = its;
  // Of those that an API server gives to nobody by itself while there are others.
  const taken = 30_040 + 2 * Math.floor(Math.random() * 20);
  const service = (place: string, name: string, parts: object): object => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: place },
    spec: { selector: { app: 'web' }, ...parts },
  });
  const ports = [{ name: 'http', port: 80, nodePort: taken }];
  const healthCheckNodePort = taken + 1;
  const balanced = {
    type: 'LoadBalancer',
    externalTrafficPolicy: 'Local',
    healthCheckNodePort,
    ports: [{ port: 443 }],
  };
  await apply(
    lab.source,
    service(namespace, 'direct', { type: 'NodePort', ports }),
    service(namespace, 'balanced', balanced),
  );
  const holder = `holder-${run}`;
  made.add(`namespace/${holder}`);
  await apply(
    lab.recovery,
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: holder } },
    service(holder, 'holder', { type: 'NodePort', ports }),
    service(holder, 'health', balanced),
  );

  const outcomes = await restoreWhole(its, await capture(its));

  const direct = await read(target, 'Service', '', { namespace, name: 'direct' });
  const [port] = arrayAt(direct, 'spec', 'ports');
  expect(port).toMatchObject({ port: 80, nodePort: expect.any(Number) });
  expect(port).not.toMatchObject({ nodePort: taken });
  expect(notesOf(outcomes)).toMatch(new RegExp(`its node port is \\d+ and no longer ${taken}`));
  const health = await read(target, 'Service', '', { namespace, name: 'balanced' });
  expect(health).toMatchObject({ spec: { externalTrafficPolicy: 'Local' } });
  expect(health).not.toMatchObject({ spec: { healthCheckNodePort } });
  expect(await read(target, 'Service', '', { namespace: holder, name: 'holder' })).toMatchObject({
    spec: { ports: [{ nodePort: taken }] },
  });
});

describe('case 21, owners', () => {
  test('an owned object survives the garbage collector under the new uid of its owner, and nothing is doubled', async () => {
    const its = await aCase('owners', lab.source);
    const { namespace } = its;
    await apply(lab.source, deployment(namespace, 'web', 'web', 2));
    await lab.source.kubectl(['-n', namespace, 'rollout', 'status', 'deployment/web', '--timeout=120s']);
    const parent = await read(source, 'Deployment', 'apps', { namespace, name: 'web' });
    const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: uidOf(parent) };
    const metadata = { name: 'owned', namespace, ownerReferences: [owner] };
    await apply(lab.source, configMap(namespace, 'owned', { metadata }));
    const point = await capture(its);
    expect(point.manifest.objects.filter(({ key }) => /^(ReplicaSet|Pod)/.test(key))).toEqual([]);

    await restoreWhole(its, point);
    await lab.recovery.kubectl(['-n', namespace, 'rollout', 'status', 'deployment/web', '--timeout=120s']);
    // What the collector takes away shows that it has been here.
    const lost = { ...owner, name: 'nobody', uid: '00000000-0000-0000-0000-000000000000' };
    await apply(
      lab.recovery,
      configMap(namespace, 'canary', { metadata: { name: 'canary', namespace, ownerReferences: [lost] } }),
    );
    await eventually(
      'the garbage collector has passed',
      async () => (await read(target, 'ConfigMap', '', { namespace, name: 'canary' })) === undefined,
    );

    const restored = await read(target, 'Deployment', 'apps', { namespace, name: 'web' });
    const owned = await read(target, 'ConfigMap', '', { namespace, name: 'owned' });
    expect(owned?.metadata.ownerReferences).toMatchObject([{ name: 'web', uid: uidOf(restored) }]);
    const sets = await lab.recovery.kubectl(['-n', namespace, 'get', 'rs', '-o', 'name']);
    expect(sets.trim().split('\n')).toHaveLength(1);
    const pods = await lab.recovery.kubectl(['-n', namespace, 'get', 'pods', '-o', 'name']);
    expect(pods.trim().split('\n')).toHaveLength(2);
  });

  test('an object that its owner needs is written first and gets its owner afterwards', async () => {
    const its = await aCase('circle', lab.source);
    const { namespace } = its;
    const pod = (): object => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'worker', namespace },
      spec: {
        containers: [
          {
            name: 'main',
            image: 'registry.example/worker:1',
            envFrom: [{ configMapRef: { name: 'state' } }],
          },
        ],
      },
    });
    await apply(lab.source, pod());
    const owner = { apiVersion: 'v1', kind: 'Pod', name: 'worker' };
    const uid = uidOf(await read(source, 'Pod', '', { namespace, name: 'worker' }));
    await apply(
      lab.source,
      configMap(namespace, 'state', {
        metadata: { name: 'state', namespace, ownerReferences: [{ ...owner, uid }] },
      }),
    );

    const outcomes = await restoreWhole(its, await capture(its));

    const restored = await read(target, 'Pod', '', { namespace, name: 'worker' });
    const state = await read(target, 'ConfigMap', '', { namespace, name: 'state' });
    expect(state?.metadata.ownerReferences).toMatchObject([{ ...owner, uid: uidOf(restored) }]);
    expect(notesOf(outcomes)).toBe('');
  });
});
