/**
 * Finds what serves known objects without their referring to it, so that no
 * reference leads there: Services, autoscalers, budgets and policies of known
 * workloads, what routes to known Services, bindings that give rights, roles
 * that are added to theirs, webhooks and aggregated APIs that they answer for,
 * slices and workloads behind Services that they call. The capture lists
 * candidates (serving-kinds.ts) and asks.
 */
import { arrayAt, textAt } from '../../api/fields.ts';
import { type KubeObject, type ObjectRef, objectKey, refKey, refOf } from '../../api/object.ts';
import { grouped } from './grouped.ts';
import { aggregationSelectors } from './infer/access.ts';
import { backendsOf, WEBHOOK_KINDS } from './infer/extension.ts';
import { sliceOwner } from './infer/network.ts';
import { claimPlace, claimPrefixes, hasOrdinal } from './infer/storage.ts';
import { type KindLookup, kindName, kindOf } from './kinds.ts';
import { type LabelSelector, labelsAt, matches, selectorAt } from './labels.ts';
import { podTemplatesOf, serviceAccountOf } from './pod-template.ts';
import { answersOf } from './references.ts';
import { RULED_KINDS, servesByRule } from './serving-kinds.ts';
import { isSuppliedByCluster } from './supplied.ts';
import type { Certainty } from './types.ts';
import { aggregatedVersionOf, granteesOf, indexed, type World } from './world.ts';

/** A candidate that belongs to the known objects, and the one of them that it serves. */
export interface Served {
  readonly object: KubeObject;
  /** refKey of a known object. */
  readonly by: string;
  readonly rule: string;
  /** Of the candidate. */
  readonly field: string;
  readonly certainty: Certainty;
}

/**
 * @param candidates objects of the kinds that serve, and whatever is in the selected namespaces; may include known ones
 * @param lookup as for other questions about the same objects, so that they are indexed once
 * @returns those that serve, in the order of the candidates; never a known one
 */
export function servingOf(
  known: readonly KubeObject[],
  candidates: readonly KubeObject[],
  excluded: (ref: ObjectRef) => boolean,
  lookup?: KindLookup,
): readonly Served[] {
  const sight = sightOf(known, lookup);
  return candidates.flatMap((object) => {
    const ref = refOf(object);
    if (sight.keys.has(refKey(ref)) || isSuppliedByCluster(ref) || excluded(ref)) return [];
    const served = reasonToServe(object, sight);
    return served === undefined ? [] : [{ object, ...served }];
  });
}

interface Sight {
  readonly world: World;
  readonly keys: ReadonlySet<string>;
  /** Known objects by the account that they are, or run as, in the notation of `granteesOf`. */
  readonly accounts: ReadonlyMap<string, string>;
  readonly aggregating: readonly KubeObject[];
  /** A known object of each apiVersion. */
  readonly versions: ReadonlyMap<string, string>;
  /** Known Services by `namespace/label=value`, one label of their selectors each. */
  readonly services: ReadonlyMap<string, readonly KubeObject[]>;
  /** A known object of each kind and namespace: `Secret/shop`. */
  readonly places: ReadonlyMap<string, string>;
  /** Known StatefulSets by the names of their claims without the ordinal: `shop/data-db`. */
  readonly claimants: ReadonlyMap<string, KubeObject>;
}

function sightOf(known: readonly KubeObject[], lookup: KindLookup | undefined): Sight {
  const places = new Map<string, string>();
  const accounts = new Map<string, string>();
  const versions = new Map<string, string>();
  for (const object of known) {
    const key = objectKey(object);
    for (const account of accountsOf(object)) if (!accounts.has(account)) accounts.set(account, key);
    if (!versions.has(object.apiVersion)) versions.set(object.apiVersion, key);
    const place = `${kindOf(object)}/${object.metadata.namespace}`;
    if (!places.has(place)) places.set(place, key);
  }
  return {
    world: indexed(known, lookup),
    places,
    claimants: new Map(known.flatMap((set) => claimPrefixes(set).map((prefix) => [prefix, set]))),
    keys: new Set(known.map((object) => objectKey(object))),
    accounts,
    versions,
    services: grouped(known.filter(hasSelector), selectorPlace),
    aggregating: known.filter((object) => aggregationSelectors(object).length > 0),
  };
}

