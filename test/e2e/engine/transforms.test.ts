/** A point captured in one real cluster and restored in another as its transforms say: another namespace, class and image. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lab } from '../../../hack/lab/types.ts';
import { type KubeObject, parseRefKey } from '../../../src/api/object.ts';
import { transforms as transformsSchema } from '../../../src/api/v1alpha1/dr-scenario-transforms.ts';
import { nativeEngine } from '../../../src/engines/native/engine.ts';
import { objectDigest } from '../../../src/engines/native/objects/digest.ts';
import {
  type TransformedPoint,
  transformedPoint,
  withoutFailures,
} from '../../../src/engines/transformed-point.ts';
import type { Cluster } from '../../../src/kube/cluster.ts';
import { directoryStore } from '../../../src/store/testing/directory-store.ts';
import { getLab } from '../lab.ts';
import { apply, clock, connect, pointOf, restoreAll, silent, specFor } from './support.ts';

const run = Date.now().toString(36);
const from = `transforms-${run}`;
const to = `moved-${run}`;
const scenario = { namespace: 'dr', name: `transforms-${run}`, uid: `uid-${run}` };
const { signal } = new AbortController();

let lab: Lab;
let source: Cluster;
let target: Cluster;
let directory: string;
let point: TransformedPoint;

const metadata = (name: string) => ({ namespace: from, name });
const labels = { app: 'web' };
const objects = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: from } },
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata('web') },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata('web'),
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: 'web',
          containers: [
            {
              name: 'web',
              image: 'registry.west.example/shop/web:1',
              env: [{ name: 'DB', value: `postgres://db.${from}.svc:5432/shop` }],
            },
          ],
        },
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata('web'),
    spec: { selector: labels, ports: [{ port: 80 }] },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: metadata('web'),
    spec: {
      ingressClassName: `west-${run}`,
      defaultBackend: { service: { name: 'web', port: { number: 80 } } },
    },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name: `west-${run}` },
    spec: { controller: 'example.com/west' },
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: `transforms-${run}` },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [{ kind: 'ServiceAccount', name: 'web', namespace: from }],
  },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata('odd'), data: { a: 'b' } },
];
const transforms = transformsSchema.parse([
  { name: 'edge', ingressClasses: [{ from: `west-${run}`, to: `north-${run}` }] },
  { name: 'mirror', images: [{ from: 'registry.west.example', to: 'registry.north.example' }] },
  { name: 'places', namespaces: [{ from, to }] },
  {
    name: 'replicas',
    match: `object.kind == 'Deployment' && object.metadata.namespace == '${from}'`,
    patch: [{ op: 'replace', path: '/spec/replicas', value: '2' }],
  },
  { name: 'odd', match: "object.metadata.name == 'odd'", patch: [{ op: 'remove', path: '/data/none' }] },
]);

async function live(key: string): Promise<KubeObject | undefined> {
  const ref = parseRefKey(key);
  const type = ref && (await target.typeFor(ref, signal));
  return ref && type && target.get(type, ref, signal);
}

beforeAll(async () => {
  lab = await getLab();
  source = await connect(lab.source);
  target = await connect(lab.recovery);
  directory = await mkdtemp(join(tmpdir(), 'transforms-'));
  await apply(lab.source, ...objects);
  await apply(lab.recovery, {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name: `north-${run}` },
    spec: { controller: 'example.com/north' },
  });
  const engine = nativeEngine({ store: directoryStore(directory), clock, log: silent });
  const captured = await pointOf(engine, scenario, specFor([from]), source, signal);
  point = transformedPoint(captured, transforms);
  await restoreAll(engine, withoutFailures(point), scenario, target, signal);
});

afterAll(async () => {
  await lab.source.kubectl(['delete', 'namespace', from, '--wait=false', '--ignore-not-found']);
  await lab.recovery.kubectl(['delete', 'namespace', to, '--wait=false', '--ignore-not-found']);
  for (const cluster of [lab.source, lab.recovery])
    await cluster.kubectl(['delete', 'clusterrolebinding', `transforms-${run}`, '--ignore-not-found']);
  await source.close();
  await target.close();
  await rm(directory, { recursive: true });
});

test('everything is in the other namespace, and nothing in the one of the source', async () => {
  expect(await live(`Namespace/${to}`)).toBeDefined();
  expect(await live(`Namespace/${from}`)).toBeUndefined();
  expect(await live(`ServiceAccount/${to}/web`)).toBeDefined();
  expect(await live(`ClusterRoleBinding.rbac.authorization.k8s.io/transforms-${run}`)).toMatchObject({
    subjects: [{ kind: 'ServiceAccount', name: 'web', namespace: to }],
  });
});

test('classes, images and patched fields are those of the recovery region', async () => {
  expect(await live(`Ingress.networking.k8s.io/${to}/web`)).toMatchObject({
    spec: { ingressClassName: `north-${run}` },
  });
  expect(await live(`IngressClass.networking.k8s.io/west-${run}`)).toBeUndefined();
  expect(await live(`Deployment.apps/${to}/web`)).toMatchObject({
    spec: {
      replicas: 2,
      template: { spec: { containers: [{ image: 'registry.north.example/shop/web:1' }] } },
    },
  });
});

test('an object that a patch does not fit is not restored, and the point says why', async () => {
  expect(point.failures.get(`ConfigMap/${to}/odd`)).toBe(
    `ConfigMap/${from}/odd: transform odd: remove /data/none finds no value at its path`,
  );
  expect(await live(`ConfigMap/${to}/odd`)).toBeUndefined();
});

test('what is in the recovery cluster is what the transformed point says', async () => {
  const keys = [`Ingress.networking.k8s.io/${to}/web`, `Deployment.apps/${to}/web`, `Service/${to}/web`];
  for (const key of keys) {
    const found = await live(key);
    expect(found && objectDigest(found), key).toBe(point.objectDigest(key));
  }
});
