/** From one real cluster into another: what arrives, what does not, and to whom it belongs there. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Lab } from '../../../hack/lab/types.ts';
import { arrayAt, at, textAt } from '../../../src/api/fields.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import type { CaptureResult, Engine, OpenPoint, PublishedPoint } from '../../../src/engines/engine.ts';
import { nativeEngine } from '../../../src/engines/native/engine.ts';
import { objectDigest } from '../../../src/engines/native/objects/digest.ts';
import type { Cluster } from '../../../src/kube/cluster.ts';
import { directoryStore } from '../../../src/store/testing/directory-store.ts';
import { getLab } from '../lab.ts';
import { SECRET_DATA, shop, widget } from './shop.ts';
import { apply, clock, connect, pointOf, restoreAll, silent, specFor } from './support.ts';

const run = Date.now().toString(36);
const namespace = `engine-${run}`;
const group = `e${run}.example.com`;
const scenario = { namespace: 'dr', name: `shop-${run}`, uid: `uid-${run}` };
const signal = new AbortController().signal;
/** Of those that an API server gives to nobody by itself while there are others. */
const NODE_PORT = 30_031;

let lab: Lab;
let source: Cluster;
let target: Cluster;
let directory: string;
let engine: Engine;
let captured: PublishedPoint;
let point: OpenPoint;

const spec = specFor([namespace]);

async function read(cluster: Cluster, kind: string, name: string, apiGroup = ''): Promise<KubeObject> {
  const type = await cluster.typeFor({ group: apiGroup, kind }, signal);
  const found = type && (await cluster.get(type, type.namespaced ? { namespace, name } : { name }, signal));
  if (found === undefined) throw new Error(`${cluster.name} has no ${kind} ${name}`);
  return found;
}

async function listed(cluster: Cluster, kind: string, apiGroup = ''): Promise<readonly KubeObject[]> {
  const type = await cluster.typeFor({ group: apiGroup, kind }, signal);
  return type === undefined ? [] : (await cluster.list(type, { namespace }, signal)).items;
}

/** The address that the region's load balancer gave the Service `web`. */
async function address(cluster: Cluster): Promise<string> {
  return vi.waitFor(
    async () => {
      const [ingress] = arrayAt(await read(cluster, 'Service', 'web'), 'status', 'loadBalancer', 'ingress');
      const ip = textAt(ingress, 'ip');
      if (ip === undefined) throw new Error(`${cluster.name}: no address yet`);
      return ip;
    },
    { timeout: 120_000, interval: 200 },
  );
}

const nodePortOf = (service: KubeObject): unknown => at(arrayAt(service, 'spec', 'ports')[0], 'nodePort');

async function seedSource(): Promise<void> {
  await apply(lab.source, ...shop(namespace, group, NODE_PORT));
  await lab.source.kubectl(['wait', '--for=condition=Established', '--timeout=120s', `crd/widgets.${group}`]);
  await apply(lab.source, widget(namespace, group));
  const parent = await read(source, 'ConfigMap', 'settings');
  await apply(lab.source, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'child',
      namespace,
      ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'settings', uid: parent.metadata.uid }],
    },
  });
  for (const workload of ['deployment/web', 'statefulset/db'])
    await lab.source.kubectl(['-n', namespace, 'rollout', 'status', workload, '--timeout=120s']);
  await address(source);
}

beforeAll(async () => {
  lab = await getLab();
  [source, target] = await Promise.all([connect(lab.source), connect(lab.recovery)]);
  directory = await mkdtemp(join(tmpdir(), 'antipode-e2e-'));
  engine = nativeEngine({ store: directoryStore(directory), clock, log: silent });
  await seedSource();
  // Somebody in the target holds the node port of the source: it could not be replayed unnoticed.
  await apply(lab.recovery, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `holder-${run}`, namespace: 'default' },
    spec: { type: 'NodePort', selector: { a: 'b' }, ports: [{ port: 80, nodePort: NODE_PORT }] },
  });
  const result: CaptureResult = await engine.capture(scenario, spec, { source, recovery: undefined }, signal);
  if (result.kind !== 'captured') throw new Error(JSON.stringify(result));
  captured = result.point;
  point = await engine.open(captured.manifest.name, signal);
});

afterAll(async () => {
  await lab.recovery.kubectl(['-n', 'default', 'delete', 'service', `holder-${run}`, '--ignore-not-found']);
  for (const cluster of [lab.source, lab.recovery])
    await cluster.kubectl([
      'delete',
      '--ignore-not-found',
      '--wait=false',
      `crd/widgets.${group}`,
      `namespace/${namespace}`,
    ]);
  await Promise.all([source.close(), target.close()]);
  await rm(directory, { recursive: true, force: true });
});

