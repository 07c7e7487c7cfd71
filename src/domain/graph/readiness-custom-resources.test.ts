import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/object.ts';
import { anObject } from '../../testing/objects.ts';
import { shownBy } from './readiness/signs.ts';
import { readinessOf } from './readiness.ts';
import { condition, context, custom, inWords, live, type ReadinessRow, UNSEEN } from './testing/readiness.ts';
import { compiledReadiness } from './user-rules/compiled.ts';

const rows: readonly ReadinessRow[] = [
  ['custom, without conditions', custom({ observedGeneration: undefined }), 'ready'],
  [
    'custom, status of an older spec',
    custom({ observedGeneration: 1, conditions: [condition('Ready', 'True')] }),
    UNSEEN,
  ],
  ['custom, ready', custom({ conditions: [condition('Ready', 'True')] }), 'ready'],
  [
    'custom, not ready',
    custom({ conditions: [condition('Ready', 'False', { message: 'electing' })] }),
    'progressing: electing',
  ],
  [
    'custom, not known',
    custom({ conditions: [condition('Ready', 'Unknown')] }),
    'progressing: not ready yet',
  ],
  [
    'custom, ready by a condition of an older spec',
    custom({
      observedGeneration: undefined,
      conditions: [condition('Ready', 'True', { observedGeneration: 1 })],
    }),
    UNSEEN,
  ],
  [
    'custom, ready by a condition of this spec',
    custom({ conditions: [condition('Ready', 'True', { observedGeneration: 2 })] }),
    'ready',
  ],
  ['custom, available', custom({ conditions: [condition('Available', 'True')] }), 'ready'],
  [
    'custom, not available',
    custom({ conditions: [condition('Available', 'False', { reason: 'NoQuorum' })] }),
    'progressing: NoQuorum',
  ],
  [
    'custom, stalled',
    custom({ observedGeneration: 1, conditions: [condition('Stalled', 'True', { message: 'bad spec' })] }),
    'failed: bad spec',
  ],
  [
    'custom, reconciling',
    custom({ conditions: [condition('Reconciling', 'True'), condition('Ready', 'True')] }),
    'progressing: its controller is at work',
  ],
];

describe('readinessOf', () => {
  it.each(rows)('%s', (_, object, expected) => {
    expect(inWords(readinessOf(object, context))).toBe(expected);
  });
});

