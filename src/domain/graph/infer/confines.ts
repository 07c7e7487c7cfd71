/**
 * What confines pods from their first moment: NetworkPolicies isolate them,
 * LimitRanges give their containers defaults, ResourceQuotas count them. None is
 * named by a workload, and each is without effect on what was let through before
 * it: a pod that starts first talks to everybody, or runs without limits.
 */
import { arrayAt, fieldsAt, textAt } from '../../../api/fields.ts';
import { type KubeObject, objectKey, refOf } from '../../../api/object.ts';
import { grouped } from '../grouped.ts';
import { kindOf } from '../kinds.ts';
import { selectorAt } from '../labels.ts';
import { podTemplatesOf } from '../pod-template.ts';
import { perWorld } from '../world.ts';
import { POD_KINDS } from './pods.ts';
import type { Rule } from './rule.ts';

const POLICY = 'NetworkPolicy.networking.k8s.io';

export const confiningRules: readonly Rule[] = [
  {
    name: 'network-policy',
    kinds: POD_KINDS,
    reads: 'spec.podSelector of the NetworkPolicies of its namespace',
    certainty: 'certain',
    sentence: 'A NetworkPolicy isolates the pods that it selects, so it is there before them.',
    sees: 'others',
    find: (object, world) =>
      (policiesByWorkload(world).get(objectKey(object)) ?? []).map(({ policy }) => ({
        to: refOf(policy),
        field: `spec.podSelector of ${objectKey(policy)}`,
      })),
  },
  namespaceRule({
    name: 'limit-range',
    kind: 'LimitRange',
    sentence: 'A LimitRange gives pods and their containers limits when they are created.',
    isOfPods: (range) =>
      arrayAt(range, 'spec', 'limits').some((limit) => textAt(limit, 'type') !== 'PersistentVolumeClaim'),
  }),
  namespaceRule({
    name: 'resource-quota',
    kind: 'ResourceQuota',
    sentence: 'A ResourceQuota counts pods, or what they ask for, when they are created.',
    isOfPods: (quota) =>
      Object.keys(fieldsAt(quota, 'spec', 'hard') ?? {}).some((what) => COUNTED_OF_PODS.test(what)),
  }),
];

/** Names of quotas that are about pods (kubernetes.io/docs/concepts/policy/resource-quotas); others count volumes or objects. */
const COUNTED_OF_PODS =
  /^(?:(?:count\/)?pods|(?:requests\.|limits\.)?(?:cpu|memory|ephemeral-storage)|(?:requests\.)?hugepages-.+|requests\..+\/.+)$/;

interface NamespaceRule {
  readonly name: string;
  readonly kind: string;
  readonly sentence: string;
  readonly isOfPods: (object: KubeObject) => boolean;
}

function namespaceRule({ name, kind, sentence, isOfPods }: NamespaceRule): Rule {
  return {
    name,
    kinds: POD_KINDS,
    reads: 'metadata.namespace',
    certainty: 'certain',
    sentence,
    sees: 'others',
    find: (object, world) => {
      const { namespace } = object.metadata;
      const confining = ofNamespaces(world).get(kind)?.get(namespace) ?? [];
      if (confining.length === 0 || podTemplatesOf(object).length === 0) return [];
      return confining.filter(isOfPods).map((found) => ({ to: refOf(found), field: 'metadata.namespace' }));
    },
  };
}

const CONFINING: ReadonlySet<string> = new Set([POLICY, 'LimitRange', 'ResourceQuota']);

/** By kind, and by namespace. */
const ofNamespaces = perWorld((world) => {
  const confining = [...world.objects.values()].filter((object) => CONFINING.has(kindOf(object)));
  return new Map(
    [...grouped(confining, kindOf)].map(([kind, objects]) => [
      kind,
      grouped(objects, ({ metadata }) => metadata.namespace),
    ]),
  );
});

/** From the side of the policies: what a selector matches is found without asking every workload. */
const policiesByWorkload = perWorld((world) => {
  const matches = [...(ofNamespaces(world).get(POLICY) ?? [])].flatMap(([namespace = '', policies]) =>
    policies.flatMap((policy) => {
      const selector = selectorAt(policy, 'spec', 'podSelector') ?? {};
      return world.workloadsMatching(namespace, selector).map((workload) => ({ workload, policy }));
    }),
  );
  return grouped(matches, ({ workload }) => workload);
});
