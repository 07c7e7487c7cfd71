/**
 * A Pod as the controller of a workload would make it, to be tried by dry-run:
 * PodSecurity, LimitRanges, quotas on pods and webhooks on pods say nothing of
 * a Deployment, and everything of its pods.
 */
import { fieldsAt, textAt } from '../../../api/fields.ts';
import { groupOf, type KubeObject, type ObjectRef } from '../../../api/object.ts';
import { bounded } from '../../../api/ownership.ts';
import { isCustom } from '../../../domain/graph/kinds.ts';
import { podTemplatesOf } from '../../../domain/graph/pod-template.ts';
import { omit } from '../objects/editing.ts';

/** Limit of an object name that is also a label. */
const LONGEST_NAME = 63;

/**
 * @param has whether the target has a class now
 * @returns undefined when the object runs no pods, or is a Pod itself
 */
export async function podOf(
  workload: KubeObject,
  has: (ref: ObjectRef) => Promise<boolean>,
): Promise<KubeObject | undefined> {
  // What an operator makes of the templates in a custom resource is not known here.
  const [template] = isCustom(groupOf(workload.apiVersion)) ? [] : podTemplatesOf(workload);
  const { namespace, name } = workload.metadata;
  if (template === undefined || workload.kind === 'Pod' || namespace === undefined) return undefined;
  const absent: string[] = [];
  // Admission refuses a Pod whose class is not there; that it is missing, or comes with the point, is known by other means.
  if (!(await hasClass(template.spec, 'priorityClassName', PRIORITY, has)))
    absent.push('priorityClassName', 'priority', 'preemptionPolicy');
  if (!(await hasClass(template.spec, 'runtimeClassName', RUNTIME, has)))
    absent.push('runtimeClassName', 'overhead');
  const path = template.path.split('.').slice(0, -1);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: bounded(`${name}-rehearsal`, LONGEST_NAME),
      namespace,
      labels: template.labels,
      annotations: annotationsOf(workload, path),
    },
    // Its own account may come with the point; every namespace has this one.
    spec: { ...omit(template.spec, ['serviceAccount', ...absent]), serviceAccountName: 'default' },
  };
}

const PRIORITY = { group: 'scheduling.k8s.io', kind: 'PriorityClass' };
const RUNTIME = { group: 'node.k8s.io', kind: 'RuntimeClass' };

async function hasClass(
  spec: unknown,
  field: string,
  type: Pick<ObjectRef, 'group' | 'kind'>,
  has: (ref: ObjectRef) => Promise<boolean>,
): Promise<boolean> {
  const name = textAt(spec, field);
  return name === undefined || (await has({ ...type, name }));
}

function annotationsOf(workload: KubeObject, path: readonly string[]): Readonly<Record<string, string>> {
  const found = Object.entries(fieldsAt(workload, ...path, 'metadata', 'annotations') ?? {});
  return Object.fromEntries(found.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
