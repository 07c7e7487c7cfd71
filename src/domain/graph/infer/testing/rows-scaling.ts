/** Rows of what scales workloads and of what keeps enough of them. */
import { anObject, aWorkload } from '../../../../testing/objects.ts';
import { type Row, web } from './row.ts';

/** What autoscalers and budgets are for. */
export const inScaling: readonly Row[] = [
  {
    rule: 'scale-target',
    from: anObject('HorizontalPodAutoscaler', 'shop/web', {
      spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } },
    }),
    to: 'Deployment.apps/shop/web',
    field: 'spec.scaleTargetRef',
  },
  {
    rule: 'disruption-budget',
    from: anObject('PodDisruptionBudget', 'shop/web', {
      spec: { selector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'x'] }] } },
    }),
    besides: [web({}), aWorkload('Deployment', 'shop/other')],
    to: 'Deployment.apps/shop/web',
    field: 'spec.selector',
    optional: true,
  },
];
