/** Rows of what confines pods: policies, limits and quotas that are to be there before them. */
import { anObject, aWorkload } from '../../../../testing/objects.ts';
import { policy, type Row, web } from './row.ts';

/** What a workload meets in its namespace. */
export const inConfines: readonly Row[] = [
  {
    rule: 'network-policy',
    from: web({}),
    besides: [
      policy('shop/deny', {}),
      policy('shop/web', { matchLabels: { app: 'web' } }),
      policy('shop/db', { matchLabels: { app: 'db' } }),
      policy('other/deny', {}),
    ],
    to: 'NetworkPolicy.networking.k8s.io/shop/deny',
    field: 'spec.podSelector of NetworkPolicy.networking.k8s.io/shop/deny',
  },
  {
    rule: 'network-policy',
    from: web({}),
    besides: [policy('shop/web', { matchExpressions: [{ key: 'app', operator: 'In', values: ['web'] }] })],
    to: 'NetworkPolicy.networking.k8s.io/shop/web',
    field: 'spec.podSelector of NetworkPolicy.networking.k8s.io/shop/web',
  },
  {
    rule: 'limit-range',
    from: aWorkload('Job', 'shop/migrate'),
    besides: [
      anObject('LimitRange', 'shop/l', { spec: { limits: [{ type: 'Container' }] } }),
      anObject('LimitRange', 'shop/volumes', { spec: { limits: [{ type: 'PersistentVolumeClaim' }] } }),
      anObject('LimitRange', 'other/l', { spec: { limits: [{ type: 'Container' }] } }),
    ],
    to: 'LimitRange/shop/l',
    field: 'metadata.namespace',
  },
  {
    rule: 'resource-quota',
    from: web({}),
    besides: [
      anObject('ResourceQuota', 'shop/q', { spec: { hard: { 'limits.cpu': '4', services: '9' } } }),
      anObject('ResourceQuota', 'shop/volumes', {
        spec: { hard: { 'requests.storage': '1Ti', 'count/secrets': '9' } },
      }),
    ],
    to: 'ResourceQuota/shop/q',
    field: 'metadata.namespace',
  },
];
