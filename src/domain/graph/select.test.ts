import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KubeObject, objectKey } from '../../api/object.ts';
import { anObject, aWorkload, controlledBy, ownedBy } from '../../testing/objects.ts';
import { exclusion, type Resources, select } from './select.ts';
import type { LeftOutReason } from './types.ts';

const all: Resources = { namespaces: ['shop'] };
const keyOf = (object: KubeObject) => objectKey(object);
const keysOf = (objects: readonly KubeObject[]) => objects.map(keyOf).toSorted();

const web = aWorkload('Deployment', 'shop/web');
const replicas = anObject('ReplicaSet', 'shop/web-1', { metadata: controlledBy(web) });
const database = anObject('Cluster', 'shop/db', { apiVersion: 'db.example/v1' });
const service = (fields: object) => anObject('Service', 'shop/web', { spec: fields });
const job = (name: string, condition?: string) =>
  anObject('Job', `shop/${name}`, {
    status: condition === undefined ? {} : { conditions: [{ type: condition, status: 'True' }] },
  });
const token = (name: string) =>
  anObject('Secret', `shop/${name}`, {
    type: 'kubernetes.io/service-account-token',
    metadata: { annotations: { 'kubernetes.io/service-account.name': 'web' } },
  });
const account = (fields: Record<string, unknown>) => anObject('ServiceAccount', 'shop/default', fields);

interface Row {
  readonly what: string;
  readonly object: KubeObject;
  readonly besides?: readonly KubeObject[];
  readonly reason: LeftOutReason | 'copied';
}

