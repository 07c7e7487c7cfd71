/**
 * Pods that are placed beside others. Until one of those runs, required affinity
 * leaves a pod pending. Only likely: workloads that ask for each other are common,
 * and whichever starts first is let through by the scheduler when it matches
 * itself. Preferred affinity, anti-affinity and topology spread wait for nobody.
 */
import { arrayAt } from '../../../api/fields.ts';
import { parseRefKey } from '../../../api/object.ts';
import { kindName, kindOf } from '../kinds.ts';
import { type Labels, matches, selectorAt } from '../labels.ts';
import { podTemplatesOf } from '../pod-template.ts';
import { perWorld, type World } from '../world.ts';
import { POD_KINDS } from './pods.ts';
import { CROWD, foundByKey, type Rule } from './rule.ts';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';

export const affinityRule: Rule = {
  name: 'pod-affinity',
  kinds: POD_KINDS,
  reads: `spec.template.spec.affinity.podAffinity.${REQUIRED}[*]`,
  certainty: 'likely',
  sentence: 'A pod that must run beside others is not placed before they are.',
  sees: 'others',
  find: (object, world) =>
    podTemplatesOf(object).flatMap((template) =>
      arrayAt(template.spec, 'affinity', 'podAffinity', REQUIRED).flatMap((term, index) => {
        const keys = besideWhom(term, object.metadata.namespace, world);
        const field = `${template.path}.affinity.podAffinity.${REQUIRED}[${index}].labelSelector`;
        return keys.length > CROWD ? [] : keys.flatMap((key) => foundByKey(key, { field, optional: true }));
      }),
    ),
};

/** Their pods have run to an end when they are ready, or do not run yet. */
const NOT_RUNNING: ReadonlySet<string> = new Set(['Job.batch', 'CronJob.batch']);

/** Keys of the workloads whose running pods a term asks for. A term without a selector asks for none. */
function besideWhom(term: unknown, own: string | undefined, world: World): readonly string[] {
  const selector = selectorAt(term, 'labelSelector');
  if (selector === undefined || own === undefined) return [];
  return namespacesOf(term, own, world)
    .flatMap((namespace) => world.workloadsMatching(namespace, selector))
    .filter((key) => {
      const ref = parseRefKey(key);
      return ref !== undefined && !NOT_RUNNING.has(kindName(ref.group, ref.kind));
    });
}

/** Those it lists and those it selects; its own when it does neither. */
function namespacesOf(term: unknown, own: string, world: World): readonly string[] {
  const listed = arrayAt(term, 'namespaces').filter((name) => typeof name === 'string');
  const selector = selectorAt(term, 'namespaceSelector');
  if (selector === undefined) return listed.length === 0 ? [own] : listed;
  const selected = [...namespaceLabels(world)].flatMap(([name, labels]) =>
    matches(selector, labels) ? name : [],
  );
  return [...new Set([...listed, ...selected])];
}

const namespaceLabels = perWorld((world): ReadonlyMap<string, Labels> => {
  const namespaces = [...world.objects.values()].filter((object) => kindOf(object) === 'Namespace');
  return new Map(
    namespaces.map(({ metadata: { name, labels } }) => [
      name,
      { ...labels, 'kubernetes.io/metadata.name': name },
    ]),
  );
});
