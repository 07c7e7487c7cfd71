/**
 * Owners of restored objects: under which uid the target has them, and which
 * objects went before their owner because the owner needs them, so that
 * ownership has to be written afterwards.
 */
import { groupOf, type KubeObject, type OwnerReference, objectKey, refKey } from '../../../api/object.ts';
import type { Cluster, ResourceType } from '../../../kube/cluster.ts';
import type { OpenPoint } from '../../engine.ts';
import type { ResolvedOwner } from './prepare.ts';

export class Owners {
  readonly #cluster: Cluster;
  readonly #point: OpenPoint;
  /** By refKey of the owner. */
  readonly #uids = new Map<string, Promise<string | undefined>>();
  #belated: ReadonlyMap<string, readonly string[]> | undefined;

  constructor(cluster: Cluster, point: OpenPoint) {
    this.#cluster = cluster;
    this.#point = point;
  }

  /** The owners of an object, with their uids here. @throws KubeError */
  async of(object: KubeObject, signal: AbortSignal): Promise<readonly ResolvedOwner[]> {
    const owners = object.metadata.ownerReferences ?? [];
    return Promise.all(
      owners.map(async (owner) => ({
        owner,
        uid: await this.#uidOf(owner, object.metadata.namespace, signal),
      })),
    );
  }

  /** An object is in the target under this uid now. */
  learn(object: KubeObject): void {
    this.#uids.set(objectKey(object), Promise.resolve(object.metadata.uid));
  }

  /** Keys of the objects that the order of the point puts before this owner of theirs. */
  ownedBefore(key: string): readonly string[] {
    this.#belated ??= belatedOwners(this.#point);
    return this.#belated.get(key) ?? [];
  }

  /** Whether the owner is still to come, by the order of the point. */
  isStillToCome(owned: KubeObject, owner: OwnerReference): boolean {
    const key = objectKey(owned);
    return ownerKeys(owned, owner).some((candidate) => this.ownedBefore(candidate).includes(key));
  }

  async #uidOf(
    owner: OwnerReference,
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const type = await this.#cluster.typeFor({ group: groupOf(owner.apiVersion), kind: owner.kind }, signal);
    if (type === undefined) return undefined;
    const key =
      type.namespaced && namespace !== undefined ? { namespace, name: owner.name } : { name: owner.name };
    const id = refKey({ group: type.group, kind: type.kind, ...key });
    const known = this.#uids.get(id);
    const uid = known === undefined ? undefined : await known;
    // One that was not there may have come since.
    return uid ?? this.#ask(id, type, key, signal);
  }

  #ask(
    id: string,
    type: ResourceType,
    key: { readonly namespace?: string; readonly name: string },
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const asked = this.#cluster.get(type, key, signal).then((found) =>
      // An owner on its way out would take what it owns with it.
      found?.metadata.deletionTimestamp === undefined ? found?.metadata.uid : undefined,
    );
    this.#uids.set(id, asked);
    asked.catch(() => this.#uids.delete(id));
    return asked;
  }
}

/** An owner reference does not say whether its owner has a namespace. */
function ownerKeys(object: KubeObject, { apiVersion, kind, name }: OwnerReference): readonly string[] {
  const ref = { group: groupOf(apiVersion), kind, name };
  const { namespace } = object.metadata;
  return namespace === undefined ? [refKey(ref)] : [refKey({ ...ref, namespace }), refKey(ref)];
}

function belatedOwners(point: OpenPoint): ReadonlyMap<string, readonly string[]> {
  const order = point.manifest.units.flatMap(({ objects }) => objects);
  const position = new Map(order.map((key, index) => [key, index]));
  const belated = new Map<string, string[]>();
  for (const [index, key] of order.entries()) {
    const object = point.object(key);
    for (const owner of object?.metadata.ownerReferences ?? []) {
      const later = object && ownerKeys(object, owner).find((id) => (position.get(id) ?? -1) > index);
      if (later !== undefined) belated.set(later, [...(belated.get(later) ?? []), key]);
    }
  }
  return belated;
}
