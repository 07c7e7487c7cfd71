/**
 * To which workload of a recovery point a pod of the recovery cluster belongs:
 * what runs there already, from an earlier recovery, is not asked for twice.
 */
import { textAt } from '../../api/fields.ts';
import { type KubeObject, objectKey, parseRefKey } from '../../api/object.ts';
import { grouped } from '../graph/grouped.ts';
import { matches } from '../graph/labels.ts';
import type { Demand } from './capacity-demand.ts';

/** @returns finds the workload of a pod; of several whose labels it has, the one with the most of them */
export function ownerAmong(demands: readonly Demand[]): (pod: KubeObject) => Demand | undefined {
  const byKey = new Map(demands.map((demand) => [demand.key, demand]));
  const byNamespace = grouped(
    demands.filter(hasPodsOfItsLabels).toSorted((a, b) => labelsOf(b) - labelsOf(a)),
    ({ namespace }) => namespace,
  );
  return (pod) =>
    byKey.get(objectKey(pod)) ??
    byNamespace
      .get(pod.metadata.namespace)
      ?.find(({ labels }) => matches({ matchLabels: labels }, pod.metadata.labels ?? {}));
}

/** A bare Pod is known by its name alone. */
const hasPodsOfItsLabels = (demand: Demand): boolean =>
  labelsOf(demand) > 0 && parseRefKey(demand.key)?.kind !== 'Pod';

const labelsOf = ({ labels }: Demand): number => Object.keys(labels).length;

/** It takes no room on its node, and quotas do not count what it requests. */
export function hasEnded(pod: KubeObject): boolean {
  const phase = textAt(pod, 'status', 'phase');
  return phase === 'Succeeded' || phase === 'Failed';
}
