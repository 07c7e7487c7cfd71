/**
 * A cluster through which only standby objects can be changed. An execution may
 * put an object to work at any instant, also while a request of the standby is
 * on its way; so every change is bound to the very state in which the object was
 * seen to be a standby, and the API server refuses it when that has passed.
 * What is created cannot replace anything.
 */
import { type KubeObject, objectKey, refKey } from '../../../api/object.ts';
import { isStandby } from '../../../domain/standby/mark.ts';
import type { Cluster, ResourceType } from '../../../kube/cluster.ts';
import { KubeError } from '../../../kube/errors.ts';

interface Seen {
  readonly resourceVersion: string | undefined;
  readonly isStandby: boolean;
}

export function onlyStandby(cluster: Cluster): Cluster {
  const seen = new Map<string, Seen>();
  const note = (object: KubeObject): KubeObject => {
    const { resourceVersion } = object.metadata;
    seen.set(objectKey(object), { resourceVersion, isStandby: isStandby(object) });
    return object;
  };
  /** @throws KubeError code 'Conflict' when the object is not known to be a standby */
  const versionOf = (key: string): string => {
    const { resourceVersion, isStandby: isOne = false } = seen.get(key) ?? {};
    if (isOne && resourceVersion !== undefined) return resourceVersion;
    const message = `${key} in ${cluster.name} is not held in standby any more; it is left as it is`;
    throw new KubeError('Conflict', message, { cluster: cluster.name });
  };
  return {
    ...cluster,
    get: async (type, key, signal) => {
      const found = await cluster.get(type, key, signal);
      return found && note(found);
    },
    list: async (type, options, signal) => {
      const found = await cluster.list(type, options, signal);
      for (const object of found.items) note(object);
      return found;
    },
    create: async (object, signal, options) => {
      const created = await cluster.create(object, signal, options);
      return options?.dryRun === true ? created : note(created);
    },
    apply: async (object, options, signal) => {
      const resourceVersion = versionOf(objectKey(object));
      const bound = { ...object, metadata: { ...object.metadata, resourceVersion } };
      return note(await cluster.apply(bound, options, signal));
    },
    mergePatch: async (type, key, patch, signal) => {
      const resourceVersion = versionOf(keyOf(type, key));
      const bound = withVersion(patch, resourceVersion);
      return note(await cluster.mergePatch(type, key, bound, signal));
    },
    remove: async (type, key, signal, options) => {
      const resourceVersion = versionOf(keyOf(type, key));
      return cluster.remove(type, key, signal, { ...options, resourceVersion });
    },
  };
}

function keyOf({ group, kind }: ResourceType, key: { readonly namespace?: string; readonly name: string }) {
  return refKey({ group, kind, ...key });
}

function withVersion(patch: object, resourceVersion: string): object {
  const metadata: unknown = 'metadata' in patch ? patch.metadata : undefined;
  const others = typeof metadata === 'object' ? metadata : {};
  return { ...patch, metadata: { ...others, resourceVersion } };
}
