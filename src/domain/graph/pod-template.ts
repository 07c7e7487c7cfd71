/**
 * Where each kind of workload describes its pods. Everything that reads pods
 * (references, selectors, readiness) goes through here, so a kind is added once.
 * Custom kinds need not be added: a pod template is known by its structure.
 */
import { arrayAt, type Fields, fieldsAt, isFields, numberAt } from '../../api/fields.ts';
import { groupOf, type KubeObject } from '../../api/object.ts';
import { isCustom, kindOf } from './kinds.ts';
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

/** Built-in kinds that run pods; each is a unit of its own. */
export const WORKLOAD_KINDS: readonly string[] = [...TEMPLATE_PATHS.keys()];

export interface PodTemplate {
  readonly spec: Fields;
  /** Path of `spec` inside the object, e.g. `spec.template.spec`. */
  readonly path: string;
  /** The labels that its pods carry. */
  readonly labels: Labels;
}

/** Objects are never changed, and every rule about pods asks. */
const templates = new WeakMap<KubeObject, readonly PodTemplate[]>();

/** Every description of pods in an object: at most one of a built-in kind, any number in a custom resource. */
export function podTemplatesOf(object: KubeObject): readonly PodTemplate[] {
  const known = templates.get(object);
  if (known !== undefined) return known;
  const found = findTemplates(object);
  templates.set(object, found);
  return found;
}

function findTemplates(object: KubeObject): readonly PodTemplate[] {
  const path = TEMPLATE_PATHS.get(kindOf(object));
  if (path === undefined) return isCustom(groupOf(object.apiVersion)) ? embeddedTemplates(object) : [];
  const spec = fieldsAt(object, ...path, 'spec');
  if (spec === undefined) return [];
  const labels = labelsAt(object, ...path, 'metadata', 'labels');
  return [{ spec, path: SPEC_PATHS.get(kindOf(object)) ?? '', labels }];
}

/**
 * Whether some of its pods run for as long as it is ready: those of a Job have
 * ended by then, and a CronJob has some now and then.
 */
export function keepsPodsRunning(object: KubeObject): boolean {
  const kind = kindOf(object);
  return kind !== 'Job.batch' && kind !== 'CronJob.batch' && numberAt(object, 'spec', 'replicas') !== 0;
}

/** Templates lie at most this deep (`spec.x.y[0].template.spec`); deeper structure is not searched. */
const DEPTH = 8;

/** Fields by which people call a pod template; operators add the containers that it leaves out. */
const TEMPLATE_FIELDS: ReadonlySet<string> = new Set(['template', 'podTemplate']);

/** Fields of a pod spec by which it refers to something. */
const REFERRING_LISTS: readonly string[] = [
  'volumes',
  'initContainers',
  'imagePullSecrets',
  'resourceClaims',
];
const REFERRING_NAMES: readonly string[] = [
  'serviceAccountName',
  'serviceAccount',
  'priorityClassName',
  'runtimeClassName',
];

function isPodSpec(spec: Fields, field: string): boolean {
  if (isFields(arrayAt(spec, 'containers')[0])) return true;
  if (!TEMPLATE_FIELDS.has(field)) return false;
  return (
    REFERRING_LISTS.some((list) => isFields(arrayAt(spec, list)[0])) ||
    REFERRING_NAMES.some((name) => typeof spec[name] === 'string')
  );
}

/**
 * What has a `spec` with `containers` is a pod template, wherever it is: `spec.template`, `spec.podTemplate`,
 * `spec.workers[0].template`; and under a name of such, what has any reference of a pod spec.
 */
function embeddedTemplates(object: KubeObject): readonly PodTemplate[] {
  const found: PodTemplate[] = [];
  const search = (value: unknown, path: string, depth: number, field: string): void => {
    if (depth > DEPTH) return;
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) search(item, `${path}[${index}]`, depth + 1, '');
      return;
    }
    if (!isFields(value)) return;
    const spec = fieldsAt(value, 'spec');
    if (spec !== undefined && isPodSpec(spec, field)) {
      found.push({ spec, path: `${path}.spec`, labels: labelsAt(value, 'metadata', 'labels') });
      return;
    }
    for (const [key, item] of Object.entries(value)) search(item, `${path}.${key}`, depth + 1, key);
  };
  search(object['spec'], 'spec', 0, '');
  return found;
}

/** The ServiceAccount its pods run as. */
export function serviceAccountOf(template: PodTemplate): string {
  const { serviceAccountName, serviceAccount } = template.spec;
  // `serviceAccount` is the deprecated alias, still filled in by servers.
  const name = typeof serviceAccountName === 'string' ? serviceAccountName : serviceAccount;
  return typeof name === 'string' && name !== '' ? name : 'default';
}

export interface Container {
  readonly container: unknown;
  readonly path: string;
}

/** Every rule about containers asks. */
const containers = new WeakMap<PodTemplate, readonly Container[]>();

/** All containers of all sorts, each with its path. */
export function containersOf(template: PodTemplate): readonly Container[] {
  const known = containers.get(template) ?? findContainers(template);
  containers.set(template, known);
  return known;
}

function findContainers(template: PodTemplate): readonly Container[] {
  return ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) =>
    arrayAt(template.spec, list).map((container, index) => ({
      container,
      path: `${template.path}.${list}[${index}]`,
    })),
  );
}