describe('a captured point', () => {
  test('has the application and what it refers to, and not what its controllers make anew', () => {
    const keys = captured.manifest.objects.map(({ key }) => key);
    expect(keys).toEqual(
      expect.arrayContaining([
        `Namespace/${namespace}`,
        `CustomResourceDefinition.apiextensions.k8s.io/widgets.${group}`,
        `Widget.${group}/${namespace}/gadget`,
        `Deployment.apps/${namespace}/web`,
        `StatefulSet.apps/${namespace}/db`,
        `PersistentVolumeClaim/${namespace}/data-db-0`,
        'StorageClass.storage.k8s.io/standard',
        `Secret/${namespace}/db`,
        `HorizontalPodAutoscaler.autoscaling/${namespace}/web`,
        `Ingress.networking.k8s.io/${namespace}/web`,
      ]),
    );
    const made = ['Pod/', 'ReplicaSet.apps/', 'EndpointSlice', 'Endpoints/', 'Event', 'ControllerRevision'];
    expect(keys.filter((key) => made.some((kind) => key.startsWith(kind)))).toEqual([]);
    const leftOut = captured.manifest.leftOut.map(({ key }) => key);
    expect(leftOut.filter((key) => key.startsWith('Pod/'))).toHaveLength(3);
    expect(captured.manifest.volumesWithoutData).toEqual([`PersistentVolumeClaim/${namespace}/data-db-0`]);
  });

  test('is verified against the living source', async () => {
    const result = await engine.verify(captured, spec, { source, recovery: undefined }, signal);
    expect(result).toMatchObject({ kind: 'verified', compared: captured.manifest.objects.length });
  });

  test('is not verified once a byte of its archive has changed', async () => {
    const { name } = captured.manifest;
    const path = join(directory, 'velero/backups', name, `${name}.tar.gz`);
    const whole = await readFile(path);
    const changed = Buffer.from(whole);
    changed[100] = (changed[100] ?? 0) ^ 1;
    await writeFile(path, changed);
    const result = await engine.verify(captured, spec, { source, recovery: undefined }, signal);
    await writeFile(path, whole);
    expect(result).toMatchObject({ kind: 'mismatch' });
    expect(JSON.stringify(result)).toContain(name);
  });

  test('is not verified when it lacks an object that the source had', async () => {
    const { objects, capturedAt: _, ...rest } = captured.manifest;
    const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
    const manifest = {
      ...rest,
      capturedAt: inAnHour,
      objects: objects.filter(({ key }) => !key.startsWith('Secret/')),
      archive: { ...rest.archive, objects: objects.length },
    };
    const result = await engine.verify(
      { ...captured, manifest },
      spec,
      { source, recovery: undefined },
      signal,
    );
    expect(result).toEqual({
      kind: 'mismatch',
      differences: [`Secret/${namespace}/db was in the source and is missing from the copy`],
    });
  });
});

