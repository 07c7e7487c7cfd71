/** Rows of what every object has: its namespace, its kind and its owners. */
import { anObject, ownedBy } from '../../../../testing/objects.ts';
import { promotion, type Row, web } from './row.ts';

const campaign = anObject('Campaign', 'summer', { apiVersion: 'shop.example/v1' });

/** What holds without inference too. */
export const inStructure: readonly Row[] = [
  {
    rule: 'namespace',
    from: anObject('ConfigMap', 'shop/cfg'),
    to: 'Namespace/shop',
    field: 'metadata.namespace',
  },
  {
    rule: 'definition',
    from: promotion(),
    to: 'CustomResourceDefinition.apiextensions.k8s.io/promotions.shop.example',
    field: 'apiVersion',
  },
  {
    rule: 'definition',
    from: promotion(),
    besides: [
      anObject('CustomResourceDefinition', 'promos.shop.example', {
        spec: { group: 'shop.example', names: { kind: 'Promotion' } },
      }),
    ],
    to: 'CustomResourceDefinition.apiextensions.k8s.io/promos.shop.example',
    field: 'apiVersion',
  },
  {
    rule: 'aggregated-api',
    from: promotion(),
    besides: [
      anObject('APIService', 'v1.shop.example', {
        spec: { group: 'shop.example', version: 'v1', service: { namespace: 'shop', name: 'api' } },
      }),
    ],
    to: 'APIService.apiregistration.k8s.io/v1.shop.example',
    field: 'apiVersion',
  },
  {
    rule: 'owner',
    from: anObject('ConfigMap', 'shop/cfg', { metadata: { ownerReferences: [ownedBy(web({}))] } }),
    to: 'Deployment.apps/shop/web',
    field: 'metadata.ownerReferences[0]',
  },
  ...[[], [campaign]].map((besides) => ({
    rule: 'owner',
    from: anObject('ConfigMap', 'shop/cfg', {
      metadata: { ownerReferences: [ownedBy(anObject('ConfigMap', 'shop/first')), ownedBy(campaign)] },
    }),
    besides,
    to: 'Campaign.shop.example/summer',
    field: 'metadata.ownerReferences[1]',
  })),
];
