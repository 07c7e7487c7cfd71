/**
 * The shape of any Kubernetes object, and how Antipode names one in plans,
 * recovery points and messages. Everything here is data: reading and writing
 * objects is the business of `src/kube`.
 */

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  /** RFC 3339; always a string here, whichever call it came from. */
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly finalizers?: readonly string[];
  readonly [field: string]: unknown;
}

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

/** Names one object whatever version of its API it is read through. */
export interface ObjectRef {
  /** API group; '' for the core group. */
  readonly group: string;
  readonly kind: string;
  /** Absent for cluster-scoped objects. */
  readonly namespace?: string;
  readonly name: string;
}

/** `apps` of `apps/v1`, '' of `v1`. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

export function refOf(object: KubeObject): ObjectRef {
  const { name, namespace } = object.metadata;
  const ref = { group: groupOf(object.apiVersion), kind: object.kind, name };
  return namespace === undefined ? ref : { ...ref, namespace };
}

/**
 * The text form of a reference, unique in a cluster and used as map key, in
 * manifests and in messages: `Deployment.apps/shop/web`, `Secret/shop/db`,
 * `ClusterRole.rbac.authorization.k8s.io/reader` (cluster-scoped: two parts).
 */
export function refKey(ref: ObjectRef): string {
  const kind = ref.group === '' ? ref.kind : `${ref.kind}.${ref.group}`;
  return ref.namespace === undefined ? `${kind}/${ref.name}` : `${kind}/${ref.namespace}/${ref.name}`;
}

/** Objects are never changed, and the graph asks for the key of each many times. */
const keys = new WeakMap<KubeObject, string>();

/** The {@link refKey} of an object. */
export function objectKey(object: KubeObject): string {
  const known = keys.get(object);
  if (known !== undefined) return known;
  const key = refKey(refOf(object));
  keys.set(object, key);
  return key;
}

/** Reads what {@link refKey} writes; undefined when `key` is not such a text. */
export function parseRefKey(key: string): ObjectRef | undefined {
  const parts = key.split('/');
  const [typed, second, third] = parts;
  if (typed === undefined || second === undefined || parts.length > 3) return undefined;
  if (parts.some((part) => part === '')) return undefined;
  const dot = typed.indexOf('.');
  const kind = dot < 0 ? typed : typed.slice(0, dot);
  const group = dot < 0 ? '' : typed.slice(dot + 1);
  return third === undefined
    ? { group, kind, name: second }
    : { group, kind, namespace: second, name: third };
}
