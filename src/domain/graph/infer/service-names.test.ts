import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/object.ts';
import { refKey } from '../../../api/object.ts';
import { anObject, aWorkload } from '../../../testing/objects.ts';
import { references } from '../references.ts';

const CONTAINER = 'spec.template.spec.containers[0]';
const web = (container: object, volumes: readonly object[] = []) =>
  aWorkload('Deployment', 'shop/web', { containers: [{ name: 'main', ...container }], volumes });
const config = (data: object) => anObject('ConfigMap', 'shop/cfg', { data });
const mounted = web({}, [{ name: 'c', configMap: { name: 'cfg' } }]);

/** What names a Service, wherever it is. */
function named(objects: readonly KubeObject[]) {
  const { edges, missing } = references(objects, { infer: true });
  return [
    ...edges.map(({ to, rule, field, matched }) => ({ to, rule, field, matched })),
    ...missing.map(({ to, rule, field, matched }) => ({ to: refKey(to), rule, field, matched })),
  ].filter(({ rule }) => rule.startsWith('service-name'));
}

interface Row {
  readonly what: string;
  readonly objects: readonly KubeObject[];
  readonly to: string;
  readonly field: string;
  readonly matched: string;
}

const rows: readonly Row[] = [
  {
    what: 'a URL in a variable',
    objects: [web({ env: [{ name: 'A', value: 'http://orders.shop.svc:8080' }] })],
    to: 'Service/shop/orders',
    field: `${CONTAINER}.env[0].value`,
    matched: 'orders.shop.svc:8080',
  },
  {
    what: 'a URL with a password, which is not repeated',
    objects: [web({ env: [{ name: 'DATABASE_URL', value: 'postgres://u:p@db/orders' }] })],
    to: 'Service/shop/db',
    field: `${CONTAINER}.env[0].value`,
    matched: 'db',
  },
  ...[
    'DB_HOST',
    'DB_ADDR',
    'DB_URL',
    'DB_SERVER',
    'DB_HOSTNAME',
    'PGHOST',
    'CASSANDRA_SEEDS',
    'REDIS_NODES',
    'redis.nodes',
  ].map((name) => ({
    what: `a bare name in ${name}`,
    objects: [web({ env: [{ name, value: 'db' }] })],
    to: 'Service/shop/db',
    field: `${CONTAINER}.env[0].value`,
    matched: 'db',
  })),
  {
    what: 'a connection string of .NET',
    objects: [web({ env: [{ name: 'ConnectionStrings__Default', value: 'Host=db;Database=x' }] })],
    to: 'Service/shop/db',
    field: `${CONTAINER}.env[0].value`,
    matched: 'db',
  },
  {
    what: 'a connection string of libpq',
    objects: [web({ env: [{ name: 'DSN', value: 'host=db user=x' }] })],
    to: 'Service/shop/db',
    field: `${CONTAINER}.env[0].value`,
    matched: 'db',
  },
  {
    what: 'a name put together from other variables',
    objects: [
      web({
        env: [{ name: 'NS', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } }],
        args: ['--events-addr=http://events.$(NS).svc.cluster.local./'],
      }),
    ],
    to: 'Service/shop/events',
    field: `${CONTAINER}.args[0]`,
    matched: 'events.shop.svc.cluster.local',
  },
  {
    what: 'a flag and the word after it',
    objects: [web({ args: ['--db-host', 'db'] })],
    to: 'Service/shop/db',
    field: `${CONTAINER}.args[1]`,
    matched: 'db',
  },
  {
    what: 'what a replica copies',
    objects: [web({ args: ['--replicaof', 'db'] })],
    to: 'Service/shop/db',
    field: `${CONTAINER}.args[1]`,
    matched: 'db',
  },
  {
    what: 'a script in a ConfigMap',
    objects: [mounted, config({ 'run.sh': "mysql -h db -e 'show databases'\n" })],
    to: 'Service/shop/db',
    field: 'data["run.sh"] of ConfigMap/shop/cfg',
    matched: 'db',
  },
  {
    what: 'a script that waits',
    objects: [web({ command: ['sh', '-c', 'until nc -z db 5432; do sleep 1; done'] })],
    to: 'Service/shop/db',
    field: `${CONTAINER}.command[2]`,
    matched: 'db',
  },
  {
    what: 'a mounted ConfigMap',
    objects: [mounted, config({ 'app.yaml': 'queue: redis:6379\n' })],
    to: 'Service/shop/redis',
    field: 'data["app.yaml"] of ConfigMap/shop/cfg',
    matched: 'redis:6379',
  },
  {
    what: 'a ConfigMap as environment',
    objects: [web({ envFrom: [{ configMapRef: { name: 'cfg' } }] }), config({ DB_HOST: 'db', MODE: 'fast' })],
    to: 'Service/shop/db',
    field: 'data["DB_HOST"] of ConfigMap/shop/cfg',
    matched: 'db',
  },
  {
    what: 'one key of a ConfigMap',
    objects: [
      web({ env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'cfg', key: 'db.host' } } }] }),
      config({ 'db.host': 'db', 'cache.host': 'cache' }),
    ],
    to: 'Service/shop/db',
    field: 'data["db.host"] of ConfigMap/shop/cfg',
    matched: 'db',
  },
];

describe('services called by name', () => {
  it.each(rows)('$what: $field names $to', ({ objects, to, field, matched }) => {
    expect(named(objects)).toEqual([expect.objectContaining({ to, field, matched })]);
  });

  it('lead to the Service and the workloads behind it', () => {
    const objects = [
      web({ env: [{ name: 'DB_HOST', value: 'db' }] }),
      anObject('Service', 'shop/db', { spec: { selector: { app: 'db' } } }),
      aWorkload('StatefulSet', 'shop/db'),
    ];

    expect(named(objects).map(({ to }) => to)).toEqual(['Service/shop/db', 'StatefulSet.apps/shop/db']);
  });

  it.each<{ what: string; objects: readonly KubeObject[] }>([
    { what: 'a bare word', objects: [web({ env: [{ name: 'MODE', value: 'db' }], args: ['db'] })] },
    {
      what: 'the API server',
      objects: [web({ env: [{ name: 'A', value: 'https://kubernetes.default.svc' }] })],
    },
    {
      what: 'a host of the internet',
      objects: [web({ env: [{ name: 'A', value: 'https://example.com/' }] })],
    },
    { what: 'an image', objects: [web({ args: ['--image=nginx:1.25'] })] },
    {
      what: 'a port that the Service does not have',
      objects: [
        web({ args: ['cache:30'] }),
        anObject('Service', 'shop/cache', { spec: { ports: [{ port: 6379 }] } }),
      ],
    },
    {
      what: 'a Secret',
      objects: [
        web({ envFrom: [{ secretRef: { name: 's' } }] }),
        anObject('Secret', 'shop/s', { stringData: { DB_HOST: 'db' }, data: { DB_HOST: 'ZGI=' } }),
      ],
    },
  ])('$what names none', ({ objects }) => {
    expect(named(objects)).toEqual([]);
  });
});
