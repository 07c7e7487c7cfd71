/** What watches over a workload, and therefore comes after it. */
import { at, textAt } from '../../../api/fields.ts';
import { groupOf, parseRefKey } from '../../../api/object.ts';
import { selectorAt } from '../labels.ts';
import { beside, type Rule } from './rule.ts';

export const scalingRules: readonly Rule[] = [
  {
    name: 'scale-target',
    kinds: ['HorizontalPodAutoscaler.autoscaling'],
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
    find: (budget, world) => {
      const { namespace } = budget.metadata;
      const selector = selectorAt(budget, 'spec', 'selector');
      if (namespace === undefined || selector === undefined) return [];
      return world.workloadsMatching(namespace, selector).flatMap((key) => {
        const to = parseRefKey(key);
        return to === undefined ? [] : [{ to, field: 'spec.selector', optional: true }];
      });
    },
  },
];
