/**
 * All objects, indexed the ways that rules look them up. Built once per graph,
 * so that no rule ever walks over all objects for each object.
 */
import { arrayAt, fieldsAt, textAt } from '../../api/fields.ts';
import { type KubeObject, type ObjectRef, objectKey, refOf } from '../../api/object.ts';
import { isCustom, type KindLookup, kindName, kindOf } from './kinds.ts';
import { LabelIndex, type LabelSelector, labelsAt } from './labels.ts';
import { podTemplatesOf } from './pod-template.ts';

export interface World {
  readonly objects: ReadonlyMap<string, KubeObject>;
  /** Keys of the workloads of a namespace whose pods carry these labels. */
  workloadsMatching(namespace: string, selector: LabelSelector): readonly string[];
  /** Keys of the workloads that answer for a Service, by its key; none when it is not among the objects. */
  workloadsBehind(service: string): readonly string[];
  /** Whether any object lies in a namespace. */
  hasNamespace(namespace: string): boolean;
  /** The CustomResourceDefinition among the objects that defines a kind. */
  definitionOf(group: string, kind: string): ObjectRef | undefined;
  /** The APIService among the objects through which another server serves a group and version. */
  apiServiceOf(apiVersion: string): ObjectRef | undefined;
  /** The bindings among the objects that give rights to a ServiceAccount. */
  bindingsOf(namespace: string, serviceAccount: string): readonly ObjectRef[];
  readonly lookup: KindLookup;
}

const NO_LOOKUP: KindLookup = () => undefined;
const worlds = new WeakMap<readonly KubeObject[], World>();

/** {@link worldOf}, once for one list: several questions are asked about the same objects. */
export function indexed(objects: readonly KubeObject[], lookup: KindLookup = NO_LOOKUP): World {
  const known = worlds.get(objects);
  if (known?.lookup === lookup) return known;
  const world = worldOf(objects, lookup);
  worlds.set(objects, world);
  return world;
}

/** @param lookup what discovery knows; needed only to name what is *not* among the objects */
export function worldOf(objects: readonly KubeObject[], lookup: KindLookup = NO_LOOKUP): World {
  const byKey = new Map<string, KubeObject>();
  const workloads = new Map<string, LabelIndex>();
  const definitions = new Map<string, ObjectRef>();
  const apiServices = new Map<string, ObjectRef>();
  const bindings = new Map<string, ObjectRef[]>();
  const namespaces = new Set<string>();
  for (const object of objects) {
    const key = objectKey(object);
    byKey.set(key, object);
    const { namespace, name } = object.metadata;
    if (namespace !== undefined) namespaces.add(namespace);
    if (kindOf(object) === 'Namespace') namespaces.add(name);
    indexWorkload(key, object, workloads);
    indexDefinition(object, definitions);
    const served = aggregatedVersionOf(object);
    if (served !== undefined) apiServices.set(served, refOf(object));
    for (const account of granteesOf(object)) {
      bindings.set(account, [...(bindings.get(account) ?? []), refOf(object)]);
    }
  }
  const workloadsMatching = (namespace: string, selector: LabelSelector) => [
    // A custom resource may describe several pods that match.
    ...new Set(workloads.get(namespace)?.find(selector)),
  ];
  return {
    objects: byKey,
    workloadsMatching,
    workloadsBehind: (service) => {
      const namespace = byKey.get(service)?.metadata.namespace;
      const matchLabels = labelsAt(byKey.get(service), 'spec', 'selector');
      if (namespace === undefined || Object.keys(matchLabels).length === 0) return [];
      return workloadsMatching(namespace, { matchLabels });
    },
    hasNamespace: (namespace) => namespaces.has(namespace),
    definitionOf: (group, kind) => definitions.get(kindName(group, kind)),
    apiServiceOf: (apiVersion) => apiServices.get(apiVersion),
    bindingsOf: (namespace, account) => [
      ...(bindings.get(`${namespace}/${account}`) ?? []),
      ...(bindings.get(`${namespace}/*`) ?? []),
    ],
    lookup,
  };
}

