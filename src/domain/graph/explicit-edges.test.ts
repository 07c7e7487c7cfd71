import { describe, expect, it } from 'vitest';
import { explicitEdges } from './explicit-edges.ts';

const keys = [
  'Deployment.apps/shop/web',
  'StatefulSet.apps/shop/db',
  'Service/shop/web',
  'Service.serving.knative.dev/shop/web',
  'Cluster.db.example/shop/main',
  'Cluster.kafka.example/shop/main',
  'Namespace/shop',
];
const leftOut = [{ key: 'Job.batch/shop/migrate', reason: 'Completed' as const }];
const resolve = (before: string, after: string) => explicitEdges([{ before, after }], keys, leftOut);

describe('explicitEdges', () => {
  it.each([
    ['StatefulSet.apps/shop/db', 'Deployment.apps/shop/web'],
    ['StatefulSet/shop/db', 'Deployment/shop/web'],
  ])('makes %s come before %s', (before, after) => {
    expect(resolve(before, after)).toEqual({
      kind: 'edges',
      edges: [
        {
          from: 'Deployment.apps/shop/web',
          to: 'StatefulSet.apps/shop/db',
          rule: 'explicit',
          field: 'spec.dependencies.edges[0]',
          certainty: 'certain',
        },
      ],
    });
  });

  it.each([
    ['the core kind wins over others of its name', 'Service/shop/web', 'Service/shop/web'],
    ['a group tells apart', 'Cluster.kafka.example/shop/main', 'Cluster.kafka.example/shop/main'],
    ['cluster-scoped objects have no namespace', 'Namespace/shop', 'Namespace/shop'],
  ])('%s', (_, text, key) => {
    expect(resolve(text, 'Deployment/shop/web')).toMatchObject({ kind: 'edges', edges: [{ to: key }] });
  });

  it.each([
    ['Job/shop/migrate', 'Deployment/shop/web'],
    ['Job.batch/shop/migrate', 'Deployment/shop/web'],
    ['Deployment/shop/web', 'Job/shop/migrate'],
  ])('is satisfied when an end is left out: %s before %s', (before, after) => {
    expect(resolve(before, after)).toEqual({ kind: 'edges', edges: [] });
  });

  it.each([
    ['Deployment/shop/api', 'Deployment/shop/web', 'Deployment/shop/api'],
    ['Deployment/shop/web', 'Deployment/other/web', 'Deployment/other/web'],
    ['Deployment.extensions/shop/web', 'StatefulSet/shop/db', 'Deployment.extensions/shop/web'],
    ['Job.other/shop/migrate', 'StatefulSet/shop/db', 'Job.other/shop/migrate'],
    ['Deployment', 'StatefulSet/shop/db', 'Deployment'],
  ])('names what it does not know: %s before %s', (before, after, key) => {
    expect(resolve(before, after)).toEqual({ kind: 'unknown-edge', key, edge: { before, after } });
  });

  it('offers the candidates of an ambiguous name', () => {
    expect(resolve('Cluster/shop/main', 'Deployment/shop/web')).toEqual({
      kind: 'unknown-edge',
      key: 'Cluster/shop/main',
      edge: { before: 'Cluster/shop/main', after: 'Deployment/shop/web' },
      candidates: ['Cluster.db.example/shop/main', 'Cluster.kafka.example/shop/main'],
    });
  });
});
