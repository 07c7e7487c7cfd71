import { describe, expect, it } from 'vitest';
import { anObject, aWorkload, ownedBy } from '../../testing/objects.ts';
import { buildGraph, startable } from './order.ts';
import {
  API,
  api,
  autoscaler,
  budget,
  config,
  DB,
  graph,
  ingress,
  mounting,
  secret,
  service,
  unitsOf,
  using,
  WEB,
  web,
} from './testing/shop-objects.ts';

describe('units', () => {
  it('have a token Secret after its account, also when that lists it, and before what mounts it', () => {
    const token = anObject('Secret', 'shop/robot-token', {
      type: 'kubernetes.io/service-account-token',
      metadata: { annotations: { 'kubernetes.io/service-account.name': 'robot' } },
    });
    const account = anObject('ServiceAccount', 'shop/robot', { secrets: [{ name: 'robot-token' }] });

    const { units } = graph([token, web(using('robot-token')), account]);

    expect(units.map(({ objects }) => objects)).toEqual([
      ['ServiceAccount/shop/robot', 'Secret/shop/robot-token', WEB],
    ]);
  });

  it('hold a workload with what only it needs and what serves it alone, in the order of application', () => {
    const shop = [
      ingress('front', 'web'),
      autoscaler('web'),
      budget('web'),
      service('web'),
      web({ ...using('pw'), ...mounting('cfg'), serviceAccountName: 'web' }),
      config('cfg'),
      secret('pw'),
      secret('registry'),
      anObject('ServiceAccount', 'shop/web', { imagePullSecrets: [{ name: 'registry' }] }),
      anObject('Role', 'shop/web'),
      anObject('RoleBinding', 'shop/web', {
        roleRef: { kind: 'Role', name: 'web' },
        subjects: [{ kind: 'ServiceAccount', name: 'web' }],
      }),
      anObject('Namespace', 'shop'),
    ];

    expect(unitsOf(shop)).toEqual({
      'Namespace/shop': ['Namespace/shop'],
      [WEB]: [
        'Secret/shop/registry',
        'ServiceAccount/shop/web',
        'Secret/shop/pw',
        'ConfigMap/shop/cfg',
        'Role.rbac.authorization.k8s.io/shop/web',
        'RoleBinding.rbac.authorization.k8s.io/shop/web',
        'Service/shop/web',
        WEB,
        'HorizontalPodAutoscaler.autoscaling/shop/web',
        'PodDisruptionBudget.policy/shop/web',
        'Ingress.networking.k8s.io/shop/front',
      ],
    });
  });

  it('hold the claims and the governing Service of a StatefulSet', () => {
    const db = aWorkload(
      'StatefulSet',
      'shop/db',
      {},
      {
        serviceName: 'db',
        volumeClaimTemplates: [{ metadata: { name: 'data' } }],
      },
    );
    const claim = anObject('PersistentVolumeClaim', 'shop/data-db-0', { spec: { storageClassName: 'fast' } });

    expect(unitsOf([db, claim, service('db'), anObject('StorageClass', 'fast')])).toEqual({
      'StorageClass.storage.k8s.io/fast': ['StorageClass.storage.k8s.io/fast'],
      [DB]: ['PersistentVolumeClaim/shop/data-db-0', 'Service/shop/db', DB],
    });
  });

  it('do not hold what is shared, and wait for it', () => {
    const shop = [web(using('pw')), api(using('pw')), secret('pw')];

    const { units, edges } = graph(shop);

    expect(units.map(({ id }) => id)).toEqual(['Secret/shop/pw', API, WEB]);
    expect(edges).toEqual(
      [API, WEB].map((from) => ({
        from,
        to: 'Secret/shop/pw',
        because: [
          {
            from,
            to: 'Secret/shop/pw',
            rule: 'env-from-secret',
            field: 'spec.template.spec.containers[0].envFrom[0].secretRef.name',
            certainty: 'certain',
          },
        ],
      })),
    );
  });

  it.each([
    [
      'a Service of two workloads',
      [web(), api(), anObject('Service', 'shop/both', { spec: { selector: { part: 'front' } } })],
      'Service/shop/both',
    ],
    ['a Service of none', [web(), service('other')], 'Service/shop/other'],
    [
      'a Service without selector',
      [web(), anObject('Service', 'shop/ext', { spec: {} })],
      'Service/shop/ext',
    ],
    [
      'an Ingress of two units',
      [web(), api(), service('web'), service('api'), ingress('front', 'web', 'api')],
      'Ingress.networking.k8s.io/shop/front',
    ],
    ['a Secret nobody needs', [web(), secret('idle')], 'Secret/shop/idle'],
  ])('%s is a unit of its own', (_, objects, id) => {
    const both = objects.map((object) =>
      object.kind === 'Deployment'
        ? {
            ...object,
            spec: {
              template: { metadata: { labels: { app: object.metadata.name, part: 'front' } }, spec: {} },
            },
          }
        : object,
    );

    expect(unitsOf(both)[id]).toEqual([id]);
  });

  it('an Ingress waits for the workloads behind its Services', () => {
    const { edges } = graph([web(), api(), service('web'), service('api'), ingress('front', 'web', 'api')]);

    expect(edges.map(({ from, to }) => [from, to])).toEqual([
      ['Ingress.networking.k8s.io/shop/front', API],
      ['Ingress.networking.k8s.io/shop/front', WEB],
    ]);
  });

  it('a custom resource is waited for by what needs the Secret that it owns', () => {
    const certificate = anObject('Certificate', 'shop/tls', { apiVersion: 'cert.example/v1' });
    const owned = {
      ...secret('tls'),
      metadata: { ...secret('tls').metadata, ownerReferences: [ownedBy(certificate)] },
    };

    const { units, edges } = graph([web(using('tls')), owned, certificate]);

    expect(units.map(({ id }) => id)).toEqual(['Certificate.cert.example/shop/tls', WEB]);
    expect(edges.map(({ from, to }) => [from, to])).toEqual([[WEB, 'Certificate.cert.example/shop/tls']]);
  });

  it('without inference every object is on its own, after its namespace', () => {
    const objects = [web(using('pw')), service('web'), secret('pw'), anObject('Namespace', 'shop')];

    const { units, edges } = graph(objects, [], false);

    expect(units.map(({ id }) => id)).toEqual(['Namespace/shop', 'Secret/shop/pw', 'Service/shop/web', WEB]);
    expect(edges.map(({ to }) => to)).toEqual(['Namespace/shop', 'Namespace/shop', 'Namespace/shop']);
  });

  it('are taken apart where the user wants one object ready before another of them', () => {
    const before = 'Deployment/shop/web';

    expect(unitsOf([web(), service('web')], [{ before, after: 'Service/shop/web' }])).toEqual({
      [WEB]: [WEB],
      'Service/shop/web': ['Service/shop/web'],
    });
  });

  it('are taken apart where only grouping closes a circle', () => {
    // api's Service before the queue, the queue before api's ConfigMap: fine for objects, not for one unit.
    const objects = [
      api(mounting('cfg')),
      config('cfg'),
      service('api'),
      aWorkload('StatefulSet', 'shop/queue'),
    ];
    const explicit = [
      { before: 'Service/shop/api', after: 'StatefulSet/shop/queue' },
      { before: 'StatefulSet/shop/queue', after: 'ConfigMap/shop/cfg' },
    ];

    expect(graph(objects, explicit).units.map(({ id }) => id)).toEqual([
      'Service/shop/api',
      'StatefulSet.apps/shop/queue',
      'ConfigMap/shop/cfg',
      API,
    ]);
  });
});

