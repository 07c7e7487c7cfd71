/**
 * Which objects of one restore have to wait for which, where the API itself
 * would mind: everything else may be written at the same time. Readiness is not
 * waited for here; that is a matter between units.
 */
import { textAt } from '../../../api/fields.ts';
import { groupOf, type KubeObject, refKey } from '../../../api/object.ts';
import { accountOfToken } from '../../../domain/graph/account-token.ts';
import { kindOf } from '../../../domain/graph/kinds.ts';
import type { OpenPoint } from '../../engine.ts';
import { definitionsIn } from './definitions.ts';

/**
 * Kinds that only say something: nothing in the cluster acts at their creation
 * in a way that depends on what else is there yet. All others, also every
 * custom kind, come after what stands before them in their unit.
 */
const PASSIVE: ReadonlySet<string> = new Set([
  'ConfigMap',
  'Endpoints',
  'EndpointSlice.discovery.k8s.io',
  'HorizontalPodAutoscaler.autoscaling',
  'Ingress.networking.k8s.io',
  'IngressClass.networking.k8s.io',
  'LimitRange',
  'NetworkPolicy.networking.k8s.io',
  'PersistentVolumeClaim',
  'PodDisruptionBudget.policy',
  'PodTemplate',
  'PriorityClass.scheduling.k8s.io',
  'ResourceQuota',
  'RuntimeClass.node.k8s.io',
  'Secret',
  'Service',
  'ServiceAccount',
  'StorageClass.storage.k8s.io',
  'ClusterRole.rbac.authorization.k8s.io',
  'ClusterRoleBinding.rbac.authorization.k8s.io',
  'Role.rbac.authorization.k8s.io',
  'RoleBinding.rbac.authorization.k8s.io',
]);

/**
 * @param keys in the order of the point: what is waited for stands earlier
 * @param unitOf the unit of a key
 * @returns by key, the keys among `keys` that must be written before it; only earlier ones, so that
 *   nothing waits in a circle
 */
export function waitsFor(
  keys: readonly string[],
  point: OpenPoint,
  unitOf: (key: string) => string | undefined,
): ReadonlyMap<string, readonly string[]> {
  const definitions = definitionsIn(keys, point);
  /** Of each unit, what an active object has to wait for now: the last active one and what came after it. */
  const standing = new Map<string, string[]>();
  const earlier = new Set<string>();
  const waits = new Map<string, readonly string[]>();
  for (const key of keys) {
    const object = point.object(key);
    const unit = unitOf(key) ?? key;
    const before = standing.get(unit) ?? [];
    const isActive = object !== undefined && !PASSIVE.has(kindOf(object));
    const named = object === undefined ? [] : namedBy(object, definitions);
    const wanted = isActive ? [...named, ...before] : named;
    waits.set(
      key,
      [...new Set(wanted)].filter((other) => earlier.has(other)),
    );
    standing.set(unit, isActive ? [key] : [...before, key]);
    earlier.add(key);
  }
  return waits;
}

/** What the API server, the garbage collector or the token controller wants to be there first. */
function namedBy(object: KubeObject, definitions: ReadonlyMap<string, string>): readonly string[] {
  const { namespace, ownerReferences = [] } = object.metadata;
  const inNamespace = namespace === undefined ? {} : { namespace };
  const keys: string[] = ownerReferences.flatMap(({ apiVersion, kind, name }) => {
    const owner = { group: groupOf(apiVersion), kind, name };
    return [refKey(owner), refKey({ ...owner, ...inNamespace })];
  });
  if (namespace !== undefined) keys.push(`Namespace/${namespace}`);
  const account = accountOfToken(object);
  if (account !== undefined)
    keys.push(refKey({ group: '', kind: 'ServiceAccount', name: account, ...inNamespace }));
  const definition = definitions.get(kindOf(object));
  if (definition !== undefined) keys.push(definition);
  const role = textAt(object, 'roleRef', 'name');
  const roleKind = textAt(object, 'roleRef', 'kind');
  if (role === undefined || roleKind === undefined) return keys;
  const ref = { group: groupOf(object.apiVersion), kind: roleKind, name: role };
  return [...keys, refKey(roleKind === 'Role' ? { ...ref, ...inNamespace } : ref)];
}
