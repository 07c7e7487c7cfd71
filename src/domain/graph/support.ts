/**
 * Finds what supports the chosen objects without having been chosen: what they
 * refer to, what that refers to in turn, and the bindings that give them
 * rights. Pure: it says what to look for next; the capture looks, adds what it
 * found and asks again, until nothing is left to look for.
 */
import { type KubeObject, type ObjectRef, refKey, refOf } from '../../api/object.ts';
import { type KindLookup, kindOf, kindOfRef } from './kinds.ts';
import { podTemplateOf, serviceAccountOf } from './pod-template.ts';
import { references } from './references.ts';
import type { Reference } from './types.ts';
import { granteesOf } from './world.ts';

export interface SupportOptions {
  readonly infer: boolean;
  readonly lookup: KindLookup;
  /** What the user wants left out even when it is referred to: `exclusion(resources)`. */
  readonly excluded: (ref: ObjectRef) => boolean;
}

/**
 * What to look for next, one reference per object, sorted. Empty when `known`
 * is closed: everything it refers to is known, was asked for, or is not followed.
 * @param asked refKeys looked for before, found or not; begins with the keys that were left out
 */
export function nextReferences(
  known: readonly KubeObject[],
  asked: ReadonlySet<string>,
  { infer, lookup, excluded }: SupportOptions,
): readonly Reference[] {
  const namespaces = new Set(known.map(({ metadata }) => metadata.namespace));
  const next = new Map<string, Reference>();
  for (const reference of references(known, { infer, lookup }).missing) {
    const key = refKey(reference.to);
    const wanted = !next.has(key) && !asked.has(key) && !excluded(reference.to);
    if (wanted && isFollowed(reference, namespaces)) next.set(key, reference);
  }
  return [...next.values()];
}

/**
 * Not followed: what every cluster has by itself, and grantees in namespaces
 * that are not protected. A binding may grant to them without their existing,
 * and following them would drag other people's namespaces into the copy.
 */
function isFollowed({ to, rule }: Reference, namespaces: ReadonlySet<string | undefined>): boolean {
  return !isSuppliedByCluster(to) && (rule !== 'binding-subject' || namespaces.has(to.namespace));
}

/** Names that every cluster brings with it, by kind. */
const SUPPLIED: Readonly<Record<string, RegExp>> = {
  // Roles of the RBAC bootstrap policy.
  'ClusterRole.rbac.authorization.k8s.io': /^(cluster-admin|admin|edit|view|system:.*)$/,
  'ClusterRoleBinding.rbac.authorization.k8s.io': /^(cluster-admin|system:.*)$/,
  'PriorityClass.scheduling.k8s.io': /^system-/,
  Namespace: /^(default|kube-system|kube-public|kube-node-lease)$/,
  ConfigMap: /^kube-root-ca\.crt$/,
  // Owners of static Pods' mirrors and the like.
  Node: /.*/,
};

const isSuppliedByCluster = (ref: ObjectRef): boolean => SUPPLIED[kindOfRef(ref)]?.test(ref.name) ?? false;

/**
 * Of a cluster's bindings, those that give rights to a ServiceAccount that is
 * known or that known workloads run as. They refer to it, not it to them, so no
 * reference leads there: the capture lists them and asks.
 */
export function bindingsFor(
  known: readonly KubeObject[],
  bindings: readonly KubeObject[],
  excluded: (ref: ObjectRef) => boolean,
): readonly KubeObject[] {
  const accounts = new Set(known.flatMap(accountsOf));
  return bindings.filter((binding) => {
    const ref = refOf(binding);
    if (isSuppliedByCluster(ref) || excluded(ref)) return false;
    return granteesOf(binding).some((grantee) => accounts.has(grantee));
  });
}

/** The account that an object is, or runs as, in the notation of {@link granteesOf}. */
function accountsOf(object: KubeObject): readonly string[] {
  const { name, namespace } = object.metadata;
  const template = podTemplateOf(object);
  if (template !== undefined) return [`${namespace}/${serviceAccountOf(template)}`, `${namespace}/*`];
  return kindOf(object) === 'ServiceAccount' ? [`${namespace}/${name}`, `${namespace}/*`] : [];
}
