/**
 * A cluster that holds objects and nothing else: no controller acts on them but
 * what a test says. Its answers to reads and writes are those of an API server as
 * far as the code under test asks for them.
 */
import { groupOf, type KubeObject, objectKey, refKey } from '../api/object.ts';
import type { Cluster, ListOptions, ResourceType } from '../kube/cluster.ts';
import { KubeError } from '../kube/errors.ts';
import { partialCluster } from './region.ts';

export interface MemoryCluster {
  readonly cluster: Cluster;
  /** By refKey, e.g. `VolumeSnapshot.snapshot.storage.k8s.io/shop/data`. */
  readonly objects: ReadonlyMap<string, KubeObject>;
  /** What is there of a kind. */
  all(kind: KindName): readonly KubeObject[];
  /** As a user or a controller would: created, or changed as a whole. */
  put(...objects: readonly KubeObject[]): void;
  /** Changes the status of one that is there. */
  say(key: string, status: object): void;
  take(key: string): void;
  /** Verb and kind of every call but dry runs, e.g. `list VolumeSnapshot`. */
  readonly calls: string[];
}

/**
 * @param kinds that it serves, by API group
 * @param acts called after each write with the key of what was written, as a controller would be
 */
export function memoryCluster(
  name: string,
  kinds: Readonly<Record<string, readonly string[]>>,
  acts: (key: string, cluster: MemoryCluster) => void = () => {},
): MemoryCluster {
  const objects = new Map<string, KubeObject>();
  let made = 0;
  const written = (object: KubeObject): KubeObject => {
    const key = objectKey(object);
    if (!objects.has(key)) made += 1;
    const uid = object.metadata.uid ?? objects.get(key)?.metadata.uid ?? `${name}-${made}`;
    objects.set(key, { ...object, metadata: { ...object.metadata, uid } });
    return object;
  };
  const kept: Kept = {
    objects,
    all: (kind) => [...objects.values()].filter((object) => isOf(object, kind)),
    put: (...given) => void given.map(written),
    say: (key, status) => void written({ ...found(objects, key, name), status }),
    take: (key) => void objects.delete(key),
    calls: [],
  };
  const types = Object.entries(kinds).flatMap(([group, served]) => served.map((kind) => typeOf(group, kind)));
  const state: MemoryCluster = { ...kept, cluster: serving(name, types, kept, (key) => acts(key, state)) };
  return state;
}

type Kept = Omit<MemoryCluster, 'cluster'>;

function serving(
  name: string,
  types: readonly ResourceType[],
  { objects, all, put, take, calls }: Kept,
  acts: (key: string) => void,
): Cluster {
  const told = (verb: string, { kind }: { readonly kind: string }): void =>
    void calls.push(`${verb} ${kind}`);
  const acted = (object: KubeObject): KubeObject => {
    put(object);
    acts(objectKey(object));
    return objects.get(objectKey(object)) ?? object;
  };
  return partialCluster(name, {
    discover: async () => types,
    get: async (type, key) => {
      told('get', type);
      return objects.get(keyOf(type, key));
    },
    list: async (type, options) => {
      told('list', type);
      return { items: all(type).filter((object) => fits(object, options)), resourceVersion: '1' };
    },
    create: async (object, _signal, { dryRun = false } = {}) => {
      if (!dryRun) told('create', object);
      if (objects.has(objectKey(object)))
        throw new KubeError('AlreadyExists', `${objectKey(object)} is there`, { cluster: name });
      return dryRun ? object : acted(object);
    },
    apply: async (object) => {
      told('apply', object);
      return acted(merged(objects.get(objectKey(object)) ?? object, object));
    },
    mergePatch: async (type, key, patch) => {
      told('patch', type);
      return acted(merged(found(objects, keyOf(type, key), name), patch));
    },
    remove: async (type, key) => {
      told('remove', type);
      const wasThere = objects.has(keyOf(type, key));
      take(keyOf(type, key));
      acts(keyOf(type, key));
      return wasThere;
    },
  });
}

type KindName = Pick<ResourceType, 'group' | 'kind'>;

interface Key {
  readonly namespace?: string;
  readonly name: string;
}

const keyOf = ({ group, kind }: KindName, key: Key): string => refKey({ group, kind, ...key });

const typeOf = (group: string, kind: string): ResourceType => ({
  group,
  version: 'v1',
  resource: `${kind.toLowerCase()}s`,
  kind,
  // Nobody asks: what has no namespace is asked for without one.
  namespaced: true,
  verbs: ['get', 'list', 'create'],
});

function found(objects: ReadonlyMap<string, KubeObject>, key: string, cluster: string): KubeObject {
  const object = objects.get(key);
  if (object === undefined) throw new KubeError('NotFound', `${key} is not there`, { cluster });
  return object;
}

const isOf = ({ apiVersion, kind }: KubeObject, of: KindName): boolean =>
  kind === of.kind && groupOf(apiVersion) === of.group;

function fits({ metadata }: KubeObject, { namespace, labelSelector = '' }: ListOptions): boolean {
  const wanted = labelSelector.split(',').filter((one) => one !== '');
  return (
    (namespace === undefined || metadata.namespace === namespace) &&
    wanted.every((one) => {
      const [label = '', value] = one.split('=');
      return metadata.labels?.[label] === value;
    })
  );
}

/** A JSON merge patch. */
function merged(object: KubeObject, patch: object): KubeObject {
  const { apiVersion, kind } = object;
  const { metadata, ...body } = mergedFields(object, patch);
  return { ...body, apiVersion, kind, metadata: { name: object.metadata.name, ...fieldsOf(metadata) } };
}

function mergedFields(fields: object, patch: object): Readonly<Record<string, unknown>> {
  const result = new Map<string, unknown>(Object.entries(fields));
  for (const [field, value] of Object.entries(patch))
    if (value === null) result.delete(field);
    else result.set(field, isFields(value) ? mergedFields(fieldsOf(result.get(field)), value) : value);
  return Object.fromEntries(result);
}

const isFields = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const fieldsOf = (value: unknown): object => (isFields(value) ? value : {});
