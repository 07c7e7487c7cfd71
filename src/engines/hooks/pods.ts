/** Finds the Pods that a hook is for, and says in words why there is none. */
import { arrayAt, at, textAt } from '../../api/fields.ts';
import type { KubeObject } from '../../api/object.ts';
import type { HookSpec } from '../../api/v1alpha1/dr-scenario-volumes.ts';
import type { Cluster, ResourceType } from '../../kube/cluster.ts';

/** Pods that are named in a message. */
export const TOLD = 3;

const PODS: ResourceType = {
  group: '',
  version: 'v1',
  resource: 'pods',
  kind: 'Pod',
  namespaced: true,
  verbs: ['list'],
};

export const podsText = (number: number): string => (number === 1 ? '1 Pod' : `${number} Pods`);

/** Where a command runs. */
export interface Place {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly container: string;
  /** Whether the Pod is being deleted. */
  readonly isLeaving: boolean;
}

/** `again`: there may be one later. */
interface NoPods {
  readonly problem: string;
  readonly again: boolean;
}

/**
 * The running Pods it is for, or why there is none. A Pod that is being deleted
 * counts only for what undoes something: it cannot end while it is frozen.
 * @throws KubeError
 */
export async function podsFor(
  hook: HookSpec,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<{ readonly pods: readonly Place[] } | NoPods> {
  const { namespace, podSelector, when } = hook;
  const labelSelector = Object.entries(podSelector)
    .map(([label, value]) => `${label}=${value}`)
    .join(',');
  const { items } = await cluster.list(PODS, { namespace, labelSelector }, signal);
  const where = `namespace ${namespace} of ${cluster.name}`;
  // Where there is no Pod, nothing is to be undone.
  const again = when !== 'AfterCapture';
  if (items.length === 0)
    return {
      problem: `no Pod in ${where} has the labels ${labelSelector}: correct its podSelector or namespace, or remove the hook`,
      again,
    };
  const running = items.filter((pod) => isRunning(pod) && (when === 'AfterCapture' || !isLeaving(pod)));
  if (running.length === 0)
    return {
      problem: `none of the ${podsText(items.length)} with the labels ${labelSelector} in ${where} is running (${phasesOf(items)})`,
      again: true,
    };
  const pods = running.flatMap((pod) => placeIn(pod, hook.container) ?? []);
  if (pods.length > 0) return { pods };
  const containers = [...new Set(running.flatMap(containersOf))].toSorted().join(', ');
  return {
    problem: `no Pod with the labels ${labelSelector} in ${where} has a container ${hook.container}: set container to one of ${containers}`,
    again,
  };
}

const isRunning = (pod: KubeObject): boolean => textAt(pod, 'status', 'phase') === 'Running';
const isLeaving = ({ metadata }: KubeObject): boolean => metadata.deletionTimestamp !== undefined;

function phasesOf(pods: readonly KubeObject[]): string {
  const phase = (pod: KubeObject): string =>
    isLeaving(pod) ? 'Terminating' : (textAt(pod, 'status', 'phase') ?? 'Unknown');
  return pods
    .slice(0, TOLD)
    .map((pod) => `${pod.metadata.name} is ${phase(pod)}`)
    .join(', ');
}

const containersOf = (pod: KubeObject): readonly string[] =>
  arrayAt(at(pod, 'spec'), 'containers').flatMap((container) => textAt(container, 'name') ?? []);

/** Of a Pod with sidecars, as `kubectl exec` takes it. */
const defaultContainer = ({ metadata }: KubeObject): string | undefined =>
  metadata.annotations?.['kubectl.kubernetes.io/default-container'];

function placeIn(pod: KubeObject, wanted: string | undefined): Place | undefined {
  const names = containersOf(pod);
  const isThere = (container: string | undefined) => names.find((name) => name === container);
  const container = wanted === undefined ? (isThere(defaultContainer(pod)) ?? names[0]) : isThere(wanted);
  const { namespace = '', name, uid = name } = pod.metadata;
  return container === undefined ? undefined : { namespace, name, uid, container, isLeaving: isLeaving(pod) };
}