const rows: readonly Row[] = [
  { what: 'a ReplicaSet of a Deployment', object: replicas, reason: 'GeneratedByController' },
  { what: 'a bare ReplicaSet', object: anObject('ReplicaSet', 'shop/own'), reason: 'copied' },
  ...['ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job', 'ReplicationController'].map((kind) => ({
    what: `a Pod of a ${kind}`,
    object: anObject('Pod', 'shop/p', { metadata: controlledBy(anObject(kind, 'shop/owner')) }),
    reason: 'GeneratedByController' as const,
  })),
  {
    what: 'a Pod that an operator runs',
    object: anObject('Pod', 'shop/db-0', { metadata: controlledBy(database) }),
    reason: 'GeneratedByController',
  },
  {
    what: 'the mirror of a static Pod',
    object: anObject('Pod', 'shop/static-n1', { metadata: controlledBy(anObject('Node', 'n1')) }),
    reason: 'GeneratedByController',
  },
  {
    what: 'a bare Pod',
    object: anObject('Pod', 'shop/bare', { status: { phase: 'Running' } }),
    reason: 'copied',
  },
  {
    what: 'a revision of a StatefulSet',
    object: anObject('ControllerRevision', 'shop/db-1', {
      metadata: controlledBy(anObject('StatefulSet', 'shop/db')),
    }),
    reason: 'GeneratedByController',
  },
  {
    what: 'a Job of a CronJob',
    object: anObject('Job', 'shop/nightly-1', {
      metadata: controlledBy(anObject('CronJob', 'shop/nightly')),
    }),
    reason: 'GeneratedByController',
  },
  {
    what: 'a Job that a custom resource owns',
    object: anObject('Job', 'shop/init', { metadata: controlledBy(database) }),
    besides: [database],
    reason: 'copied',
  },
  { what: 'a completed Job', object: job('migrate', 'Complete'), reason: 'Completed' },
  { what: 'a failed Job', object: job('migrate', 'Failed'), reason: 'Completed' },
  { what: 'a running Job', object: job('migrate'), reason: 'copied' },
  {
    what: 'a completed Pod',
    object: anObject('Pod', 'shop/once', { status: { phase: 'Succeeded' } }),
    reason: 'Completed',
  },
  {
    what: 'the CA bundle of the cluster',
    object: anObject('ConfigMap', 'shop/kube-root-ca.crt'),
    reason: 'ClusterOwned',
  },
  { what: 'the default account', object: account({}), reason: 'ClusterOwned' },
  {
    what: 'the default account of an old cluster',
    object: account({ secrets: [{ name: 'default-token-x2v' }] }),
    reason: 'ClusterOwned',
  },
  {
    what: 'a default account with pull secrets',
    object: account({ imagePullSecrets: [{ name: 'r' }] }),
    reason: 'copied',
  },
  {
    what: 'a default account with secrets',
    object: account({ secrets: [{ name: 'pw' }] }),
    reason: 'copied',
  },
  {
    what: 'a default account with annotations',
    object: account({ metadata: { annotations: { role: 'arn' } } }),
    reason: 'copied',
  },
  {
    what: 'a default account without token',
    object: account({ automountServiceAccountToken: false }),
    reason: 'copied',
  },
  { what: 'another account', object: anObject('ServiceAccount', 'shop/web'), reason: 'copied' },
  { what: 'an account token that a user had made', object: token('web-token'), reason: 'copied' },
  {
    what: 'an account token that a user had made, named like a generated one',
    object: token('web-token-admin'),
    besides: [anObject('ServiceAccount', 'shop/web')],
    reason: 'copied',
  },
  {
    what: 'an account token that an old cluster made',
    object: token('web-token-x7x2z'),
    besides: [anObject('ServiceAccount', 'shop/web', { secrets: [{ name: 'web-token-x7x2z' }] })],
    reason: 'ClusterOwned',
  },
  {
    what: 'an account token that an old cluster seems to have made',
    object: token('web-token-x7x2z'),
    reason: 'ClusterOwned',
  },
  {
    what: 'a Helm release',
    object: anObject('Secret', 'shop/sh.helm.release.v1.shop.v1', { type: 'helm.sh/release.v1' }),
    reason: 'copied',
  },
  { what: 'an Event', object: anObject('Event', 'shop/e'), reason: 'Transient' },
  {
    what: 'an Event of the newer API',
    object: anObject('Event', 'shop/e', { apiVersion: 'events.k8s.io/v1' }),
    reason: 'Transient',
  },
  { what: 'a Lease', object: anObject('Lease', 'shop/leader'), reason: 'Transient' },
  {
    what: 'a leader lock of the old kind',
    object: anObject('ConfigMap', 'shop/lock', {
      metadata: { annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } },
    }),
    reason: 'Transient',
  },
  {
    what: 'Endpoints of a Service with a selector',
    object: anObject('Endpoints', 'shop/web'),
    besides: [service({ selector: { app: 'web' } })],
    reason: 'ClusterOwned',
  },
  {
    what: 'Endpoints of a Service without a selector',
    object: anObject('Endpoints', 'shop/web'),
    besides: [service({})],
    reason: 'copied',
  },
  {
    what: 'a slice the cluster made',
    object: anObject('EndpointSlice', 'shop/web-1', {
      metadata: { labels: { 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' } },
    }),
    reason: 'ClusterOwned',
  },
  {
    what: 'a slice a user made',
    object: anObject('EndpointSlice', 'shop/external', {
      metadata: { labels: { 'kubernetes.io/service-name': 'x' } },
    }),
    reason: 'copied',
  },
  {
    what: 'the Service of the API server',
    object: anObject('Service', 'default/kubernetes'),
    reason: 'ClusterOwned',
  },
  {
    what: 'an object being deleted',
    object: anObject('ConfigMap', 'shop/c', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }),
    reason: 'BeingDeleted',
  },
  { what: 'a PersistentVolume', object: anObject('PersistentVolume', 'pv-1'), reason: 'CopiedSeparately' },
  { what: 'a snapshot', object: anObject('VolumeSnapshot', 'shop/s'), reason: 'CopiedSeparately' },
  {
    what: 'an API that the cluster serves itself',
    object: anObject('APIService', 'v1.shop.example', { spec: { group: 'shop.example', version: 'v1' } }),
    reason: 'ClusterOwned',
  },
  {
    what: 'an API that another server answers',
    object: anObject('APIService', 'v1.x.example', { spec: { service: { namespace: 'shop', name: 'x' } } }),
    reason: 'copied',
  },
  {
    what: 'an autoscaler that KEDA keeps',
    object: anObject('HorizontalPodAutoscaler', 'shop/keda-hpa-web', {
      metadata: controlledBy(anObject('ScaledObject', 'shop/web', { apiVersion: 'keda.sh/v1alpha1' })),
    }),
    reason: 'GeneratedByController',
  },
  {
    what: 'a request of a Certificate',
    object: anObject('CertificateRequest', 'shop/tls-1', {
      apiVersion: 'cert-manager.io/v1',
      metadata: controlledBy(anObject('Certificate', 'shop/tls', { apiVersion: 'cert-manager.io/v1' })),
    }),
    reason: 'GeneratedByController',
  },
  { what: 'an object of Antipode', object: anObject('DRScenario', 'shop/s'), reason: 'Bookkeeping' },
  {
    what: 'something owned by a captured custom resource',
    object: anObject('Secret', 'shop/db-app', { metadata: controlledBy(database) }),
    besides: [database],
    reason: 'copied',
  },
  {
    what: 'something owned by a Pod that is generated',
    object: anObject('CiliumEndpoint', 'shop/p', {
      apiVersion: 'cilium.io/v2',
      metadata: { ownerReferences: [ownedBy(anObject('Pod', 'shop/p'))] },
    }),
    besides: [anObject('Pod', 'shop/p', { metadata: controlledBy(replicas) })],
    reason: 'GeneratedByController',
  },
  {
    what: 'something owned by a completed Job',
    object: anObject('ConfigMap', 'shop/c', { metadata: { ownerReferences: [ownedBy(job('migrate'))] } }),
    besides: [job('migrate', 'Complete')],
    reason: 'Completed',
  },
  {
    what: 'something owned by a completed Job and by a Deployment',
    object: anObject('ConfigMap', 'shop/c', {
      metadata: { ownerReferences: [ownedBy(job('migrate')), ownedBy(web)] },
    }),
    besides: [job('migrate', 'Complete'), web],
    reason: 'copied',
  },
];

