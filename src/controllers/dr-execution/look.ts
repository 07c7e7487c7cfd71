/**
 * How one pass looks at the recovery cluster: what many steps wait for is read
 * by one list, and no list is read twice. A look lasts as long as its pass, so
 * nothing is believed longer than that.
 */
import { type KubeObject, parseRefKey } from '../../api/object.ts';
import type { Cluster } from '../../kube/cluster.ts';

/** With fewer objects of a kind and namespace to look at, asking for each is as cheap. */
const WORTH_A_LIST = 4;

export interface Look {
  /** The cluster, each of whose lists is read once. */
  readonly cluster: Cluster;
  /** @throws KubeError */
  object(key: string, signal: AbortSignal): Promise<KubeObject | undefined>;
}

/** @param wanted refKeys of what is going to be looked at */
export function lookAt(target: Cluster, wanted: readonly string[]): Look {
  const lists = new Map<string, ReturnType<Cluster['list']>>();
  const cluster: Cluster = {
    ...target,
    list: (type, options, signal) => {
      const id = JSON.stringify([type.resource, type.group, options]);
      const listed = lists.get(id) ?? target.list(type, options, signal);
      lists.set(id, listed);
      return listed;
    },
  };
  const sizes = sizesOf(wanted);
  return {
    cluster,
    object: async (key, signal) => {
      const ref = parseRefKey(key);
      const type = ref === undefined ? undefined : await target.typeFor(ref, signal);
      if (ref === undefined || type === undefined) return undefined;
      const { namespace, name } = ref;
      // Of cluster-wide kinds there may be very many that do not concern us.
      if (namespace === undefined || (sizes.get(groupOf(key)) ?? 0) < WORTH_A_LIST)
        return target.get(type, ref, signal);
      const { items } = await cluster.list(type, { namespace }, signal);
      return items.find(({ metadata }) => metadata.name === name);
    },
  };
}

/** Kind and namespace of a refKey. */
const groupOf = (key: string): string => key.slice(0, key.lastIndexOf('/'));

function sizesOf(keys: readonly string[]): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const key of keys) sizes.set(groupOf(key), (sizes.get(groupOf(key)) ?? 0) + 1);
  return sizes;
}
