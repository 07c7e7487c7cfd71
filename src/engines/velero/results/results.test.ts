import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { about, readRestored, readResults, unpackJson } from './results.ts';

describe('results of a backup', () => {
  const results = {
    errors: {
      velero: [' message: /Error listing items error: /the server is busy'],
      namespaces: {
        shop: [
          ' resource: /persistentvolumeclaims name: /data-db-0 message: /Error backing up item error: /no snapshot class: for driver x',
        ],
      },
    },
    warnings: { cluster: [' resource: /clusterroles name: /reader message: /odd'] },
  };

  test('are told apart by kind, namespace and name', () => {
    const { errors, warnings } = readResults(results);

    expect(errors).toEqual([
      {
        resource: undefined,
        namespace: undefined,
        name: undefined,
        text: 'Error listing items: the server is busy',
      },
      {
        resource: 'persistentvolumeclaims',
        namespace: 'shop',
        name: 'data-db-0',
        text: 'Error backing up item: no snapshot class: for driver x',
      },
    ]);
    expect(warnings).toEqual([
      { resource: 'clusterroles', namespace: undefined, name: 'reader', text: 'odd' },
    ]);
  });

  test('name the item of an action in its error', () => {
    const item = '(groupResource=persistentvolumeclaims, namespace=shop, name=data-db-0)';
    const { errors } = readResults({
      errors: {
        velero: [` message: /Error backing up item error: /error executing custom action ${item}: timed out`],
      },
    });

    expect(errors).toMatchObject([
      { resource: 'persistentvolumeclaims', namespace: 'shop', name: 'data-db-0' },
    ]);
  });

  test('are found by object', () => {
    const { errors } = readResults(results);
    const claim = { resource: 'persistentvolumeclaims', namespace: 'shop', name: 'data-db-0' };

    expect(about(errors, claim)).toEqual(['Error backing up item: no snapshot class: for driver x']);
    expect(about(errors, { ...claim, namespace: 'other' })).toEqual([]);
    expect(about(errors, { ...claim, resource: 'secrets' })).toEqual([]);
  });
});

describe('results of a restore', () => {
  test('name their object in the text', () => {
    const { errors } = readResults({
      errors: {
        cluster: ['error restoring clusterroles.rbac.authorization.k8s.io/reader: is forbidden'],
        namespaces: {
          shop: [
            'error restoring deployments.apps/shop/web: admission webhook "policy" denied: cpu: missing',
            'could not restore, ConfigMap:settings already exists',
          ],
        },
      },
    });

    expect(errors.map(({ resource, namespace, name }) => [resource, namespace, name])).toEqual([
      ['clusterroles.rbac.authorization.k8s.io', undefined, 'reader'],
      ['deployments.apps', 'shop', 'web'],
      [undefined, 'shop', undefined],
    ]);
  });

  test('list what became of each object', () => {
    const restored = readRestored({
      'apps/v1/Deployment': ['shop/web(created)', 'shop/db(failed)'],
      'v1/Namespace': ['shop(skipped)'],
      'v1/Secret': ['not an entry', 7],
    });

    expect([...restored]).toEqual([
      ['Deployment.apps/shop/web', 'created'],
      ['Deployment.apps/shop/db', 'failed'],
      ['Namespace/shop', 'skipped'],
    ]);
  });
});

test('whatever else is in such a file is nothing, never a crash', () => {
  for (const odd of [undefined, null, 7, 'text', [], { errors: 7 }, { errors: { namespaces: [] } }])
    expect(readResults(odd)).toEqual({ errors: [], warnings: [] });
  expect(readRestored('text').size).toBe(0);
  expect(unpackJson(Buffer.from('not packed'))).toBeUndefined();
  expect(unpackJson(gzipSync('not json'))).toBeUndefined();
  expect(unpackJson(gzipSync('{"a":1}'))).toEqual({ a: 1 });
});
