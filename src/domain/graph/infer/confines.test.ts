import { describe, expect, test } from 'vitest';
import { objectKey } from '../../../api/object.ts';
import { anObject, aWorkload } from '../../../testing/objects.ts';
import { buildGraph } from '../order.ts';

const web = aWorkload('Deployment', 'shop/web');
const db = aWorkload('StatefulSet', 'shop/db');
const deny = anObject('NetworkPolicy', 'shop/deny', { spec: { podSelector: {} } });
const range = anObject('LimitRange', 'shop/l', { spec: { limits: [{ type: 'Container' }] } });
const quota = anObject('ResourceQuota', 'shop/q', { spec: { hard: { pods: '9' } } });

const graphOf = (objects: Parameters<typeof buildGraph>[0]) => {
  const result = buildGraph(objects, [], true, []);
  if (result.kind !== 'graph') throw new Error(result.kind);
  return result.graph;
};

describe('what confines pods', () => {
  test('goes first in the unit of the only workload that it confines', () => {
    const { units } = graphOf([web, deny, range, quota]);

    expect(units.map(({ objects }) => objects)).toEqual([[quota, range, deny, web].map(objectKey)]);
  });

  test('is a unit of its own, before each of several workloads', () => {
    const { edges } = graphOf([web, db, deny]);

    expect(edges.map(({ from, to }) => [from, to])).toEqual([
      [objectKey(web), objectKey(deny)],
      [objectKey(db), objectKey(deny)],
    ]);
  });

  test('goes first even when the workload owns it', () => {
    const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'u' };
    const owned = { ...deny, metadata: { ...deny.metadata, ownerReferences: [owner] } };

    const { units } = graphOf([web, owned]);

    expect(units.map(({ objects }) => objects)).toEqual([[deny, web].map(objectKey)]);
  });
});
