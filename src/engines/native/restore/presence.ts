/**
 * What a target certainly had not, a moment ago: so that an empty recovery
 * cluster is asked by a few lists instead of once for each object. A name that
 * is not known to be absent is looked at; one that has appeared since is no
 * danger, because what is absent is only ever created.
 */
import { type KubeObject, objectKey } from '../../../api/object.ts';
import { isStandby } from '../../../domain/standby/mark.ts';
import type { Cluster, ResourceType } from '../../../kube/cluster.ts';
import type { OpenPoint } from '../../engine.ts';

/** With fewer objects of a kind and namespace in the point, asking for each is as cheap. */
const WORTH_A_LIST = 4;

export class Presence {
  readonly #cluster: Cluster;
  readonly #point: OpenPoint;
  readonly #standby = new Map<string, KubeObject>();
  readonly #names = new Map<string, Promise<Set<string>>>();
  #sizes: ReadonlyMap<string, number> | undefined;

  constructor(cluster: Cluster, point: OpenPoint) {
    this.#cluster = cluster;
    this.#point = point;
  }

  /**
   * Whether the target has no object of this key, as far as is known.
   * @param key its refKey. @throws KubeError
   */
  async isAbsent(key: string, type: ResourceType, object: KubeObject, signal: AbortSignal): Promise<boolean> {
    const { name, namespace } = object.metadata;
    // Of cluster-wide kinds there may be very many that do not concern us.
    if (namespace === undefined) return false;
    const group = groupOfKey(key);
    if (!this.#names.has(group) && this.#size(group) < WORTH_A_LIST) return false;
    const known = this.#names.get(group) ?? this.#ask(group, type, namespace, signal);
    return !(await known).has(name);
  }

  /** All objects of a kind and namespace, read now. @throws KubeError */
  async list(
    key: string,
    type: ResourceType,
    namespace: string,
    signal: AbortSignal,
  ): Promise<readonly KubeObject[]> {
    const { items } = await this.#cluster.list(type, { namespace }, signal);
    this.#names.set(groupOfKey(key), Promise.resolve(this.#take(items)));
    return items;
  }

  /**
   * The object as it was listed, once, when it is held in standby: it has to be written in any case,
   * so nothing is lost when it has changed since, and nobody has to ask for it.
   */
  takeStandby(key: string): KubeObject | undefined {
    const found = this.#standby.get(key);
    this.#standby.delete(key);
    return found;
  }

  /** It was written or found: it is not absent any more. */
  async appeared(key: string, name: string): Promise<void> {
    (await this.#names.get(groupOfKey(key)))?.add(name);
  }

  #ask(
    group: string,
    type: ResourceType,
    namespace: string,
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>> {
    const asked = this.#cluster.list(type, { namespace }, signal).then(({ items }) => this.#take(items));
    this.#names.set(group, asked);
    // Who asks next asks again.
    asked.catch(() => this.#names.delete(group));
    return asked;
  }

  #take(items: readonly KubeObject[]): Set<string> {
    for (const item of items) if (isStandby(item)) this.#standby.set(objectKey(item), item);
    return new Set(items.map(({ metadata }) => metadata.name));
  }

  #size(group: string): number {
    this.#sizes ??= sizesOf(this.#point);
    return this.#sizes.get(group) ?? 0;
  }
}

/** Kind and namespace of a refKey. */
const groupOfKey = (key: string): string => key.slice(0, key.lastIndexOf('/'));

function sizesOf(point: OpenPoint): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const { key } of point.manifest.objects)
    sizes.set(groupOfKey(key), (sizes.get(groupOfKey(key)) ?? 0) + 1);
  return sizes;
}
