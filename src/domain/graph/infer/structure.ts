/**
 * What the API itself demands, whatever an object says: its namespace, the
 * definition of its kind, its owners. These hold even when inference is off,
 * because without them an object cannot be created at all.
 */
import { groupOf, type KubeObject, type ObjectRef, refKey } from '../../../api/object.ts';
import type { World } from '../world.ts';
import { CUSTOM, clusterWide, type Found, type Rule } from './rule.ts';

/** The rule that every object of a namespace has. */
export const NAMESPACE_RULE = 'namespace';
/** The rule whose edges give way when they alone would close a cycle: see order.ts. */
export const OWNER_RULE = 'owner';

export const structureRules: readonly Rule[] = [
  {
    name: NAMESPACE_RULE,
    kinds: 'all',
    reads: 'metadata.namespace',
    certainty: 'certain',
    sentence: 'An object exists only inside its Namespace.',
    find: ({ metadata }) => clusterWide('', 'Namespace', metadata.namespace, 'metadata.namespace'),
  },
  {
    name: 'definition',
    kinds: [CUSTOM],
    reads: 'apiVersion',
    certainty: 'certain',
    sentence: 'A custom resource can be created once its CustomResourceDefinition is established.',
    sees: 'others',
    find: definition,
  },
  {
    name: 'aggregated-api',
    kinds: [CUSTOM],
    reads: 'apiVersion',
    certainty: 'certain',
    sentence: 'An object of an aggregated API can be created once its APIService is available.',
    sees: 'others',
    find: (object, world) => {
      const api = world.apiServiceOf(object.apiVersion);
      return api === undefined ? [] : [{ to: api, field: 'apiVersion' }];
    },
  },
  {
    name: OWNER_RULE,
    kinds: 'all',
    reads: 'metadata.ownerReferences[*]',
    certainty: 'certain',
    sentence: 'An object comes after its owner, unless the owner needs it.',
    sees: 'others',
    find: owners,
  },
];

function definition(object: KubeObject, world: World): readonly Found[] {
  const group = groupOf(object.apiVersion);
  // An aggregated API has no definitions.
  if (world.apiServiceOf(object.apiVersion) !== undefined) return [];
  const known = world.definitionOf(group, object.kind);
  if (known !== undefined) return [{ to: known, field: 'apiVersion' }];
  // A definition is named after the plural, which only the cluster knows.
  const plural = world.lookup(group, object.kind)?.resource;
  const name = plural === undefined ? undefined : `${plural}.${group}`;
  return clusterWide('apiextensions.k8s.io', 'CustomResourceDefinition', name, 'apiVersion');
}

function owners(object: KubeObject, world: World): readonly Found[] {
  return (object.metadata.ownerReferences ?? []).map((owner, index) => ({
    to: ownerRef(object, { group: groupOf(owner.apiVersion), kind: owner.kind, name: owner.name }, world),
    field: `metadata.ownerReferences[${index}]`,
  }));
}

/** An owner reference does not say whether the owner is cluster-scoped; an owner with a namespace shares the object's. */
function ownerRef(object: KubeObject, owner: ObjectRef, world: World): ObjectRef {
  const { namespace } = object.metadata;
  if (namespace === undefined || world.objects.has(refKey(owner))) return owner;
  const namespaced = world.lookup(owner.group, owner.kind)?.namespaced ?? true;
  return namespaced ? { ...owner, namespace } : owner;
}
