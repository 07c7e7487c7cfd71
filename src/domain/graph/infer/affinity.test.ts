import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../api/object.ts';
import { anObject, aWorkload } from '../../../testing/objects.ts';
import { buildGraph } from '../order.ts';
import { references } from '../references.ts';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const beside = (app: string, term: object = {}) => ({
  affinity: { podAffinity: { [REQUIRED]: [{ labelSelector: { matchLabels: { app } }, ...term }] } },
});
const web = (pod: Readonly<Record<string, unknown>>) => aWorkload('Deployment', 'shop/web', pod);
const cache = aWorkload('StatefulSet', 'shop/cache');
const elsewhere = aWorkload('StatefulSet', 'data/cache');

const waitedFor = (...objects: readonly KubeObject[]) =>
  references(objects, { infer: true }).edges.filter(({ rule }) => rule === 'pod-affinity');

describe('a pod that must run beside others', () => {
  test('likely needs the workloads of its namespace whose pods they are', () => {
    expect(waitedFor(web(beside('cache')), cache, elsewhere)).toEqual([
      {
        from: 'Deployment.apps/shop/web',
        to: 'StatefulSet.apps/shop/cache',
        rule: 'pod-affinity',
        field: `spec.template.spec.affinity.podAffinity.${REQUIRED}[0].labelSelector`,
        certainty: 'likely',
      },
    ]);
  });

  test.each([
    ['that it lists', { namespaces: ['data'] }],
    ['that it selects', { namespaceSelector: { matchLabels: { tier: 'data' } } }],
  ])('needs those of the namespaces %s instead', (_, term) => {
    const namespace = anObject('Namespace', 'data', { metadata: { labels: { tier: 'data' } } });

    const found = waitedFor(web(beside('cache', term)), cache, elsewhere, namespace);

    expect(found.map(({ to }) => to)).toEqual(['StatefulSet.apps/data/cache']);
  });

  test.each<[string, readonly KubeObject[]]>([
    ['itself', [web(beside('web'))]],
    ['a Job, whose pods are gone once it is complete', [web(beside('load')), aWorkload('Job', 'shop/load')]],
    [
      'anything that a term without a selector means',
      [web(beside('cache', { labelSelector: undefined })), cache],
    ],
    [
      'what it only prefers, or keeps away from',
      [
        web({
          affinity: {
            podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ podAffinityTerm: {} }] },
            podAntiAffinity: { [REQUIRED]: [{ labelSelector: { matchLabels: { app: 'cache' } } }] },
          },
        }),
        cache,
      ],
    ],
  ])('does not wait for %s', (_, objects) => {
    expect(waitedFor(...objects)).toEqual([]);
  });

  test('starts together with one that asks for it in turn', () => {
    const result = buildGraph(
      [web(beside('cache')), aWorkload('StatefulSet', 'shop/cache', beside('web'))],
      [],
      true,
      [],
    );

    expect(result).toMatchObject({ kind: 'graph', graph: { edges: [] } });
  });
});
