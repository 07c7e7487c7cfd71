/**
 * The target cluster as restores and a preflight see it: which kinds it serves
 * and in which version, which namespaces it has, and what is asked only once
 * for many objects. What it knows was true a moment ago; how long it may be
 * relied on is decided in sessions.ts.
 */
import { textAt } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import { kindOf } from '../../../domain/graph/kinds.ts';
import type { Cluster, ResourceType } from '../../../kube/cluster.ts';
import type { OpenPoint } from '../../engine.ts';
import { definitionsIn } from '../objects/definitions.ts';
import {
  beingDeleted,
  namespaceMissing,
  notServed,
  notServedYet,
  type Obstacle,
  versionNotServed,
} from './obstacles.ts';
import { Owners } from './owners.ts';
import { Presence } from './presence.ts';
import { type ServedType, servedType } from './served-type.ts';

export type Served =
  /** `apiVersion`: to write it in; another one than captured where that changes nothing else. */
  | { readonly kind: 'served'; readonly type: ResourceType; readonly apiVersion: string }
  | { readonly kind: 'obstacle'; readonly obstacle: Obstacle };

export class Target {
  readonly cluster: Cluster;
  readonly owners: Owners;
  readonly presence: Presence;
  readonly #point: OpenPoint;
  readonly #types = new Map<string, Promise<ServedType>>();
  #defined: ReadonlyMap<string, string> | undefined;
  #units: ReadonlyMap<string, string> | undefined;

  constructor(cluster: Cluster, point: OpenPoint) {
    this.cluster = cluster;
    this.#point = point;
    this.owners = new Owners(cluster, point);
    this.presence = new Presence(cluster, point);
  }

  /** @throws KubeError */
  async serves(key: string, object: KubeObject, signal: AbortSignal): Promise<Served> {
    const found = await this.#typeOf(object, signal);
    if (found.kind === 'served') return found;
    const what = `${object.apiVersion} ${object.kind}`;
    return { kind: 'obstacle', obstacle: this.#unserved(key, what, object, found) };
  }

  /** The unit of an object of the point. */
  unitOf(key: string): string | undefined {
    this.#units ??= new Map(
      this.#point.manifest.units.flatMap(({ id, objects }) => objects.map((member) => [member, id])),
    );
    return this.#units.get(key);
  }

  /** Whether the definition of the object's kind is part of the point. */
  defines(object: KubeObject): boolean {
    this.#defined ??= definitionsIn(
      this.#point.manifest.objects.map(({ key }) => key),
      this.#point,
    );
    return this.#defined.has(kindOf(object));
  }

  /**
   * Why nothing can be put into a namespace, undefined when something can. Asked anew each time.
   * @param mayBeMissing the namespace itself is going to be restored
   * @throws KubeError
   */
  async namespaceObstacle(
    key: string,
    namespace: string,
    mayBeMissing: boolean,
    signal: AbortSignal,
  ): Promise<Obstacle | undefined> {
    const type = await this.cluster.typeFor({ apiVersion: 'v1', kind: 'Namespace' }, signal);
    const found = type && (await this.cluster.get(type, { name: namespace }, signal));
    if (found === undefined)
      return mayBeMissing ? undefined : namespaceMissing(key, namespace, this.cluster.name);
    return isTerminating(found)
      ? beingDeleted(key, `namespace ${namespace}`, found, this.cluster.name)
      : undefined;
  }

  #unserved(
    key: string,
    what: string,
    object: KubeObject,
    found: Exclude<ServedType, { kind: 'served' }>,
  ): Obstacle {
    const { name } = this.cluster;
    if (this.defines(object)) return notServedYet(key, what, name);
    return found.kind === 'otherwise'
      ? versionNotServed(key, object, found.apiVersion, name)
      : notServed(key, what, name);
  }

  /** A kind that is not served makes the client look at all kinds anew: many at once look together. */
  #typeOf(object: KubeObject, signal: AbortSignal): Promise<ServedType> {
    const id = `${object.apiVersion} ${object.kind}`;
    const known = this.#types.get(id);
    if (known !== undefined) return known;
    const asked = servedType(this.cluster, object, signal);
    this.#types.set(id, asked);
    const forget = (): boolean => this.#types.delete(id);
    // What is not served now may be in a moment.
    asked.then(({ kind }) => kind === 'served' || forget(), forget);
    return asked;
  }
}

function isTerminating(namespace: KubeObject): boolean {
  return (
    namespace.metadata.deletionTimestamp !== undefined ||
    textAt(namespace, 'status', 'phase') === 'Terminating'
  );
}
