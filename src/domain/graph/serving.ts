/**
 * Finds what serves known objects without their referring to it, so that no
 * reference leads there: bindings that give them rights, roles that are added
 * to theirs, webhooks and aggregated APIs that they answer for, slices that
 * answer for their Services, workloads behind Services that they call. The
 * capture lists candidates and asks.
 */
import { arrayAt } from '../../api/fields.ts';
import { type KubeObject, type ObjectRef, refKey, refOf } from '../../api/object.ts';
import { grouped } from './grouped.ts';
import { aggregationSelectors } from './infer/access.ts';
import { backendsOf, WEBHOOK_KINDS } from './infer/extension.ts';
import { sliceOwner } from './infer/network.ts';
import { kindOf } from './kinds.ts';
import { labelsAt, matches } from './labels.ts';
import { podTemplatesOf, serviceAccountOf } from './pod-template.ts';
import { isSuppliedByCluster } from './supplied.ts';
import type { Certainty } from './types.ts';
import { aggregatedVersionOf, granteesOf } from './world.ts';

/** Cluster-scoped kinds whose objects are candidates: the capture lists them whole. */
export const SERVING_KINDS: readonly string[] = [
  'ClusterRole.rbac.authorization.k8s.io',
  'ClusterRoleBinding.rbac.authorization.k8s.io',
  ...WEBHOOK_KINDS,
  'APIService.apiregistration.k8s.io',
];

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
 * @param candidates objects of {@link SERVING_KINDS}, and whatever is in the selected namespaces; may include known ones
 * @returns those that serve, in the order of the candidates; never a known one
 */
export function servingOf(
  known: readonly KubeObject[],
  candidates: readonly KubeObject[],
  excluded: (ref: ObjectRef) => boolean,
): readonly Served[] {
  const sight = sightOf(known);
  return candidates.flatMap((object) => {
    const ref = refOf(object);
    if (sight.keys.has(refKey(ref)) || isSuppliedByCluster(ref) || excluded(ref)) return [];
    const served = reasonToServe(object, sight);
    return served === undefined ? [] : [{ object, ...served }];
  });
}

interface Sight {
  readonly keys: ReadonlySet<string>;
  /** Known objects by the account that they are, or run as, in the notation of `granteesOf`. */
  readonly accounts: ReadonlyMap<string, string>;
  readonly aggregating: readonly KubeObject[];
  /** A known object of each apiVersion. */
  readonly versions: ReadonlyMap<string, string>;
  /** Known Services by `namespace/label=value`, one label of their selectors each. */
  readonly services: ReadonlyMap<string, readonly KubeObject[]>;
}

function sightOf(known: readonly KubeObject[]): Sight {
  const accounts = new Map<string, string>();
  const versions = new Map<string, string>();
  for (const object of known) {
    const key = refKey(refOf(object));
    for (const account of accountsOf(object)) if (!accounts.has(account)) accounts.set(account, key);
    if (!versions.has(object.apiVersion)) versions.set(object.apiVersion, key);
  }
  return {
    keys: new Set(known.map((object) => refKey(refOf(object)))),
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
    default:
      return granting(object, sight) ?? answering(object, sight);
  }
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
    by: refKey(refOf(whole)),
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
    by: refKey(refOf(service)),
    rule: 'answers-service',
    field: 'metadata.labels',
    certainty: 'certain',
  };
}

const hasSelector = (object: KubeObject): boolean =>
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