type Reason = Omit<Served, 'object'>;

function reasonToServe(object: KubeObject, sight: Sight): Reason | undefined {
  const kind = kindOf(object);
  if (WEBHOOK_KINDS.includes(kind)) return answeredByKnown(object, sight);
  switch (kind) {
    case 'ClusterRole.rbac.authorization.k8s.io':
      return partOfRole(object, sight);
    case 'APIService.apiregistration.k8s.io':
      return servingVersion(object, sight) ?? answeredByKnown(object, sight);
    case 'EndpointSlice.discovery.k8s.io':
      return servedBy(sight, sliceOwner(object), 'service-endpoints', 'metadata.labels');
    case 'Service':
      return selecting(object, sight, 'service-selector', serviceSelector(object), 'spec.selector');
    case 'NetworkPolicy.networking.k8s.io':
      return selecting(
        object,
        sight,
        'network-policy',
        selectorAt(object, ...POD_SELECTOR),
        'spec.podSelector',
      );
    case 'PersistentVolumeClaim':
      return adoptable(object, sight);
    case 'ReferenceGrant.gateway.networking.k8s.io':
      return permitting(object, sight);
    default:
      return RULED_KINDS.has(kind)
        ? byRule(object, sight)
        : (granting(object, sight) ?? answering(object, sight));
  }
}

/** What refers to a known object in a field that means just that. */
function byRule(object: KubeObject, { world }: Sight): Reason | undefined {
  const answer = answersOf(object, world, true).find(
    ({ rule, key }) => servesByRule(rule.name) && world.objects.has(key),
  );
  if (answer === undefined) return undefined;
  const { rule, key, found } = answer;
  return { by: key, rule: rule.name, field: found.field, certainty: rule.certainty };
}

const POD_SELECTOR = ['spec', 'podSelector'] as const;

/** A Service without a selector selects nothing; a NetworkPolicy whose selector is empty, every pod. */
function serviceSelector(service: KubeObject): LabelSelector | undefined {
  return hasSelector(service) ? { matchLabels: labelsAt(service, 'spec', 'selector') } : undefined;
}

function selecting(
  { metadata }: KubeObject,
  { world }: Sight,
  rule: string,
  selector: LabelSelector | undefined,
  field: string,
): Reason | undefined {
  if (selector === undefined || metadata.namespace === undefined) return undefined;
  const [by] = world.workloadsMatching(metadata.namespace, selector);
  return by === undefined ? undefined : { by, rule, field, certainty: 'certain' };
}

/** A claim that a known StatefulSet adopts, however many it has. */
function adoptable(claim: KubeObject, { claimants }: Sight): Reason | undefined {
  const { place, ordinal } = claimPlace(claim);
  const set = claimants.get(place);
  if (set === undefined || !hasOrdinal(set, ordinal)) return undefined;
  return { by: objectKey(set), rule: 'claim-of-template', field: 'metadata.name', certainty: 'certain' };
}

/** What allows known objects of another namespace to refer to a known one: without it their reference does not count. */
function permitting(grant: KubeObject, { places, keys }: Sight): Reason | undefined {
  const kindIn = (value: unknown) => kindName(textAt(value, 'group') ?? '', textAt(value, 'kind') ?? '');
  const isFrom = (from: unknown) => places.has(`${kindIn(from)}/${textAt(from, 'namespace')}`);
  if (!arrayAt(grant, 'spec', 'from').some(isFrom)) return undefined;
  const targets = arrayAt(grant, 'spec', 'to').map((to) => {
    const [place, name] = [`${kindIn(to)}/${grant.metadata.namespace}`, textAt(to, 'name')];
    return name === undefined ? places.get(place) : `${place}/${name}`;
  });
  const by = targets.find((key) => key !== undefined && keys.has(key));
  return by === undefined
    ? undefined
    : { by, rule: 'reference-grant', field: 'spec.to', certainty: 'certain' };
}