describe('restored into another cluster', () => {
  beforeAll(async () => {
    const obstacles = await engine.preflight(point, scenario, target, signal);
    if (obstacles.length > 0) throw new Error(JSON.stringify(obstacles));
    await restoreAll(engine, point, scenario, target, signal);
    for (const workload of ['deployment/web', 'statefulset/db'])
      await lab.recovery.kubectl(['-n', namespace, 'rollout', 'status', workload, '--timeout=120s']);
  });

  test('a Secret has the same data byte for byte', async () => {
    const secret = await read(target, 'Secret', 'db');
    expect(secret['data']).toEqual(SECRET_DATA);
    expect(secret['type']).toBe('Opaque');
  });

  test('everything is what was captured, but for what its cluster decides', async () => {
    for (const { key } of point.manifest.objects) {
      const object = point.object(key);
      if (object === undefined) throw new Error(`${key} is not in the point`);
      const type = await target.typeFor(object, signal);
      const live =
        type &&
        (await target.get(
          type,
          type.namespaced ? { namespace, name: object.metadata.name } : object.metadata,
          signal,
        ));
      if (live === undefined) throw new Error(`${key} is not in the target`);
      expect.soft(objectDigest(live), key).toBe(objectDigest(object));
      expect.soft(live.metadata.uid, key).not.toBe(object.metadata.uid);
    }
  });

  test('addresses, node ports and volumes are the own ones of the target', async () => {
    const [here, there] = await Promise.all([read(source, 'Service', 'web'), read(target, 'Service', 'web')]);
    expect(nodePortOf(here)).toBe(NODE_PORT);
    expect(nodePortOf(there)).not.toBe(NODE_PORT);
    expect(await address(target)).not.toBe(await address(source));
    const claim = await read(target, 'PersistentVolumeClaim', 'data-db-0');
    expect(textAt(claim, 'status', 'phase')).toBe('Bound');
    expect(textAt(claim, 'spec', 'volumeName')).not.toBe(
      textAt(await read(source, 'PersistentVolumeClaim', 'data-db-0'), 'spec', 'volumeName'),
    );
  });

  test('a headless Service stays headless', async () => {
    expect(textAt(await read(target, 'Service', 'db'), 'spec', 'clusterIP')).toBe('None');
  });

  test('there are no orphan ReplicaSets and no duplicate Pods', async () => {
    const [web, db] = [
      await read(target, 'Deployment', 'web', 'apps'),
      await read(target, 'StatefulSet', 'db', 'apps'),
    ];
    const sets = await listed(target, 'ReplicaSet', 'apps');
    expect(sets.map(({ metadata }) => metadata.ownerReferences?.[0]?.uid)).toEqual([web.metadata.uid]);
    const owners = (await listed(target, 'Pod')).map(({ metadata }) => metadata.ownerReferences?.[0]?.uid);
    const setUid = sets[0]?.metadata.uid;
    expect(owners).toHaveLength(3);
    expect(owners.filter((owner) => owner === setUid)).toHaveLength(2);
    expect(owners).toContain(db.metadata.uid);
  });

  test('an owned object is owned by the namesake of its owner, under the uid it has there', async () => {
    const [child, parent] = [
      await read(target, 'ConfigMap', 'child'),
      await read(target, 'ConfigMap', 'settings'),
    ];
    expect(child.metadata.ownerReferences).toEqual([
      { apiVersion: 'v1', kind: 'ConfigMap', name: 'settings', uid: parent.metadata.uid },
    ]);
    expect(parent.metadata.uid).not.toBe((await read(source, 'ConfigMap', 'settings')).metadata.uid);
  });

  test('restoring again changes nothing', async () => {
    const before = await versions();
    await restoreAll(engine, point, scenario, target, signal);
    expect(await versions()).toEqual(before);
    expect(await engine.preflight(point, scenario, target, signal)).toEqual([]);
  });

  test('a newer point takes away what is gone from the source, and leaves what others added', async () => {
    await lab.recovery.kubectl(['-n', namespace, 'annotate', 'configmap/settings', 'seen-by=monitoring']);
    await lab.source.kubectl([
      '-n',
      namespace,
      'patch',
      'configmap/settings',
      '--type=merge',
      '-p',
      '{"data":{"old":null,"colour":"red"}}',
    ]);
    const newer = await pointOf(engine, scenario, spec, source, signal);
    await restoreAll(engine, newer, scenario, target, signal);
    const settings = await read(target, 'ConfigMap', 'settings');
    expect(settings['data']).toEqual({ colour: 'red' });
    expect(settings.metadata.annotations).toMatchObject({
      'seen-by': 'monitoring',
      'antipode.dev/recovery-point': newer.manifest.name,
    });
  });

  test('a change after the capture is counted and does not spoil the proof', async () => {
    const result = await engine.verify(captured, spec, { source, recovery: undefined }, signal);
    expect(result).toMatchObject({ kind: 'verified' });
    expect(result.kind === 'verified' && result.changedSince).toBeGreaterThan(0);
  });

  test('to another scenario all of it is foreign, the namespace excepted', async () => {
    const other = { ...scenario, name: 'other' };
    const obstacles = await engine.preflight(point, other, target, signal);
    expect(obstacles.map((outcome) => outcome.kind)).toContain('foreign');
    expect(JSON.stringify(obstacles)).toContain(`belongs to the scenario dr.${scenario.name}`);
    expect(JSON.stringify(obstacles)).not.toContain(`"key":"Namespace/${namespace}"`);
  });
});

/** resourceVersion of every object of the point that controllers do not write to by themselves. */
async function versions(): Promise<Record<string, string | undefined>> {
  const quiet = ['Secret', 'ConfigMap', 'ServiceAccount', 'Service'];
  const lists = await Promise.all(quiet.map((kind) => listed(target, kind)));
  const entries = lists
    .flat()
    .map(({ kind, metadata }) => [`${kind}/${metadata.name}`, metadata.resourceVersion]);
  return Object.fromEntries(entries);
}
