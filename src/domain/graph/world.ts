/**
 * All objects, indexed the ways that rules look them up. Built once per graph,
 * so that no rule ever walks over all objects for each object.
 */
import { arrayAt, textAt } from '../../api/fields.ts';
import { type KubeObject, type ObjectRef, refKey, refOf } from '../../api/object.ts';
import { isCustom, type KindLookup, kindName, kindOf } from './kinds.ts';
import { LabelIndex, type LabelSelector } from './labels.ts';
import { podLabelsOf } from './pod-template.ts';

export interface World {
  readonly objects: ReadonlyMap<string, KubeObject>;
  /** Keys of the workloads of a namespace whose pods carry these labels. */
  workloadsMatching(namespace: string, selector: LabelSelector): readonly string[];
  /** The CustomResourceDefinition among the objects that defines a kind. */
  definitionOf(group: string, kind: string): ObjectRef | undefined;
  /** The bindings among the objects that give rights to a ServiceAccount. */
  bindingsOf(namespace: string, serviceAccount: string): readonly ObjectRef[];
  readonly lookup: KindLookup;
}

/** @param lookup what discovery knows; needed only to name what is *not* among the objects */
export function worldOf(objects: readonly KubeObject[], lookup: KindLookup = () => undefined): World {
  const byKey = new Map<string, KubeObject>();
  const workloads = new Map<string, LabelIndex>();
  const definitions = new Map<string, ObjectRef>();
  const bindings = new Map<string, ObjectRef[]>();
  for (const object of objects) {
    const key = refKey(refOf(object));
    byKey.set(key, object);
    indexWorkload(key, object, workloads);
    indexDefinition(object, definitions);
    for (const account of granteesOf(object)) {
      bindings.set(account, [...(bindings.get(account) ?? []), refOf(object)]);
    }
  }
  return {
    objects: byKey,
    workloadsMatching: (namespace, selector) => workloads.get(namespace)?.find(selector) ?? [],
    definitionOf: (group, kind) => definitions.get(kindName(group, kind)),
    bindingsOf: (namespace, account) => [
      ...(bindings.get(`${namespace}/${account}`) ?? []),
      ...(bindings.get(`${namespace}/*`) ?? []),
    ],
    lookup,
  };
}

function indexWorkload(key: string, object: KubeObject, workloads: Map<string, LabelIndex>): void {
  const { namespace } = object.metadata;
  const labels = podLabelsOf(object);
  if (namespace === undefined || labels === undefined) return;
  const index = workloads.get(namespace) ?? new LabelIndex();
  index.add(key, labels);
  workloads.set(namespace, index);
}

function indexDefinition(object: KubeObject, definitions: Map<string, ObjectRef>): void {
  if (kindOf(object) !== 'CustomResourceDefinition.apiextensions.k8s.io') return;
  const group = textAt(object, 'spec', 'group');
  const kind = textAt(object, 'spec', 'names', 'kind');
  if (group !== undefined && kind !== undefined && isCustom(group)) {
    definitions.set(kindName(group, kind), refOf(object));
  }
}

const ACCOUNTS_OF_NAMESPACE = 'system:serviceaccounts:';

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
    const namespace = textAt(subject, 'namespace') ?? object.metadata.namespace;
    if (textAt(subject, 'kind') === 'Group' && name.startsWith(ACCOUNTS_OF_NAMESPACE)) {
      return [`${name.slice(ACCOUNTS_OF_NAMESPACE.length)}/*`];
    }
    const isAccount = textAt(subject, 'kind') === 'ServiceAccount' && namespace !== undefined;
    return isAccount ? [`${namespace}/${name}`] : [];
  });
}

const BINDING_KINDS: ReadonlySet<string> = new Set([
  'RoleBinding.rbac.authorization.k8s.io',
  'ClusterRoleBinding.rbac.authorization.k8s.io',
]);
