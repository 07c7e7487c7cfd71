/**
 * The nodes of the recovery cluster as pods see them: what is still free on
 * each, and whether a pod may run there at all (labels, taints). The rules are
 * the scheduler's; affinity between pods and spread over zones are not judged
 * here, so "fits" means only that requests, labels and taints allow it.
 */
import { arrayAt, at, fieldsAt, textAt } from '../../api/fields.ts';
import type { KubeObject } from '../../api/object.ts';
import { type Labels, labelsAt, matches } from '../graph/labels.ts';
import { type Demand, podAmounts } from './capacity-demand.ts';
import { hasEnded, ownerAmong } from './capacity-owner.ts';
import { type Amounts, amountsAt, plus } from './capacity-quantity.ts';

export interface NodeRoom {
  readonly name: string;
  readonly labels: Labels;
  /** Those that keep pods away. */
  readonly taints: readonly unknown[];
  readonly allocatable: Amounts;
  /** Requested by the pods that are there. */
  readonly requested: Amounts;
}

/**
 * Nodes that take pods: ready, not cordoned.
 * @param pods all of the cluster
 * @param demands pods of these workloads that run there already (from an earlier recovery) are not counted twice
 */
export function roomOf(
  nodes: readonly KubeObject[],
  pods: readonly KubeObject[],
  demands: readonly Demand[],
): readonly NodeRoom[] {
  const requested = requestedByNode(pods, demands);
  return nodes.filter(takesPods).map((node) => ({
    name: node.metadata.name,
    labels: node.metadata.labels ?? {},
    taints: arrayAt(node, 'spec', 'taints').filter(
      (taint) => textAt(taint, 'effect') === 'NoSchedule' || textAt(taint, 'effect') === 'NoExecute',
    ),
    allocatable: amountsAt(node, 'status', 'allocatable'),
    requested: requested.get(node.metadata.name) ?? new Map(),
  }));
}

function takesPods(node: KubeObject): boolean {
  const ready = arrayAt(node, 'status', 'conditions').find((entry) => textAt(entry, 'type') === 'Ready');
  return textAt(ready, 'status') === 'True' && at(node, 'spec', 'unschedulable') !== true;
}

function requestedByNode(
  pods: readonly KubeObject[],
  demands: readonly Demand[],
): ReadonlyMap<string, Amounts> {
  const ownerOf = ownerAmong(demands);
  const requested = new Map<string, Amounts>();
  for (const pod of pods) {
    const node = textAt(pod, 'spec', 'nodeName');
    if (node === undefined || hasEnded(pod) || ownerOf(pod) !== undefined) continue;
    const amounts = plus(podAmounts(fieldsAt(pod, 'spec'), 'requests'), new Map([['pods', 1]]));
    requested.set(node, plus(requested.get(node) ?? new Map(), amounts));
  }
  return requested;
}

/** Why none of its pods may run on the node, however empty; undefined when they may. */
export function exclusion({ pod, pods }: Demand, node: NodeRoom): string | undefined {
  if (!matches({ matchLabels: labelsAt(pod, 'nodeSelector') }, node.labels)) return 'its nodeSelector';
  if (!affinityAllows(pod, node)) return 'its node affinity';
  const nodeName = textAt(pod, 'nodeName');
  if (nodeName !== undefined && nodeName !== node.name) return `its nodeName, ${nodeName}`;
  // The controller of DaemonSets adds tolerations of what the node controller taints by itself.
  const tolerations = arrayAt(pod, 'tolerations');
  const taint = node.taints.find((candidate) => !tolerations.some((one) => tolerates(one, candidate)));
  if (taint === undefined) return undefined;
  const key = textAt(taint, 'key') ?? '';
  if (pods === 'each-node' && key.startsWith('node.kubernetes.io/')) return undefined;
  return `the taint ${key}:${textAt(taint, 'effect')}`;
}

/** What {@link exclusion} reads of a pod, as text: workloads of the same wish are kept from the same nodes. */
export function wishOfNodes({ pod, pods }: Demand): string {
  return JSON.stringify([
    pods === 'each-node',
    textAt(pod, 'nodeName'),
    labelsAt(pod, 'nodeSelector'),
    fieldsAt(pod, 'affinity', 'nodeAffinity'),
    arrayAt(pod, 'tolerations'),
  ]);
}

/** Terms are alternatives; an absent list allows all, an empty term nothing (k8s.io/component-helpers, nodeaffinity). */
function affinityAllows(pod: unknown, node: NodeRoom): boolean {
  const required = fieldsAt(
    pod,
    'affinity',
    'nodeAffinity',
    'requiredDuringSchedulingIgnoredDuringExecution',
  );
  if (required === undefined) return true;
  return arrayAt(required, 'nodeSelectorTerms').some((term) => {
    const expressions = arrayAt(term, 'matchExpressions');
    const fields = arrayAt(term, 'matchFields');
    if (expressions.length + fields.length === 0) return false;
    return (
      expressions.every((expression) => satisfies(expression, node.labels)) &&
      fields.every((field) => satisfies(field, { 'metadata.name': node.name }))
    );
  });
}

function satisfies(expression: unknown, labels: Labels): boolean {
  const key = textAt(expression, 'key') ?? '';
  const operator = textAt(expression, 'operator') ?? '';
  const values = arrayAt(expression, 'values').filter((value) => typeof value === 'string');
  if (operator !== 'Gt' && operator !== 'Lt')
    return matches({ matchExpressions: [{ key, operator, values }] }, labels);
  const [actual, bound] = [Number(labels[key] ?? Number.NaN), Number(values[0] ?? Number.NaN)];
  return operator === 'Gt' ? actual > bound : actual < bound;
}

/** k8s.io/api core/v1 Toleration.ToleratesTaint. */
function tolerates(toleration: unknown, taint: unknown): boolean {
  const effect = textAt(toleration, 'effect') ?? '';
  if (effect !== '' && effect !== textAt(taint, 'effect')) return false;
  const key = textAt(toleration, 'key') ?? '';
  if (key !== '' && key !== textAt(taint, 'key')) return false;
  const operator = textAt(toleration, 'operator') ?? 'Equal';
  if (operator === 'Exists') return true;
  // Without a key only Exists is allowed, and means every taint.
  return key !== '' && (textAt(toleration, 'value') ?? '') === (textAt(taint, 'value') ?? '');
}
