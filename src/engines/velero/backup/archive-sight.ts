/**
 * The objects of a backup, seen as a collection sees the source: so that what
 * belongs to a scenario is found in it by the very code that finds it in the
 * live cluster.
 */
import { groupOf, type KubeObject, type ObjectRef, refKey } from '../../../api/object.ts';
import { kindName } from '../../../domain/graph/kinds.ts';
import type { ResourceType } from '../../../kube/cluster.ts';
import type { SeenKey, Sight } from '../../native/source/sight.ts';

export interface Archived {
  /** By refKey. */
  readonly objects: ReadonlyMap<string, KubeObject>;
  /** Kinds of the cluster it was made in, as far as known: those of objects in it are found by themselves. */
  readonly types: readonly ResourceType[];
  /** Objects that are not to be seen, by refKey. */
  readonly hidden: ReadonlySet<string>;
}

export function archiveSight({ objects, types, hidden }: Archived): Sight {
  const known = new Map(types.map((type) => [kindName(type.group, type.kind), type]));
  const visible = new Map([...objects].filter(([key]) => !hidden.has(key)));
  for (const object of visible.values()) {
    const id = kindName(groupOf(object.apiVersion), object.kind);
    if (!known.has(id)) known.set(id, typeOf(object));
  }
  const lookup = (group: string, kind: string) => known.get(kindName(group, kind));
  return {
    kinds: { all: [...known.values()], lookup, failed: [] },
    get: async (type, key) => visible.get(refKey(refFor(type, key))),
    list: async (type, namespace) => ({
      items: [...visible.values()].filter(
        (object) =>
          isOf(object, type) && (namespace === undefined || object.metadata.namespace === namespace),
      ),
      resourceVersion: '',
    }),
  };
}

function refFor({ group, kind, namespaced }: ResourceType, { namespace, name }: SeenKey): ObjectRef {
  return namespaced && namespace !== undefined ? { group, kind, namespace, name } : { group, kind, name };
}

const isOf = ({ apiVersion, kind }: KubeObject, type: ResourceType): boolean =>
  kind === type.kind && groupOf(apiVersion) === type.group;

/** As it reads from an object alone; whoever collects never asks for the plural name. */
export function typeOf({ apiVersion, kind, metadata }: KubeObject): ResourceType {
  return {
    group: groupOf(apiVersion),
    version: apiVersion.slice(apiVersion.indexOf('/') + 1),
    resource: `${kind.toLowerCase()}s`,
    kind,
    namespaced: metadata.namespace !== undefined,
    verbs: ['get', 'list', 'create'],
  };
}
