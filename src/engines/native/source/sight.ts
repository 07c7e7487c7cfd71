/**
 * How a collection sees the source: which kinds it serves, whole lists and
 * single objects. What is behind it is the API (here) or a mirror of it
 * (mirror-sight.ts); who collects cannot tell the difference.
 */
import { arrayAt, textAt } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import { type KindLookup, kindName } from '../../../domain/graph/kinds.ts';
import type { Cluster, FailedApi, ResourceType } from '../../../kube/cluster.ts';

/** The kinds a source serves, found by group and kind. */
export interface Kinds {
  readonly all: readonly ResourceType[];
  readonly lookup: (group: string, kind: string) => ResourceType | undefined;
  /** APIs of which it is not known what they serve. */
  readonly failed: readonly FailedApi[];
}

export interface SeenList {
  readonly items: readonly KubeObject[];
  /** Up to which everything is in `items`. */
  readonly resourceVersion: string;
}

export type SeenKey = { readonly namespace?: string; readonly name: string };

export interface Sight {
  readonly kinds: Kinds;
  /** Everything of a kind in a namespace, or everywhere without one. @throws KubeError */
  list(type: ResourceType, namespace: string | undefined, signal: AbortSignal): Promise<SeenList>;
  /** @returns undefined when there is none. @throws KubeError */
  get(type: ResourceType, key: SeenKey, signal: AbortSignal): Promise<KubeObject | undefined>;
}

/** Asks the API for everything. @throws KubeError */
export async function directSight(source: Cluster, signal: AbortSignal): Promise<Sight> {
  return {
    kinds: await kindsOf(source, signal),
    list: (type, namespace, listSignal) => source.list(type, listOptions(namespace), listSignal),
    get: async (type, key, getSignal) => {
      const object = await source.get(type, key, getSignal);
      return object && slim(object);
    },
  };
}

export function listOptions(namespace: string | undefined) {
  return namespace === undefined ? { transform: slim } : { namespace, transform: slim };
}

/** @throws KubeError */
export async function kindsOf(source: Cluster, signal: AbortSignal): Promise<Kinds> {
  const failed: FailedApi[] = [];
  const all = await source.discover(signal, { refresh: true, onFailed: (api) => failed.push(api) });
  const byName = new Map(all.map((type) => [kindName(type.group, type.kind), type]));
  const lookup = (group: string, kind: string) => byName.get(kindName(group, kind));
  return { all, lookup: lookup satisfies KindLookup, failed };
}

/**
 * Without the bulk of managedFields, which is half of a typical object: of each
 * entry only when it was written and whether to the status is ever asked for.
 */
export function slim(object: KubeObject): KubeObject {
  if (!('managedFields' in object.metadata)) return object;
  const managedFields = arrayAt(object, 'metadata', 'managedFields').map((entry) => {
    const [time, subresource] = [textAt(entry, 'time'), textAt(entry, 'subresource')];
    return { ...(time === undefined ? {} : { time }), ...(subresource === undefined ? {} : { subresource }) };
  });
  return { ...object, metadata: { ...object.metadata, managedFields } };
}

/** As it is kept in a point: what {@link slim} leaves of managedFields means nothing to others. */
export function withoutManagers(object: KubeObject): KubeObject {
  if (!('managedFields' in object.metadata)) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
