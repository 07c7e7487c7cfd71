/**
 * What the workloads of a recovery point ask of the recovery cluster: how many
 * pods, and what one of them requests. The arithmetic is the scheduler's
 * (KEP-753 for sidecars, KEP-2837 for requests of the pod as a whole).
 */
import { arrayAt, at, fieldsAt, numberAt, textAt } from '../../api/fields.ts';
import { groupOf, type KubeObject, objectKey } from '../../api/object.ts';
import { isCustom, kindOf } from '../graph/kinds.ts';
import { type Labels, matches, selectorAt } from '../graph/labels.ts';
import { podTemplatesOf } from '../graph/pod-template.ts';
import { type Amounts, amountsAt, most, plus } from './capacity-quantity.ts';

export interface Demand {
  /** refKey of the workload. */
  readonly key: string;
  readonly namespace: string | undefined;
  readonly labels: Labels;
  /** Its pods that run at the same time; `each-node` for a DaemonSet, whose nodes decide. */
  readonly pods: number | 'each-node';
  /** Runs only now and then (CronJob): must fit, but nothing is kept free for it. */
  readonly isOccasional: boolean;
  /** Of one pod, with `pods: 1`. */
  readonly requests: Amounts;
  /** Of one pod, as quotas count them. */
  readonly limits: Amounts;
  /** The spec of its pods, for what it asks of nodes. */
  readonly pod: unknown;
  /** No two of its pods may share a node. */
  readonly isAlone: boolean;
}

/**
 * The demands of all objects that run pods, in their order. Custom resources are
 * left out: how many pods come of one is known to its operator alone.
 */
export function demandsOf(objects: readonly KubeObject[]): readonly Demand[] {
  const autoscaled = minimumReplicas(objects);
  return objects.flatMap((object) => {
    const demand = demandOf(object, autoscaled.get(scaleTarget(object.metadata.namespace, object)) ?? 0);
    return demand ?? [];
  });
}

function demandOf(object: KubeObject, atLeast: number): Demand | undefined {
  const [template] = isCustom(groupOf(object.apiVersion)) ? [] : podTemplatesOf(object);
  if (template === undefined) return undefined;
  const { labels } = template;
  const pods = podsOf(object);
  return {
    key: objectKey(object),
    namespace: object.metadata.namespace,
    labels,
    pods: pods === 'each-node' || pods === 0 ? pods : Math.max(pods, atLeast),
    isOccasional: kindOf(object) === 'CronJob.batch',
    requests: plus(podAmounts(template.spec, 'requests'), new Map([['pods', 1]])),
    limits: podAmounts(template.spec, 'limits'),
    pod: template.spec,
    isAlone: isAlone(template.spec, labels),
  };
}

/** Zero stays zero: a workload that is scaled down is not scaled up by its autoscaler. */
function podsOf(object: KubeObject): number | 'each-node' {
  switch (kindOf(object)) {
    case 'DaemonSet.apps':
      return 'each-node';
    case 'Pod':
      return 1;
    case 'Job.batch':
      return jobPods(object, 'spec');
    case 'CronJob.batch':
      return isSuspended(object, 'spec') ? 0 : jobPods(object, 'spec', 'jobTemplate', 'spec');
    default:
      return numberAt(object, 'spec', 'replicas') ?? 1;
  }
}

/** A suspended Job waits for whoever suspended it: a person, or a queue that resumes it when there is room. */
function jobPods(object: KubeObject, ...path: readonly string[]): number {
  if (isSuspended(object, ...path)) return 0;
  const spec = fieldsAt(object, ...path);
  const parallelism = numberAt(spec, 'parallelism') ?? 1;
  return Math.min(parallelism, numberAt(spec, 'completions') ?? parallelism);
}

const isSuspended = (object: KubeObject, ...path: readonly string[]): boolean =>
  at(object, ...path, 'suspend') === true;

const scaleTarget = (namespace: string | undefined, { kind, metadata }: KubeObject): string =>
  `${namespace ?? ''}/${kind}/${metadata.name}`;

/** By target: what its autoscaler will not go below. */
function minimumReplicas(objects: readonly KubeObject[]): ReadonlyMap<string, number> {
  return new Map(
    objects
      .filter((object) => kindOf(object) === 'HorizontalPodAutoscaler.autoscaling')
      .map((object) => {
        const kind = textAt(object, 'spec', 'scaleTargetRef', 'kind') ?? '';
        const name = textAt(object, 'spec', 'scaleTargetRef', 'name') ?? '';
        const target = `${object.metadata.namespace ?? ''}/${kind}/${name}`;
        return [target, numberAt(object, 'spec', 'minReplicas') ?? 1] as const;
      }),
  );
}

/** What one pod counts for: containers and sidecars together, or the greediest init container with the sidecars before it. */
export function podAmounts(spec: unknown, which: 'requests' | 'limits'): Amounts {
  const running = plus(...arrayAt(spec, 'containers').map((container) => containerAmounts(container, which)));
  let sidecars: Amounts = new Map();
  let starting: Amounts = new Map();
  for (const container of arrayAt(spec, 'initContainers')) {
    const own = plus(containerAmounts(container, which), sidecars);
    if (textAt(container, 'restartPolicy') === 'Always') sidecars = own;
    starting = most(starting, own);
  }
  const containers = most(plus(running, sidecars), starting);
  const whole = new Map([...containers, ...amountsAt(spec, 'resources', which)]);
  return plus(whole, amountsAt(spec, 'overhead'));
}

/** A request that is not given is the limit: the server fills it in when the pod is made. */
function containerAmounts(container: unknown, which: 'requests' | 'limits'): Amounts {
  const limits = amountsAt(container, 'resources', 'limits');
  return which === 'limits' ? limits : new Map([...limits, ...amountsAt(container, 'resources', 'requests')]);
}

/** A port of the node, or required anti-affinity to its own kind by host. */
function isAlone(spec: unknown, labels: Labels): boolean {
  const usesHostPort = arrayAt(spec, 'containers').some((container) =>
    arrayAt(container, 'ports').some((port) => (numberAt(port, 'hostPort') ?? 0) > 0),
  );
  const terms = arrayAt(
    fieldsAt(spec, 'affinity', 'podAntiAffinity'),
    'requiredDuringSchedulingIgnoredDuringExecution',
  );
  return usesHostPort || terms.some((term) => repels(term, labels));
}

function repels(term: unknown, labels: Labels): boolean {
  const selector = selectorAt(term, 'labelSelector');
  return (
    textAt(term, 'topologyKey') === 'kubernetes.io/hostname' &&
    selector !== undefined &&
    matches(selector, labels)
  );
}
