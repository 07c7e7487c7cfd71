/** What stands in the way of a capture or a recovery: named, with a remedy, and nothing harmed. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitFor } from '../../../hack/harness/wait.ts';
import type { Lab, LabCluster } from '../../../hack/lab/types.ts';
import type { Engine } from '../../../src/engines/engine.ts';
import { nativeEngine } from '../../../src/engines/native/engine.ts';
import type { Cluster } from '../../../src/kube/cluster.ts';
import { KubeError } from '../../../src/kube/errors.ts';
import { directoryStore } from '../../../src/store/testing/directory-store.ts';
import { getLab } from '../lab.ts';
import { aQuota, namespaceWithQuota } from '../support/quota.ts';
import { definition, widget } from './shop.ts';
import { apply, clock, connect, pointOf, restoreAll, silent, specFor, untilServed } from './support.ts';

const run = Date.now().toString(36);
const named = (what: string): string => `${what}-${run}`;
const scenario = { namespace: 'dr', name: named('obstacles'), uid: 'u' };
const group = `o${run}.example.com`;
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
    await cluster.kubectl(['delete', '--ignore-not-found', '--wait=false', `crd/widgets.${group}`, ...made]);
  await Promise.all([source.close(), target.close()]);
  await rm(directory, { recursive: true, force: true });
});

async function addNamespace(cluster: LabCluster, name: string, ...objects: readonly object[]): Promise<void> {
  made.add(`namespace/${name}`);
  await apply(cluster, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, ...objects);
}

const configMap = (namespace: string, name: string, data: object, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace, ...metadata },
  data,
});

const read = (cluster: LabCluster, namespace: string, name: string): Promise<string> =>
  cluster.kubectl(['-n', namespace, 'get', name, '-o', 'json']);

test('an object of somebody else is found before anything is touched, and stays as it is', async () => {
  const namespace = named('foreign');
  await addNamespace(lab.source, namespace, configMap(namespace, 'settings', { whose: 'source' }));
  await addNamespace(lab.recovery, namespace, configMap(namespace, 'settings', { whose: 'theirs' }));
  const before = await read(lab.recovery, namespace, 'configmap/settings');
  const point = await pointOf(engine, scenario, specFor([namespace]), source, signal);
  const key = `ConfigMap/${namespace}/settings`;

  const obstacles = await engine.preflight(point, scenario, target, signal);
  const outcomes = await engine.restore(
    point,
    [`Namespace/${namespace}`, key],
    scenario,
    target,
    { conflicts: 'Report' },
    signal,
  );

  expect(obstacles).toMatchObject([{ kind: 'foreign', key, message: expect.stringContaining(key) }]);
  expect(outcomes.map(({ kind }) => kind)).toEqual(['applied', 'foreign']);
  expect(await read(lab.recovery, namespace, 'configmap/settings')).toBe(before);
  const labels: unknown = JSON.parse(await read(lab.recovery, namespace, `namespace/${namespace}`));
  expect(JSON.stringify(labels)).not.toContain('antipode.dev');
});

test('a full ResourceQuota blocks with its name, and recovery goes on once there is room', async () => {
  const namespace = named('quota');
  await addNamespace(lab.source, namespace, configMap(namespace, 'settings', { a: '1' }));
  const quota = { namespace, name: 'small', resource: 'count/configmaps' } as const;
  await namespaceWithQuota(lab.recovery, { ...quota, most: 1 });
  const point = await pointOf(engine, scenario, specFor([namespace]), source, signal);
  const key = `ConfigMap/${namespace}/settings`;

  const [blocked] = await engine.restore(point, [key], scenario, target, { conflicts: 'Report' }, signal);
  expect(blocked).toMatchObject({ kind: 'blocked', key });
  expect(JSON.stringify(blocked)).toMatch(/exceeded quota: small.*raise or remove the ResourceQuota/);

  await apply(lab.recovery, aQuota({ ...quota, most: 5 }));
  await restoreAll(engine, point, scenario, target, signal);
  expect(await read(lab.recovery, namespace, 'configmap/settings')).toContain('"a": "1"');
});

test('a namespace that is being deleted blocks, before anything is touched and at the restore', async () => {
  const namespace = named('terminating');
  await addNamespace(lab.source, namespace, configMap(namespace, 'settings', { a: '1' }));
  const held = configMap(namespace, 'held', {}, { finalizers: ['example.com/hold'] });
  await addNamespace(lab.recovery, namespace, held);
  await lab.recovery.kubectl(['delete', 'namespace', namespace, '--wait=false']);
  const point = await pointOf(engine, scenario, specFor([namespace]), source, signal);
  const key = `ConfigMap/${namespace}/settings`;

  const obstacles = await engine.preflight(point, scenario, target, signal);
  const [atRestore] = await engine.restore(point, [key], scenario, target, { conflicts: 'Report' }, signal);
  await lab.recovery.kubectl([
    '-n',
    namespace,
    'patch',
    'configmap/held',
    '--type=merge',
    '-p',
    '{"metadata":{"finalizers":null}}',
  ]);

  expect(obstacles.length).toBeGreaterThan(0);
  for (const outcome of [...obstacles, atRestore]) {
    expect(outcome?.kind).toBe('blocked');
    expect(JSON.stringify(outcome)).toContain('is being deleted in eu-north');
  }
});

test('a kind that the target does not serve is refused before anything is touched', async () => {
  const namespace = named('unserved');
  await apply(lab.source, definition(group));
  await lab.source.kubectl(['wait', '--for=condition=Established', '--timeout=120s', `crd/widgets.${group}`]);
  await addNamespace(lab.source, namespace, widget(namespace, group));
  await untilServed(source, { apiVersion: `${group}/v1`, kind: 'Widget' }, signal);
  const spec = specFor([namespace], { excludeKinds: ['CustomResourceDefinition'] });
  const point = await pointOf(engine, scenario, spec, source, signal);

  const obstacles = await engine.preflight(point, scenario, target, signal);

  const key = `Widget.${group}/${namespace}/gadget`;
  expect(obstacles).toMatchObject([
    { kind: 'refused', key, message: expect.stringContaining('does not serve') },
  ]);
  expect(await engine.restore(point, [key], scenario, target, { conflicts: 'Report' }, signal)).toEqual(
    obstacles,
  );
});

test('pull secrets of the default account are added to the one of the target, which stays its own', async () => {
  const namespace = named('account');
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } };
  await addNamespace(lab.source, namespace, { ...account, imagePullSecrets: [{ name: 'registry' }] });
  await addNamespace(lab.recovery, namespace);
  await lab.recovery.kubectl([
    '-n',
    namespace,
    'wait',
    '--for=create',
    'serviceaccount/default',
    '--timeout=120s',
  ]);
  const point = await pointOf(engine, scenario, specFor([namespace]), source, signal);

  expect(await engine.preflight(point, scenario, target, signal)).toEqual([]);
  await restoreAll(engine, point, scenario, target, signal);

  const found: unknown = JSON.parse(await read(lab.recovery, namespace, 'serviceaccount/default'));
  expect(found).toMatchObject({ imagePullSecrets: [{ name: 'registry' }] });
  expect(JSON.stringify(found)).not.toContain('antipode.dev/scenario');
});

test('an owner that the target does not have is dropped, and said', async () => {
  const namespace = named('orphan');
  await addNamespace(lab.source, namespace, configMap(namespace, 'parent', {}));
  const parent = JSON.parse(await read(lab.source, namespace, 'configmap/parent')) as {
    metadata: { uid: string };
  };
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'parent', uid: parent.metadata.uid };
  await apply(lab.source, configMap(namespace, 'child', { a: '1' }, { ownerReferences: [owner] }));
  const spec = specFor([namespace], { exclude: [`ConfigMap/${namespace}/parent`] });
  const point = await pointOf(engine, scenario, spec, source, signal);

  const outcomes = await restoreAll(engine, point, scenario, target, signal);

  const notes = outcomes.flatMap((outcome) => (outcome.kind === 'applied' ? (outcome.note ?? []) : []));
  expect(notes).toEqual([expect.stringContaining('without its owner ConfigMap parent')]);
  expect(await read(lab.recovery, namespace, 'configmap/child')).not.toContain('ownerReferences');
});

test('a namespace that the source does not have is reported', async () => {
  const [present, missing] = [named('present'), named('missing')];
  await addNamespace(lab.source, present, configMap(present, 'settings', {}));

  const some = await engine.capture(
    scenario,
    specFor([present, missing]),
    { source, recovery: undefined },
    signal,
  );
  const none = await engine.capture(scenario, specFor([missing]), { source, recovery: undefined }, signal);

  expect(some).toMatchObject({ kind: 'captured', point: { manifest: { missingNamespaces: [missing] } } });
  expect(none).toEqual({ kind: 'nothing-selected', missingNamespaces: [missing] });
});

test('a cycle is not captured, and nothing is published', async () => {
  const namespace = named('cycle');
  await addNamespace(lab.source, namespace, configMap(namespace, 'a', {}), configMap(namespace, 'b', {}));
  const own = { ...scenario, name: named('cycle') };
  const keys = ['a', 'b'].map((name) => `ConfigMap/${namespace}/${name}`);
  const [a = '', b = ''] = keys;
  const spec = specFor([namespace]);
  const edges = [
    { before: a, after: b },
    { before: b, after: a },
  ];

  const result = await engine.capture(
    own,
    { ...spec, dependencies: { infer: true, edges, rules: [], readiness: [] } },
    { source, recovery: undefined },
    signal,
  );

  expect(result).toMatchObject({ kind: 'unorderable', problem: { kind: 'cycle' } });
  expect(await engine.points(own, signal)).toEqual([]);
});

test('a kind that may not be read fails the capture by name, and nothing is published', async () => {
  const namespace = named('forbidden');
  await addNamespace(lab.source, namespace, configMap(namespace, 'settings', {}));
  const user = named('reader');
  made.add(`clusterrolebinding/${user}`).add(`clusterrole/${user}`);
  const rights = { apiGroups: [''], resources: ['namespaces', 'configmaps'], verbs: ['get', 'list'] };
  await apply(
    lab.source,
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: user },
      rules: [rights],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: user },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: user },
      subjects: [{ kind: 'User', name: user, apiGroup: 'rbac.authorization.k8s.io' }],
    },
  );
  const { certificate, key } = await lab.source.clientCertificate(user, [], 600);
  const reader = await connect(lab.source, { clientCertificate: certificate, clientKey: key });
  await untilReading(reader, namespace);
  const own = { ...scenario, name: named('forbidden') };
  const spec = specFor([namespace], { includeKinds: ['ConfigMap', 'Secret'] });
  // What may serve the chosen kinds would be looked for too.
  const alone = { ...spec, dependencies: { ...spec.dependencies, infer: false } };

  const error: unknown = await engine
    .capture(own, alone, { source: reader, recovery: undefined }, signal)
    .catch((thrown: unknown) => thrown);
  await reader.close();

  expect(error).toBeInstanceOf(KubeError);
  expect(error).toMatchObject({ code: 'Forbidden' });
  expect(String(error)).toMatch(/Secret.*right to list secrets.*excludeKinds: \[Secret\]/);
  expect(await engine.points(own, signal)).toEqual([]);
  const folders = await readdir(join(directory, 'velero/backups'));
  expect(folders.filter((folder) => folder.includes(own.name))).toEqual([]);
});

/** Rights take a moment to reach the API server's own cache. */
function untilReading(reader: Cluster, namespace: string): Promise<unknown> {
  return waitFor({ what: 'the reader to be let in', seconds: 60 }, async () => {
    const type = await reader.typeFor({ group: '', kind: 'ConfigMap' }, signal);
    return type && reader.list(type, { namespace }, signal);
  });
}
