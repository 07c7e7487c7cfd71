/**
 * Objects that a workload is told of by name in its environment or on its
 * command line, where the option says what kind of object it names:
 * `TLS_CA_SECRET_NAME=ca`, `--configmap=ns/settings`, `--target=deployment/web`.
 * Services called as hosts are the business of service-names.ts.
 */
import { type KubeObject, type ObjectRef, objectKey, refKey } from '../../../api/object.ts';
import { type PodTemplate, podTemplatesOf } from '../pod-template.ts';
import type { World } from '../world.ts';
import { POD_KINDS } from './pods.ts';
import { answeredBy, type Found, type Rule } from './rule.ts';
import { commandsOf, environmentOf, type Setting } from './settings.ts';

export const settingRules: readonly Rule[] = [
  settingRule(
    'named-in-environment',
    'env[*].value',
    environmentOf,
    'An environment variable that is called after a kind',
  ),
  settingRule(
    'named-in-command',
    'args[*]',
    commandsOf,
    'An option of a command line that is called after a kind',
  ),
];

function settingRule(
  name: string,
  reads: string,
  settingsOf: (object: KubeObject, template: PodTemplate) => readonly Setting[],
  subject: string,
): Rule {
  return {
    name,
    kinds: POD_KINDS,
    reads: `spec.template.spec.containers[*].${reads}`,
    certainty: 'likely',
    sentence: `${subject}, or whose value begins with one, names an object that the workload uses.`,
    sees: 'others',
    find: (object, world) =>
      podTemplatesOf(object).flatMap((template) =>
        settingsOf(object, template).flatMap((setting) => namedBy(setting, object, world)),
      ),
  };
}

type Kind = Pick<ObjectRef, 'group' | 'kind'>;

const core = (kind: string): readonly Kind[] => [{ group: '', kind }];
const apps = (kind: string): readonly Kind[] => [{ group: 'apps', kind }];

/** Last words of the names of options, without what separates words and a final `name`, and the kinds they speak of. */
const NAMED: readonly (readonly [string, readonly Kind[]])[] = [
  ['configmap', core('ConfigMap')],
  ['secret', core('Secret')],
  // `--default-ssl-certificate=ns/tls`
  ['certificate', core('Secret')],
  ['deployment', apps('Deployment')],
  ['statefulset', apps('StatefulSet')],
  ['daemonset', apps('DaemonSet')],
];

/** Words that mean too much by themselves, and a kind together with a final `name`. */
const NAMED_BY_NAME: readonly (readonly [string, readonly Kind[]])[] = [
  ['service', core('Service')],
  ['ds', apps('DaemonSet')],
  [
    'webhook',
    ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'].map((kind) => ({
      group: 'admissionregistration.k8s.io',
      kind,
    })),
  ],
];

/** In front of a name, as kubectl writes it: `deployment/web`. */
const PREFIXES: ReadonlyMap<string, readonly Kind[]> = new Map([
  ['deployment', apps('Deployment')],
  ['statefulset', apps('StatefulSet')],
  ['daemonset', apps('DaemonSet')],
  ['configmap', core('ConfigMap')],
]);

/** A name, with its namespace or kind in front or not. */
const NAME = /^(?:([A-Za-z0-9][-A-Za-z0-9]*)\/)?([a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?)$/;

function namedBy({ name, value, field }: Setting, object: KubeObject, world: World): readonly Found[] {
  const { namespace } = object.metadata;
  const [, before, target] = NAME.exec(value) ?? [];
  if (target === undefined || namespace === undefined) return [];
  const byPrefix = PREFIXES.get(before?.toLowerCase() ?? '');
  const kinds = byPrefix ?? kindsOfOption(name);
  const place = byPrefix === undefined ? (before ?? namespace) : namespace;
  return kinds.flatMap(({ group, kind }) => {
    const isClusterWide = group === 'admissionregistration.k8s.io';
    const to = { group, kind, name: target, ...(isClusterWide ? {} : { namespace: place }) };
    // Only what is there: the value may be something else, even a password, which nobody may be asked for.
    if (!world.objects.has(refKey(to)) || isOwn(to, object, world)) return [];
    const found = { to, field, optional: true };
    return kind === 'Service' ? answeredBy(found, world) : [found];
  });
}

function kindsOfOption(name: string): readonly Kind[] {
  const words = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const base = words.replace(/name$/, '');
  const table = base === words ? NAMED : [...NAMED, ...NAMED_BY_NAME];
  return table.find(([word]) => base.endsWith(word))?.[1] ?? [];
}

/** Workloads are often told what they are called themselves: `OTEL_SERVICE_NAME`. */
const isOwn = (to: ObjectRef, object: KubeObject, world: World): boolean =>
  to.kind === 'Service' && world.workloadsBehind(refKey(to)).includes(objectKey(object));
