/**
 * Which objects an admission webhook judges, and so wait until it is
 * registered, which in turn waits until it is answered (extension.ts). Apart
 * from the rules, because it depends on what they have found: whatever a
 * webhook needs to be answered must not wait for it, or neither would ever start.
 */
import { arrayAt, fieldsAt, textAt } from '../../../api/fields.ts';
import { groupOf, type KubeObject } from '../../../api/object.ts';
import { grouped } from '../grouped.ts';
import { kindOf } from '../kinds.ts';
import { type LabelSelector, type Labels, matches, selectorAt } from '../labels.ts';
import { podTemplatesOf } from '../pod-template.ts';
import { compareText } from '../sorting.ts';
import type { ObjectEdge } from '../types.ts';
import { perWorld, type World } from '../world.ts';
import { WEBHOOK_KINDS, WEBHOOK_RULE } from './extension.ts';
import type { RuleDescription } from './rule.ts';

/** Likely, because conditions in CEL are not evaluated and a webhook may let everything pass. */
export const judgedRule: RuleDescription = {
  name: 'judged-by-webhook',
  kinds: 'all',
  reads: 'webhooks[*].rules of the webhook configurations',
  certainty: 'likely',
  sentence:
    'An object that a webhook judges or changes is written after the webhook is registered and answered.',
};

/** @param found the edges of all rules, sorted */
export function judgedEdges(world: World, found: readonly ObjectEdge[]): readonly ObjectEdge[] {
  const configurations = [...world.objects]
    .filter(([, object]) => WEBHOOK_KINDS.includes(kindOf(object)))
    .toSorted(([a], [b]) => compareText(a, b));
  if (configurations.length === 0) return [];
  const needs = grouped(found, ({ from }) => from);
  const attached = grouped(
    found.filter(({ rule }) => ATTACHED.has(rule)),
    ({ to }) => to,
  );
  return configurations.flatMap(([to, configuration]) => {
    const backend = (needs.get(to) ?? []).filter(({ rule }) => rule === WEBHOOK_RULE).map((edge) => edge.to);
    const exempt = supporting([to, ...backend], needs);
    for (const key of backend) for (const { from } of attached.get(key) ?? []) exempt.add(from);
    const webhooks = webhooksOf(configuration);
    return [...world.objects].flatMap(([from, object]) => {
      const webhook = exempt.has(from) ? undefined : webhooks.find((one) => judges(one, object, world));
      if (webhook === undefined) return [];
      const { name: rule, certainty } = judgedRule;
      return [{ from, to, rule, field: `${webhook.path}.rules of ${to}`, certainty }];
    });
  });
}

/** What watches over the backend is in its unit, and would make it wait for itself. */
const ATTACHED: ReadonlySet<string> = new Set(['scale-target', 'disruption-budget', 'ingress-backend']);

/** Everything that some objects need, directly or not, themselves included. */
function supporting(
  start: readonly string[],
  needs: ReadonlyMap<string, readonly ObjectEdge[]>,
): Set<string> {
  const reached = new Set(start);
  for (const key of reached) for (const { to } of needs.get(key) ?? []) reached.add(to);
  return reached;
}

interface Webhook {
  readonly path: string;
  readonly rules: readonly unknown[];
  readonly namespaces: LabelSelector;
  readonly objects: LabelSelector;
}

function webhooksOf(configuration: KubeObject): readonly Webhook[] {
  return arrayAt(configuration, 'webhooks').map((webhook, index) => ({
    path: `webhooks[${index}]`,
    rules: arrayAt(webhook, 'rules').filter((rule) => names(rule, 'operations', 'CREATE')),
    namespaces: selectorAt(webhook, 'namespaceSelector') ?? {},
    objects: selectorAt(webhook, 'objectSelector') ?? {},
  }));
}

function judges({ rules, namespaces, objects }: Webhook, object: KubeObject, world: World): boolean {
  const kind = kindOf(object);
  // The API server never asks webhooks about webhooks.
  if (WEBHOOK_KINDS.includes(kind) || !isInside(object, namespaces, world)) return false;
  const version = object.apiVersion.slice(object.apiVersion.indexOf('/') + 1);
  const resource = resourceOf(object, world);
  const own = { group: groupOf(object.apiVersion), version, resource };
  const isJudged =
    rules.some((rule) => covers(rule, own, object)) && matches(objects, object.metadata.labels ?? {});
  // What judges Pods is there before the workloads that make them.
  return isJudged || podTemplatesOf(object).some(({ labels }) => judgesPods(rules, objects, labels));
}

const judgesPods = (rules: readonly unknown[], objects: LabelSelector, labels: Labels): boolean =>
  rules.some((rule) => covers(rule, { group: '', version: 'v1', resource: 'pods' })) &&
  matches(objects, labels);

interface Resource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

/** @param object whose scope counts; undefined for something in a namespace */
function covers(rule: unknown, { group, version, resource }: Resource, object?: KubeObject): boolean {
  const scope = textAt(rule, 'scope') ?? '*';
  const isClusterWide = object !== undefined && object.metadata.namespace === undefined;
  if (scope === 'Namespaced' && isClusterWide) return false;
  if (scope === 'Cluster' && !isClusterWide) return false;
  const isServed = names(rule, 'apiGroups', group) && names(rule, 'apiVersions', version);
  return isServed && (names(rule, 'resources', resource) || names(rule, 'resources', '*/*'));
}

function names(rule: unknown, list: string, value: string): boolean {
  const values = arrayAt(rule, list);
  return values.includes('*') || values.includes(value);
}

/** Selectors of namespaces do not concern cluster-scoped objects, except Namespaces themselves. */
function isInside(object: KubeObject, selector: LabelSelector, world: World): boolean {
  const { name, namespace } = object.metadata;
  const isNamespace = kindOf(object) === 'Namespace';
  if (namespace === undefined && !isNamespace) return true;
  const place = namespace ?? name;
  const labels = world.objects.get(`Namespace/${place}`)?.metadata.labels;
  return matches(selector, { ...labels, 'kubernetes.io/metadata.name': place });
}

/** The plurals of custom kinds, by `group/kind`. */
const plurals = perWorld((world) => {
  const found = new Map<string, string>();
  for (const object of world.objects.values()) {
    const named = fieldsAt(object, 'spec', 'names');
    if (kindOf(object) !== 'CustomResourceDefinition.apiextensions.k8s.io' || named === undefined) continue;
    found.set(`${textAt(object, 'spec', 'group')}/${textAt(named, 'kind')}`, textAt(named, 'plural') ?? '');
  }
  return found;
});

/** A rule names resources by their plural, which an object does not tell; the API's own follow English. */
function resourceOf(object: KubeObject, world: World): string {
  const group = groupOf(object.apiVersion);
  const known = plurals(world).get(`${group}/${object.kind}`) ?? world.lookup(group, object.kind)?.resource;
  return known ?? pluralOf(object.kind.toLowerCase());
}

/** As `meta.UnsafeGuessKindToResource` of apimachinery does. */
function pluralOf(kind: string): string {
  if (kind === 'endpoints') return kind;
  if (/(?:s|x|ch|sh)$/.test(kind)) return `${kind}es`;
  return /[^aeiou]y$/.test(kind) ? `${kind.slice(0, -1)}ies` : `${kind}s`;
}