function indexWorkload(key: string, object: KubeObject, workloads: Map<string, LabelIndex>): void {
  const { namespace } = object.metadata;
  if (namespace === undefined) return;
  for (const { labels } of podTemplatesOf(object)) {
    const index = workloads.get(namespace) ?? new LabelIndex();
    index.add(key, labels);
    workloads.set(namespace, index);
  }
}

function indexDefinition(object: KubeObject, definitions: Map<string, ObjectRef>): void {
  if (kindOf(object) !== 'CustomResourceDefinition.apiextensions.k8s.io') return;
  const group = textAt(object, 'spec', 'group');
  const kind = textAt(object, 'spec', 'names', 'kind');
  if (group !== undefined && kind !== undefined && isCustom(group)) {
    definitions.set(kindName(group, kind), refOf(object));
  }
}

/** The apiVersion that an APIService hands to a server of its own; undefined for those the cluster serves itself. */
export function aggregatedVersionOf(object: KubeObject): string | undefined {
  if (kindOf(object) !== 'APIService.apiregistration.k8s.io') return undefined;
  if (fieldsAt(object, 'spec', 'service') === undefined) return undefined;
  return `${textAt(object, 'spec', 'group')}/${textAt(object, 'spec', 'version')}`;
}

const ACCOUNTS_OF_NAMESPACE = 'system:serviceaccounts:';
/** What the API server calls an account when it asks who somebody is. */
const ACCOUNT_AS_USER = /^system:serviceaccount:([^:]+):([^:]+)$/;

/**
 * Whom a RoleBinding or ClusterRoleBinding gives rights, as far as they are
 * ServiceAccounts: `namespace/name`, or `namespace/*` for the group of all
 * accounts of a namespace. Groups of every cluster (all accounts, everyone) are
 * not listed: they say nothing about a particular application.
 */
export function granteesOf(object: KubeObject): readonly string[] {
  if (!BINDING_KINDS.has(kindOf(object))) return [];
  return arrayAt(object, 'subjects').flatMap((subject) => {
    const name = textAt(subject, 'name') ?? '';
    if (textAt(subject, 'kind') === 'Group' && name.startsWith(ACCOUNTS_OF_NAMESPACE)) {
      return [`${name.slice(ACCOUNTS_OF_NAMESPACE.length)}/*`];
    }
    const account = accountNamed(subject, object.metadata.namespace);
    return account === undefined ? [] : [`${account.namespace}/${account.name}`];
  });
}

/**
 * The ServiceAccount that a subject of a binding is, written as one or as the user that one is.
 * @param namespace of the binding
 */
export function accountNamed(
  subject: unknown,
  namespace: string | undefined,
): { readonly namespace: string; readonly name: string } | undefined {
  const name = textAt(subject, 'name') ?? '';
  if (textAt(subject, 'kind') === 'User') {
    const [, place, account] = ACCOUNT_AS_USER.exec(name) ?? [];
    return place === undefined || account === undefined ? undefined : { namespace: place, name: account };
  }
  const place = textAt(subject, 'namespace') ?? namespace;
  if (textAt(subject, 'kind') !== 'ServiceAccount' || name === '' || place === undefined) return undefined;
  return { namespace: place, name };
}

const BINDING_KINDS: ReadonlySet<string> = new Set([
  'RoleBinding.rbac.authorization.k8s.io',
  'ClusterRoleBinding.rbac.authorization.k8s.io',
]);

/**
 * An index that one family of rules needs of all objects, built the first time
 * it is asked for and once per world: rules are asked object by object.
 */
export function perWorld<T extends object>(build: (world: World) => T): (world: World) => T {
  const built = new WeakMap<World, T>();
  return (world) => {
    const known = built.get(world);
    if (known !== undefined) return known;
    const index = build(world);
    built.set(world, index);
    return index;
  };
}
