/**
 * Where each kind of workload describes its pods. Everything that reads pods
 * (references, selectors, readiness) goes through here, so a kind is added once.
 */
import { arrayAt, type Fields, fieldsAt } from '../../api/fields.ts';
import type { KubeObject } from '../../api/object.ts';
import { kindOf } from './kinds.ts';
import { type Labels, labelsAt } from './labels.ts';

const TEMPLATE_PATHS: ReadonlyMap<string, readonly string[]> = new Map([
  ['Deployment.apps', ['spec', 'template']],
  ['StatefulSet.apps', ['spec', 'template']],
  ['DaemonSet.apps', ['spec', 'template']],
  ['ReplicaSet.apps', ['spec', 'template']],
  ['ReplicationController', ['spec', 'template']],
  ['Job.batch', ['spec', 'template']],
  ['CronJob.batch', ['spec', 'jobTemplate', 'spec', 'template']],
  // A bare Pod is its own template.
  ['Pod', []],
]);

const SPEC_PATHS: ReadonlyMap<string, string> = new Map(
  [...TEMPLATE_PATHS].map(([kind, path]) => [kind, [...path, 'spec'].join('.')]),
);

/** Kinds that run pods; each is a unit of its own. */
export const WORKLOAD_KINDS: readonly string[] = [...TEMPLATE_PATHS.keys()];

export interface PodTemplate {
  readonly spec: Fields;
  /** Path of `spec` inside the object, e.g. `spec.template.spec`. */
  readonly path: string;
}

/** @returns undefined when the object describes no pods. */
export function podTemplateOf(object: KubeObject): PodTemplate | undefined {
  const path = TEMPLATE_PATHS.get(kindOf(object));
  if (path === undefined) return undefined;
  const spec = fieldsAt(object, ...path, 'spec');
  if (spec === undefined) return undefined;
  return { spec, path: SPEC_PATHS.get(kindOf(object)) ?? '' };
}

/** The labels that its pods carry; undefined when the object describes no pods. */
export function podLabelsOf(object: KubeObject): Labels | undefined {
  const path = TEMPLATE_PATHS.get(kindOf(object));
  return path === undefined ? undefined : labelsAt(object, ...path, 'metadata', 'labels');
}

/** The ServiceAccount its pods run as. */
export function serviceAccountOf(template: PodTemplate): string {
  const { serviceAccountName, serviceAccount } = template.spec;
  // `serviceAccount` is the deprecated alias, still filled in by servers.
  const name = typeof serviceAccountName === 'string' ? serviceAccountName : serviceAccount;
  return typeof name === 'string' && name !== '' ? name : 'default';
}

/** All containers of all sorts, each with its path. */
export function containersOf(template: PodTemplate): readonly { container: unknown; path: string }[] {
  return ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) =>
    arrayAt(template.spec, list).map((container, index) => ({
      container,
      path: `${template.path}.${list}[${index}]`,
    })),
  );
}