describe('select leaves out', () => {
  it.each(rows)('$what: $reason', ({ object, besides = [], reason }) => {
    const { included, leftOut } = select([object, ...besides], all);

    const fate = leftOut.find(({ key }) => key === keyOf(object))?.reason;
    expect(fate ?? (included.includes(object) ? 'copied' : 'lost')).toBe(reason);
  });

  it('ends on objects that own each other', () => {
    const a = anObject('ConfigMap', 'shop/a', {
      metadata: { ownerReferences: [ownedBy(anObject('ConfigMap', 'shop/b'))] },
    });
    const b = anObject('ConfigMap', 'shop/b', {
      metadata: { ownerReferences: [ownedBy(anObject('ConfigMap', 'shop/a'))] },
    });

    expect(select([a, b], all).included).toEqual([a, b]);
  });

  const configMap = (name: string, owners: readonly string[]) =>
    anObject('ConfigMap', `shop/${name}`, {
      metadata: { ownerReferences: owners.map((owner) => ownedBy(anObject('ConfigMap', `shop/${owner}`))) },
    });

  it('asks each owner once, however many ways lead to it', () => {
    const layers = Array.from({ length: 60 }, (_, layer) =>
      ['a', 'b'].map((side) => configMap(`${side}${layer}`, [`a${layer + 1}`, `b${layer + 1}`])),
    ).flat();
    const gone = { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } };
    const top = ['a60', 'b60'].map((name) => anObject('ConfigMap', `shop/${name}`, gone));

    const { leftOut } = select([...layers, ...top], all);

    expect(leftOut.map(({ reason }) => reason)).toEqual(Array(122).fill('BeingDeleted'));
  });

  it('follows a chain of owners to its end, however long', () => {
    const chain = Array.from({ length: 10_000 }, (_, index) => configMap(`c${index}`, [`c${index + 1}`]));
    const gone = { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } };

    const { included } = select([...chain, anObject('ConfigMap', 'shop/c10000', gone)], all);

    expect(included).toEqual([]);
  });

  const letters = ['a', 'b', 'c', 'd', 'e'];
  const someOwners = fc.tuple(
    ...letters.map((name) =>
      fc.record({
        owners: fc.subarray(letters),
        isDeleted: fc.boolean(),
        name: fc.constant(name),
      }),
    ),
  );

  it('what is being deleted, and whatever only such objects own, also where objects own each other', () => {
    fc.assert(
      fc.property(someOwners, (owned) => {
        const objects = owned.map(({ name, owners, isDeleted }) => {
          const { metadata } = configMap(name, owners);
          const deleted = isDeleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {};
          return anObject('ConfigMap', `shop/${name}`, { metadata: { ...metadata, ...deleted } });
        });
        // The least set that contains the deleted and what all owners of which are in it.
        const gone = new Set(owned.filter(({ isDeleted }) => isDeleted).map(({ name }) => name));
        for (const _ of letters) {
          for (const { name, owners } of owned) {
            if (owners.length > 0 && owners.every((owner) => gone.has(owner))) gone.add(name);
          }
        }

        const { leftOut } = select(objects, all);

        expect(leftOut.map(({ key }) => key)).toEqual(
          [...gone].toSorted().map((name) => `ConfigMap/shop/${name}`),
        );
      }),
    );
  });
});