function servedBy(sight: Sight, by: string | undefined, rule: string, field: string): Reason | undefined {
  if (by === undefined || !sight.keys.has(by)) return undefined;
  return { by, rule, field, certainty: 'certain' };
}

function granting(binding: KubeObject, { accounts }: Sight): Reason | undefined {
  const by = granteesOf(binding)
    .map((grantee) => accounts.get(grantee))
    .find((key) => key !== undefined);
  return by === undefined
    ? undefined
    : { by, rule: 'binding-subject', field: 'subjects', certainty: 'certain' };
}

/**
 * Only when all its webhooks are answered by what is known: one that is not
 * answered would make the recovery cluster refuse what it judges.
 */
function answeredByKnown(object: KubeObject, sight: Sight): Reason | undefined {
  const backends = backendsOf(object);
  const expected =
    kindOf(object) === 'APIService.apiregistration.k8s.io' ? 1 : arrayAt(object, 'webhooks').length;
  const [first] = backends;
  if (first === undefined || backends.length < expected) return undefined;
  if (!backends.every(({ to }) => sight.keys.has(refKey(to)))) return undefined;
  const rule = expected === 1 && object.kind === 'APIService' ? 'api-service-backend' : 'webhook-backend';
  return { by: refKey(first.to), rule, field: first.field, certainty: 'certain' };
}

function servingVersion(object: KubeObject, { versions }: Sight): Reason | undefined {
  const by = versions.get(aggregatedVersionOf(object) ?? '');
  return by === undefined
    ? undefined
    : { by, rule: 'aggregated-api', field: 'spec.version', certainty: 'certain' };
}

function partOfRole(role: KubeObject, { aggregating }: Sight): Reason | undefined {
  const whole = aggregating.find((one) =>
    aggregationSelectors(one).some((selector) => matches(selector, role.metadata.labels ?? {})),
  );
  if (whole === undefined) return undefined;
  return {
    by: objectKey(whole),
    rule: 'aggregated-role',
    field: 'metadata.labels',
    certainty: 'certain',
  };
}

/** A Service that is called and that nothing answers is of no use: its workloads come with it. */
function answering(object: KubeObject, { services }: Sight): Reason | undefined {
  const service = podTemplatesOf(object)
    .flatMap(({ labels }) =>
      Object.entries(labels).flatMap(([label, value]) => {
        const near = services.get(placeOf(object, label, value)) ?? [];
        return near.filter((one) => matches({ matchLabels: labelsAt(one, 'spec', 'selector') }, labels));
      }),
    )
    .at(0);
  if (service === undefined) return undefined;
  return {
    by: objectKey(service),
    rule: 'answers-service',
    field: 'metadata.labels',
    certainty: 'certain',
  };
}

/** Whether it is a Service that says itself which pods answer for it. */
export const hasSelector = (object: KubeObject): boolean =>
  kindOf(object) === 'Service' && Object.keys(labelsAt(object, 'spec', 'selector')).length > 0;

function selectorPlace(service: KubeObject): string {
  const [[label, value] = ['', '']] = Object.entries(labelsAt(service, 'spec', 'selector'));
  return placeOf(service, label, value);
}

const placeOf = ({ metadata }: KubeObject, label: string, value: string): string =>
  `${metadata.namespace}/${label}=${value}`;

/** The accounts that an object is, or runs as, in the notation of {@link granteesOf}. */
function accountsOf(object: KubeObject): readonly string[] {
  const { name, namespace } = object.metadata;
  const running = podTemplatesOf(object).map((template) => `${namespace}/${serviceAccountOf(template)}`);
  const own = kindOf(object) === 'ServiceAccount' ? [`${namespace}/${name}`] : [];
  const found = [...running, ...own];
  return found.length === 0 ? [] : [...found, `${namespace}/*`];
}
