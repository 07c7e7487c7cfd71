/** What watches over a workload, and therefore comes after it. */
import { at, textAt } from '../../../api/fields.ts';
import { groupOf } from '../../../api/object.ts';
import { selectorAt } from '../labels.ts';
import { beside, foundByKey, type Rule } from './rule.ts';

export const scalingRules: readonly Rule[] = [
  {
    name: 'scale-target',
    kinds: ['HorizontalPodAutoscaler.autoscaling'],
    reads: 'spec.scaleTargetRef',
    certainty: 'certain',
    sentence: 'An autoscaler comes after the workload whose replicas it sets.',
    find: (autoscaler) => {
      const target = at(autoscaler, 'spec', 'scaleTargetRef');
      const kind = textAt(target, 'kind');
      const group = groupOf(textAt(target, 'apiVersion') ?? '');
      if (kind === undefined) return [];
      return beside(autoscaler, { group, kind, name: at(target, 'name') }, 'spec.scaleTargetRef');
    },
  },
  {
    name: 'disruption-budget',
    kinds: ['PodDisruptionBudget.policy'],
    reads: 'spec.selector',
    certainty: 'certain',
    sentence: 'A budget comes after the workloads whose pods it protects.',
    sees: 'others',
    find: (budget, world) => {
      const { namespace } = budget.metadata;
      const selector = selectorAt(budget, 'spec', 'selector');
      if (namespace === undefined || selector === undefined) return [];
      return world
        .workloadsMatching(namespace, selector)
        .flatMap((key) => foundByKey(key, { field: 'spec.selector', optional: true }));
    },
  },
];