it('an edge that names nothing is the result, and one that names a left-out object is satisfied', () => {
  const edge = { before: 'Job/shop/migrate', after: 'Deployment/shop/web' };

  expect(buildGraph([web()], [edge], true, [])).toEqual({ kind: 'unknown-edge', key: edge.before, edge });
  const leftOut = [{ key: 'Job.batch/shop/migrate', reason: 'Completed' as const }];
  expect(buildGraph([web()], [edge], true, leftOut)).toMatchObject({ kind: 'graph', graph: { edges: [] } });
});

describe('startable', () => {
  const shop = graph([web(using('pw')), api(using('pw')), secret('pw'), config('idle')]);
  const none: ReadonlySet<string> = new Set();
  const ids = (done: readonly string[], running: readonly string[] = []) =>
    startable(shop, new Set(done), new Set(running)).map(({ id }) => id);

  it('starts what needs nothing, in parallel', () => {
    expect(startable(shop, none, none).map(({ id }) => id)).toEqual([
      'Secret/shop/pw',
      'ConfigMap/shop/idle',
    ]);
  });

  it('waits until what is needed is done, not merely running', () => {
    expect(ids([], ['Secret/shop/pw', 'ConfigMap/shop/idle'])).toEqual([]);
    expect(ids(['Secret/shop/pw'], ['ConfigMap/shop/idle'])).toEqual([API, WEB]);
  });

  it('starts nothing twice', () => {
    expect(ids(['Secret/shop/pw', API], ['ConfigMap/shop/idle', WEB])).toEqual([]);
  });
});

it('the longest path is told from the first unit to the last', () => {
  const explicit = [{ before: 'StatefulSet/shop/db', after: 'Deployment/shop/web' }];

  const { longestPath } = graph(
    [web(), service('web'), aWorkload('StatefulSet', 'shop/db'), anObject('Namespace', 'shop'), api()],
    explicit,
  );

  expect(longestPath).toEqual(['Namespace/shop', DB, WEB]);
});