describe('a custom resource that showed in the source that it was ready', () => {
  const of = (apiVersion: string, kind: string, status: object | undefined, generation = 1) =>
    anObject(kind, 'shop/x', {
      apiVersion,
      metadata: { generation },
      ...(status === undefined ? {} : { status }),
    });
  const conditions = (...all: readonly object[]) => ({ conditions: all });
  const cluster = (status?: object) => of('postgresql.cnpg.io/v1', 'Cluster', status);
  const gateway = (...all: readonly object[]) =>
    of('gateway.networking.k8s.io/v1', 'Gateway', conditions(...all));
  const application = (health?: string) =>
    of('argoproj.io/v1alpha1', 'Application', health === undefined ? {} : { health: { status: health } });
  const queue = (replicas: string, available: string) =>
    of('rabbitmq.com/v1beta1', 'RabbitmqCluster', {
      observedGeneration: 1,
      ...conditions(
        condition('AllReplicasReady', replicas, { reason: 'NotReady' }),
        condition('ClusterAvailable', available, { reason: 'NoEndpointsAvailable' }),
        condition('ReconcileSuccess', 'True'),
      ),
    });
  const search = (health: string) =>
    of('elasticsearch.k8s.elastic.co/v1', 'Elasticsearch', { phase: 'Ready', health });
  const HEALTHY = { phase: 'Cluster in healthy state', ...conditions(condition('Ready', 'True')) };
  const awaiting = (name: string) =>
    `progressing: its controller does not say ${name} yet, as it did in the source`;

  const restored: readonly (readonly [string, KubeObject, KubeObject, string])[] = [
    ['a new database, without any status', cluster(HEALTHY), cluster(), awaiting('Ready')],
    [
      'a database that is being set up',
      cluster({ phase: 'Cluster in healthy state' }),
      cluster({ phase: 'Setting up primary' }),
      'progressing: status.phase is "Setting up primary", not "Cluster in healthy state" yet',
    ],
    ['a database that is there', cluster(HEALTHY), cluster(HEALTHY), 'ready'],
    ['a database that never was ready', cluster({ phase: 'Setting up primary' }), cluster(), 'ready'],
    ['a database that showed nothing', cluster(), cluster(), 'ready'],
    [
      'a gateway that nobody has programmed yet',
      gateway(condition('Programmed', 'True')),
      gateway(condition('Programmed', 'Unknown', { message: 'Waiting for controller' })),
      'progressing: Waiting for controller',
    ],
    [
      'a gateway that was never programmed',
      gateway(condition('Programmed', 'Unknown')),
      gateway(condition('Programmed', 'Unknown')),
      'ready',
    ],
    [
      'an application that has degraded',
      application('Healthy'),
      application('Degraded'),
      'progressing: status.health.status is "Degraded", not "Healthy" yet',
    ],
    ['an application that was degraded', application('Degraded'), application('Degraded'), 'ready'],
    [
      'a sealed secret whose condition is of an older spec',
      of('bitnami.com/v1alpha1', 'SealedSecret', conditions(condition('Synced', 'True'))),
      of(
        'bitnami.com/v1alpha1',
        'SealedSecret',
        conditions(condition('Synced', 'True', { observedGeneration: 2 })),
        5,
      ),
      UNSEEN,
    ],
    [
      'a queue whose pods are none yet, and all of these ready',
      queue('True', 'True'),
      queue('True', 'False'),
      'progressing: NoEndpointsAvailable',
    ],
    ['a queue that is being set up', queue('True', 'True'), queue('False', 'False'), 'progressing: NotReady'],
    ['a queue that lacked a replica', queue('False', 'True'), queue('False', 'True'), 'ready'],
    ['a queue that is there', queue('True', 'True'), queue('True', 'True'), 'ready'],
    [
      'a search engine that cannot serve all yet',
      search('green'),
      search('red'),
      'progressing: status.health is "red", not "green" or "yellow" yet',
    ],
    ['a search engine with fewer copies than it had', search('green'), search('yellow'), 'ready'],
    [
      'a document database that has started',
      of('mongodbcommunity.mongodb.com/v1', 'MongoDBCommunity', { phase: 'Running' }),
      of('mongodbcommunity.mongodb.com/v1', 'MongoDBCommunity', { phase: 'Pending' }),
      'progressing: status.phase is "Pending", not "Running" yet',
    ],
    [
      'a storage cluster that has started',
      of('ceph.rook.io/v1', 'CephCluster', { phase: 'Ready' }),
      of('ceph.rook.io/v1', 'CephCluster', { phase: 'Progressing' }),
      'progressing: status.phase is "Progressing", not "Ready" yet',
    ],
    [
      'one whose controller says which spec it has seen',
      of('x.example/v1', 'Thing', { observedGeneration: 1 }),
      of('x.example/v1', 'Thing', undefined),
      UNSEEN,
    ],
  ];

  it.each(restored)('%s', (_, source, here, expected) => {
    const readiness = readinessOf(here, { ...context, shown: () => shownBy(source) });

    expect(inWords(readiness)).toBe(expected);
  });

  it('is asked for what this very object showed', () => {
    const shown = (key: string) => (key === 'Cluster.postgresql.cnpg.io/shop/x' ? ['Ready'] : []);

    expect(readinessOf(cluster(), { ...context, shown }).kind).toBe('progressing');
    expect(readinessOf(application(), { ...context, shown }).kind).toBe('ready');
  });

  it("is ready when the user's rule says so, whatever it showed", () => {
    const rules = compiledReadiness([
      { name: 'mine', match: "object.kind == 'Cluster'", ready: "object.metadata.name == 'x'" },
    ]);

    expect(readinessOf(cluster(), { ...context, rules, shown: () => ['Ready'] })).toEqual({ kind: 'ready' });
  });

  it('is not waited for because of a sign that this version does not know', () => {
    expect(readinessOf(cluster(), { ...context, shown: () => ['Glittering'] })).toEqual({ kind: 'ready' });
  });
});

describe('shownBy', () => {
  it('tells what holds now, and nothing of kinds that are judged by other rules', () => {
    expect(
      shownBy(custom({ conditions: [condition('Ready', 'True'), condition('Synced', 'False')] })),
    ).toEqual(['status.observedGeneration', 'Ready']);
    expect(shownBy(live('Deployment', {}, { conditions: [condition('Available', 'True')] }))).toEqual([]);
  });
});
