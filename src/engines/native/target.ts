/**
 * The target cluster as one restore or preflight sees it: which kinds it
 * serves, which namespaces it has, and the uids of owners, each asked once.
 */
import { textAt } from '../../api/fields.ts';
import { groupOf, type KubeObject, type OwnerReference, refKey } from '../../api/object.ts';
import type { Cluster, ResourceType } from '../../kube/cluster.ts';
import type { OpenPoint } from '../engine.ts';
import { beingDeleted, namespaceMissing, notServed, notServedYet, type Obstacle } from './obstacles.ts';
import type { ResolvedOwner } from './prepare.ts';

export type Served =
  | { readonly kind: 'served'; readonly type: ResourceType }
  | { readonly kind: 'obstacle'; readonly obstacle: Obstacle };

export class Target {
  readonly cluster: Cluster;
  readonly #point: OpenPoint;
  readonly #usableNamespaces = new Set<string>();
  readonly #uids = new Map<string, string>();

  constructor(cluster: Cluster, point: OpenPoint) {
    this.cluster = cluster;
    this.#point = point;
  }

  /** @throws KubeError */
  async serves(key: string, object: KubeObject, signal: AbortSignal): Promise<Served> {
    const known = await this.cluster.typeFor(object, signal);
    if (known !== undefined) return { kind: 'served', type: known };
    const what = `${object.apiVersion} ${object.kind}`;
    const obstacle = definesKind(this.#point, object)
      ? notServedYet(key, what, this.cluster.name)
      : notServed(key, what, this.cluster.name);
    return { kind: 'obstacle', obstacle };
  }

  /**
   * Why nothing can be put into a namespace, undefined when something can.
   * @param mayBeMissing the namespace itself is going to be restored
   * @throws KubeError
   */
  async namespaceObstacle(
    key: string,
    namespace: string,
    mayBeMissing: boolean,
    signal: AbortSignal,
  ): Promise<Obstacle | undefined> {
    if (this.#usableNamespaces.has(namespace)) return undefined;
    const type = await this.cluster.typeFor({ apiVersion: 'v1', kind: 'Namespace' }, signal);
    const found = type && (await this.cluster.get(type, { name: namespace }, signal));
    if (found === undefined)
      return mayBeMissing ? undefined : namespaceMissing(key, namespace, this.cluster.name);
    if (isTerminating(found)) return beingDeleted(key, `namespace ${namespace}`, this.cluster.name);
    this.#usableNamespaces.add(namespace);
    return undefined;
  }

  /** The owners of an object, with their uids here. @throws KubeError */
  async owners(object: KubeObject, signal: AbortSignal): Promise<readonly ResolvedOwner[]> {
    const resolved: ResolvedOwner[] = [];
    for (const owner of object.metadata.ownerReferences ?? [])
      resolved.push({ owner, uid: await this.#uidOf(owner, object.metadata.namespace, signal) });
    return resolved;
  }

  async #uidOf(
    owner: OwnerReference,
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const type = await this.cluster.typeFor({ group: groupOf(owner.apiVersion), kind: owner.kind }, signal);
    if (type === undefined) return undefined;
    const key =
      type.namespaced && namespace !== undefined ? { namespace, name: owner.name } : { name: owner.name };
    const id = refKey({ group: type.group, kind: type.kind, ...key });
    const known = this.#uids.get(id);
    if (known !== undefined) return known;
    const found = await this.cluster.get(type, key, signal);
    // An owner on its way out would take what it owns with it.
    const uid = found?.metadata.deletionTimestamp === undefined ? found?.metadata.uid : undefined;
    if (uid !== undefined) this.#uids.set(id, uid);
    return uid;
  }
}

function isTerminating(namespace: KubeObject): boolean {
  return (
    namespace.metadata.deletionTimestamp !== undefined ||
    textAt(namespace, 'status', 'phase') === 'Terminating'
  );
}

const DEFINITION = 'CustomResourceDefinition.apiextensions.k8s.io/';

/** Whether the definition of an object's kind is part of the point. */
export function definesKind(point: OpenPoint, object: KubeObject): boolean {
  const group = groupOf(object.apiVersion);
  return point.manifest.objects.some(({ key }) => {
    if (group === '' || !key.startsWith(DEFINITION) || !key.endsWith(`.${group}`)) return false;
    return textAt(point.object(key), 'spec', 'names', 'kind') === object.kind;
  });
}
