import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/object.ts';
import { anObject, aWorkload, ownedBy } from '../../../testing/objects.ts';
import { buildGraph } from '../order.ts';
import { references } from '../references.ts';

const CONFIG = 'ValidatingWebhookConfiguration.admissionregistration.k8s.io/guard';
const webhook = (fields: object) =>
  anObject('ValidatingWebhookConfiguration', 'guard', {
    apiVersion: 'admissionregistration.k8s.io/v1',
    webhooks: [{ clientConfig: { service: { namespace: 'shop', name: 'guard' } }, ...fields }],
  });
const rule = (fields: object) => ({
  rules: [{ operations: ['CREATE'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'], ...fields }],
});
const backend = [
  anObject('Service', 'shop/guard', { spec: { selector: { app: 'guard' } } }),
  aWorkload('Deployment', 'shop/guard', {
    serviceAccountName: 'guard',
    volumes: [{ name: 'c', secret: { secretName: 'guard-tls' } }],
  }),
  anObject('Secret', 'shop/guard-tls'),
  anObject('ServiceAccount', 'shop/guard'),
  anObject('Namespace', 'shop', { metadata: { labels: { guarded: 'yes' } } }),
  anObject('PodDisruptionBudget', 'shop/guard', { spec: { selector: { matchLabels: { app: 'guard' } } } }),
];
const web = aWorkload('Deployment', 'shop/web');
const ingress = anObject('Ingress', 'shop/front', { metadata: { labels: { tier: 'front' } } });
const role = anObject('ClusterRole', 'reader');

const judged = (objects: readonly KubeObject[]) =>
  references(objects, { infer: true })
    .edges.filter((edge) => edge.rule === 'judged-by-webhook')
    .map(({ from, to, field, certainty }) => ({ from, to, field, certainty }));
const isJudged = (settings: object, object: KubeObject) =>
  judged([...backend, webhook(settings), object]).length > 0;

describe('objects that a webhook judges', () => {
  it('wait for its registration, which waits for what answers it', () => {
    const result = buildGraph(
      [...backend, webhook(rule({ resources: ['ingresses'] })), ingress],
      [],
      true,
      [],
    );

    const edges = result.kind === 'graph' ? result.graph.edges : [];
    expect(edges.map(({ from, to }) => [from, to])).toEqual(
      expect.arrayContaining([
        ['Ingress.networking.k8s.io/shop/front', CONFIG],
        [CONFIG, 'Deployment.apps/shop/guard'],
      ]),
    );
    expect(result.kind === 'graph' && result.warnings).toEqual([]);
  });

  it('are told with the webhook and its rules', () => {
    expect(judged([...backend, webhook(rule({ resources: ['ingresses'] })), ingress])).toEqual([
      {
        from: 'Ingress.networking.k8s.io/shop/front',
        to: CONFIG,
        field: `webhooks[0].rules of ${CONFIG}`,
        certainty: 'likely',
      },
    ]);
  });

  it('never are what the webhook itself needs to be answered, nor what watches over that', () => {
    const edges = judged([...backend, webhook(rule({})), web]);

    expect(edges.map(({ from }) => from)).toEqual(['Deployment.apps/shop/web']);
    const result = buildGraph([...backend, webhook(rule({})), web], [], true, []);
    expect(result).toMatchObject({ kind: 'graph', warnings: [] });
  });

  it.each<{ what: string; settings: object; object: KubeObject; is: boolean }>([
    {
      what: 'its kind',
      settings: rule({ apiGroups: ['apps'], resources: ['deployments'] }),
      object: web,
      is: true,
    },
    { what: 'another kind', settings: rule({ resources: ['services'] }), object: web, is: false },
    { what: 'another group', settings: rule({ apiGroups: ['batch'] }), object: ingress, is: false },
    { what: 'another version', settings: rule({ apiVersions: ['v1beta1'] }), object: ingress, is: false },
    { what: 'deletion only', settings: rule({ operations: ['DELETE'] }), object: web, is: false },
    {
      what: 'the pods of a workload',
      settings: rule({ apiGroups: [''], resources: ['pods'] }),
      object: web,
      is: true,
    },
    {
      what: 'pods with its labels',
      settings: {
        ...rule({ apiGroups: [''], resources: ['pods'] }),
        objectSelector: { matchLabels: { app: 'web' } },
      },
      object: web,
      is: true,
    },
    {
      what: 'pods with other labels',
      settings: {
        ...rule({ apiGroups: [''], resources: ['pods'] }),
        objectSelector: { matchLabels: { app: 'x' } },
      },
      object: web,
      is: false,
    },
    {
      what: 'objects with its labels',
      settings: { ...rule({}), objectSelector: { matchLabels: { tier: 'front' } } },
      object: ingress,
      is: true,
    },
    {
      what: 'its namespace, by label',
      settings: { ...rule({}), namespaceSelector: { matchLabels: { guarded: 'yes' } } },
      object: ingress,
      is: true,
    },
    {
      what: 'all namespaces but its own, by name',
      settings: {
        ...rule({}),
        namespaceSelector: {
          matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['shop'] }],
        },
      },
      object: ingress,
      is: false,
    },
    { what: 'cluster-scoped kinds only', settings: rule({ scope: 'Cluster' }), object: ingress, is: false },
    {
      what: 'cluster-scoped kinds only, being one',
      settings: rule({ scope: 'Cluster' }),
      object: role,
      is: true,
    },
    {
      what: 'namespaced kinds only, not being one',
      settings: rule({ scope: 'Namespaced' }),
      object: role,
      is: false,
    },
  ])('a webhook for $what: $is', ({ settings, object, is }) => {
    expect(isJudged(settings, object)).toBe(is);
  });

  it('are found by the plural that their definition gives', () => {
    const definition = anObject('CustomResourceDefinition', 'oxen.farm.example', {
      spec: { group: 'farm.example', names: { kind: 'Ox', plural: 'oxen' } },
    });
    const ox = anObject('Ox', 'shop/bob', { apiVersion: 'farm.example/v1' });

    const edges = judged([...backend, webhook(rule({ resources: ['oxen'] })), definition, ox]);

    expect(edges.map(({ from }) => from)).toEqual(['Ox.farm.example/shop/bob']);
  });

  it('of two webhooks that judge each other’s backends start all the same, and people are told', () => {
    const other = anObject('MutatingWebhookConfiguration', 'other', {
      apiVersion: 'admissionregistration.k8s.io/v1',
      webhooks: [
        { clientConfig: { service: { namespace: 'shop', name: 'other' } }, ...rule({ resources: ['pods'] }) },
      ],
    });
    const objects = [
      ...backend,
      webhook(rule({ resources: ['pods'] })),
      other,
      anObject('Service', 'shop/other', { spec: { selector: { app: 'other' } } }),
      aWorkload('Deployment', 'shop/other'),
      anObject('Pod', 'shop/owned', { metadata: { ownerReferences: [ownedBy(web)] } }),
    ];

    const result = buildGraph(objects, [], true, []);

    expect(result.kind).toBe('graph');
    expect(result.kind === 'graph' && result.warnings.length).toBe(2);
  });
});
