/** Objects as large as Kubernetes takes them: captured, restored, changed and restored again, whole. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lab } from '../../../hack/lab/types.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import type { Engine, OpenPoint } from '../../../src/engines/engine.ts';
import { nativeEngine } from '../../../src/engines/native/engine.ts';
import { objectDigest } from '../../../src/engines/native/objects/digest.ts';
import type { Cluster } from '../../../src/kube/cluster.ts';
import { directoryStore } from '../../../src/store/testing/directory-store.ts';
import { getLab } from '../lab.ts';
import { definition } from './shop.ts';
import { apply, clock, connect, pointOf, restoreAll, silent, specFor, untilServed } from './support.ts';

const run = Date.now().toString(36);
const namespace = `large-${run}`;
const group = `l${run}.example.com`;
const scenario = { namespace: 'dr', name: namespace, uid: 'u' };
const signal = new AbortController().signal;
const KIB = 1024;
/** Of all annotations of an object, and of the data of a ConfigMap: limits of the API server. */
const MOST_ANNOTATIONS = 256 * KIB;
const MOST_DATA = 1024 * KIB;

let lab: Lab;
let source: Cluster;
let target: Cluster;
let directory: string;
let engine: Engine;
let point: OpenPoint;

const configMap = (name: string, parts: object): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  ...parts,
});
const full = (letter: string): KubeObject => configMap('data', { data: { a: letter.repeat(MOST_DATA - 1) } });
const annotated = (letter: string): KubeObject =>
  configMap('annotated', {
    metadata: {
      name: 'annotated',
      namespace,
      annotations: { 'example.com/a': letter.repeat(MOST_ANNOTATIONS - 'example.com/a'.length) },
    },
  });
/** Each key is a field that a manager owns: about 1 MiB of managedFields. */
const manyFields = (letter: string): KubeObject =>
  configMap('many', {
    data: Object.fromEntries(
      Array.from({ length: 8000 }, (_, index) => [`key-${index}-${'x'.repeat(32)}`, letter]),
    ),
  });
/** Close to what etcd takes in one request, 1.5 MiB. */
const custom = (letter: string): KubeObject => ({
  apiVersion: `${group}/v1`,
  kind: 'Widget',
  metadata: { name: 'large', namespace },
  spec: { text: letter.repeat(1400 * KIB) },
});
const all = (letter: string) => [full(letter), annotated(letter), manyFields(letter), custom(letter)];

beforeAll(async () => {
  lab = await getLab();
  [source, target] = await Promise.all([connect(lab.source), connect(lab.recovery)]);
  directory = await mkdtemp(join(tmpdir(), 'antipode-e2e-'));
  engine = nativeEngine({ store: directoryStore(directory), clock, log: silent });
  await apply(lab.source, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  await apply(lab.source, definition(group));
  await lab.source.kubectl(['wait', '--for=condition=Established', '--timeout=120s', `crd/widgets.${group}`]);
  await untilServed(source, { apiVersion: `${group}/v1`, kind: 'Widget' }, signal);
});

afterAll(async () => {
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

async function seedAndCapture(letter: string): Promise<OpenPoint> {
  for (const object of all(letter)) await source.apply(object, { fieldManager: 'test', force: true }, signal);
  return pointOf(engine, scenario, specFor([namespace]), source, signal);
}

async function live(object: KubeObject): Promise<KubeObject> {
  const type = await target.typeFor(object, signal);
  const found = type && (await target.get(type, { namespace, name: object.metadata.name }, signal));
  if (found === undefined) throw new Error(`${object.metadata.name} is not in the target`);
  return found;
}

test('objects at the limits of the API server are restored byte for byte', async () => {
  point = await seedAndCapture('a');
  await restoreAll(engine, point, scenario, target, signal);
  for (const object of all('a')) expect(objectDigest(await live(object))).toBe(objectDigest(object));
});

test('restored again, they are not written', async () => {
  const before = await Promise.all(all('a').map(live));
  await restoreAll(engine, point, scenario, target, signal);
  const after = await Promise.all(all('a').map(live));
  const versions = (objects: readonly KubeObject[]) =>
    objects.map(({ metadata }) => metadata.resourceVersion);
  expect(versions(after)).toEqual(versions(before));
});

test('a newer point changes all of them', async () => {
  await restoreAll(engine, await seedAndCapture('b'), scenario, target, signal);
  for (const object of all('b')) expect(objectDigest(await live(object))).toBe(objectDigest(object));
});
