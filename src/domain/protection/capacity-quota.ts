/**
 * Whether the ResourceQuotas of the recovery cluster leave room for all that a
 * recovery brings. A dry-run asks for one object at a time and so sees only a
 * quota that is full already; here everything that is new is summed up, and the
 * pods that are still to be started, also of workloads that are there without
 * them (in a standby). Quotas with scopes count only some pods, and are left to
 * the dry-run.
 */
import { arrayAt, fieldsAt, textAt } from '../../api/fields.ts';
import { groupOf, type KubeObject, objectKey } from '../../api/object.ts';
import { grouped } from '../graph/grouped.ts';
import { kindOf } from '../graph/kinds.ts';
import { storageClassOf } from '../graph/storage-class.ts';
import { type Demand, podAmounts } from './capacity-demand.ts';
import { hasEnded, ownerAmong } from './capacity-owner.ts';
import { type Amounts, amount, amountsAt, beyond, formatAmount, plus, times } from './capacity-quantity.ts';
import type { Finding } from './feasibility-finding.ts';

/** An object that the recovery cluster does not have yet. */
export interface NewObject {
  readonly object: KubeObject;
  /** Its plural name there, e.g. `deployments`. */
  readonly resource: string;
}

/**
 * @param quotas ResourceQuotas of the recovery cluster, as they are
 * @param demands of all workloads of which the pods are known
 * @param pods of the recovery cluster: those that run for a workload are counted by the quotas already
 */
export function quotaFindings(
  quotas: readonly KubeObject[],
  added: readonly NewObject[],
  demands: readonly Demand[],
  pods: readonly KubeObject[],
): readonly Finding[] {
  if (quotas.length === 0) return [];
  const running = grouped(
    pods.filter((pod) => !hasEnded(pod)),
    ownerAmong(demands),
  );
  return quotas.flatMap((quota) => {
    const isScoped =
      arrayAt(quota, 'spec', 'scopes').length > 0 || fieldsAt(quota, 'spec', 'scopeSelector') !== undefined;
    if (isScoped) return [];
    const { namespace } = quota.metadata;
    const wanted = plus(
      ...added.filter(({ object }) => object.metadata.namespace === namespace).map(usageOf),
      ...demands
        .filter((demand) => demand.namespace === namespace)
        // Each by itself: what one has beyond its wish is not sure to be given up for another.
        .map((demand) => beyond(wantedUsage(demand), runningUsage(running.get(demand) ?? []))),
    );
    return exceeded(quota, wanted);
  });
}

function exceeded(quota: KubeObject, wanted: Amounts): readonly Finding[] {
  const hard = amountsAt(quota, 'status', 'hard');
  const used = amountsAt(quota, 'status', 'used');
  return [...hard].flatMap(([resource, limit]): readonly Finding[] => {
    const more = wanted.get(resource) ?? 0;
    const left = Math.max(0, limit - (used.get(resource) ?? 0));
    if (more <= left) return [];
    const text = (value: number): string => formatAmount(resource, value);
    const message = `leaves ${text(left)} of ${resource} (${text(limit)} at most), and the recovery brings ${text(more)} more`;
    const object = objectKey(quota);
    return [
      {
        object,
        reason: 'RecoveryTooSmall',
        message,
        remedy: 'raise or remove the ResourceQuota, or free what it counts',
      },
    ];
  });
}

/** Kinds that quotas know by a short name besides `count/<resource>.<group>`. */
const SHORT_NAMES: ReadonlySet<string> = new Set([
  'configmaps',
  'persistentvolumeclaims',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'services',
]);

function usageOf({ object, resource }: NewObject): Amounts {
  // Counted as what a workload runs.
  if (kindOf(object) === 'Pod') return new Map();
  const group = groupOf(object.apiVersion);
  const usage = new Map<string, number>([
    [group === '' ? `count/${resource}` : `count/${resource}.${group}`, 1],
  ]);
  if (group === '' && SHORT_NAMES.has(resource)) usage.set(resource, 1);
  if (kindOf(object) === 'PersistentVolumeClaim') claimUsage(object, usage);
  if (kindOf(object) === 'Service') serviceUsage(object, usage);
  return usage;
}

function claimUsage(claim: KubeObject, usage: Map<string, number>): void {
  const size = amount('storage', fieldsAt(claim, 'spec', 'resources', 'requests')?.['storage']);
  usage.set('requests.storage', size);
  const storageClass = storageClassOf(claim)?.name;
  if (storageClass === undefined) return;
  usage.set(`${storageClass}.storageclass.storage.k8s.io/requests.storage`, size);
  usage.set(`${storageClass}.storageclass.storage.k8s.io/persistentvolumeclaims`, 1);
}

function serviceUsage(service: KubeObject, usage: Map<string, number>): void {
  const type = textAt(service, 'spec', 'type');
  if (type === 'LoadBalancer') usage.set('services.loadbalancers', 1);
  if (type === 'LoadBalancer' || type === 'NodePort')
    usage.set('services.nodeports', arrayAt(service, 'spec', 'ports').length);
}

/** Pods are made by controllers once a workload is there; a bare Pod is among the objects, but counted here. */
function wantedUsage({ pods, isOccasional, requests, limits }: Demand): Amounts {
  // How many nodes a DaemonSet finds is not known here, and CronJobs come and go.
  const count = pods === 'each-node' || isOccasional ? 0 : pods;
  return times(podUsage(requests, limits), count);
}

function runningUsage(pods: readonly KubeObject[]): Amounts {
  return plus(...pods.map(({ spec }) => podUsage(podAmounts(spec, 'requests'), podAmounts(spec, 'limits'))));
}

/** Of one pod. */
function podUsage(requests: Amounts, limits: Amounts): Amounts {
  const usage = new Map<string, number>([
    ['pods', 1],
    ['count/pods', 1],
  ]);
  for (const [resource, value] of requests) {
    if (resource === 'pods') continue;
    usage.set(`requests.${resource}`, value);
    if (resource === 'cpu' || resource === 'memory') usage.set(resource, value);
  }
  for (const [resource, value] of limits) usage.set(`limits.${resource}`, value);
  return usage;
}