describe('select by what the user asks', () => {
  const front = anObject('ConfigMap', 'shop/front', { metadata: { labels: { tier: 'front' } } });
  const back = anObject('ConfigMap', 'shop/back', { metadata: { labels: { tier: 'back' } } });
  const secret = anObject('Secret', 'shop/front', { metadata: { labels: { tier: 'front' } } });
  const objects = [front, back, secret, web];

  it.each<{
    what: string;
    resources: Partial<Resources>;
    included: readonly KubeObject[];
    leftOut: readonly KubeObject[];
  }>([
    { what: 'everything by default', resources: {}, included: [back, web, front, secret], leftOut: [] },
    {
      what: 'by label',
      resources: { labelSelector: { matchLabels: { tier: 'front' } } },
      included: [front, secret],
      leftOut: [],
    },
    {
      what: 'by kind',
      resources: { includeKinds: ['Secret', 'Deployment.apps'] },
      included: [web, secret],
      leftOut: [],
    },
    {
      what: 'by kind of any group',
      resources: { includeKinds: ['Deployment'] },
      included: [web],
      leftOut: [],
    },
    {
      what: 'without a kind',
      resources: { excludeKinds: ['ConfigMap'] },
      included: [web, secret],
      leftOut: [back, front],
    },
    {
      what: 'without one object',
      resources: { exclude: ['Secret/shop/front'] },
      included: [back, web, front],
      leftOut: [secret],
    },
    {
      what: 'without one object, group not given',
      resources: { exclude: ['Deployment/shop/web'] },
      included: [back, front, secret],
      leftOut: [web],
    },
    {
      what: 'without one object, group given',
      resources: { exclude: ['Deployment.apps/shop/web'] },
      included: [back, front, secret],
      leftOut: [web],
    },
    {
      what: 'not without one of another group',
      resources: { exclude: ['Deployment.other/shop/web'] },
      included: [back, web, front, secret],
      leftOut: [],
    },
  ])('$what', ({ resources, included, leftOut }) => {
    const selection = select(objects, { ...all, ...resources });

    expect(keysOf(selection.included)).toEqual(keysOf(included));
    expect(selection.leftOut).toEqual(keysOf(leftOut).map((key) => ({ key, reason: 'ExcludedByUser' })));
    expect(selection.included.length + selection.leftOut.length + selection.notChosen.length).toBe(
      objects.length,
    );
  });

  it('says of cluster-scoped objects too whether they are excluded', () => {
    const excluded = exclusion({ ...all, exclude: ['StorageClass/fast'], excludeKinds: ['PriorityClass'] });

    expect(excluded({ group: 'storage.k8s.io', kind: 'StorageClass', name: 'fast' })).toBe(true);
    expect(excluded({ group: 'storage.k8s.io', kind: 'StorageClass', name: 'slow' })).toBe(false);
    expect(excluded({ group: 'scheduling.k8s.io', kind: 'PriorityClass', name: 'any' })).toBe(true);
  });

  it('does not depend on the order of the objects', () => {
    const everything = [...objects, ...rows.map(({ object }) => object)];
    const unique = [...new Map(everything.map((object) => [keyOf(object), object])).values()];
    const expected = select(unique, all);
    fc.assert(
      fc.property(fc.shuffledSubarray(unique, { minLength: unique.length }), (shuffled) => {
        expect(select(shuffled, all)).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });
});
