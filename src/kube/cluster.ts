/**
 * What the rest of Antipode may do with one Kubernetes cluster. The interface
 * holds no client types, so nothing outside `src/kube` knows which client
 * library is used. Every call takes the caller's AbortSignal and has a deadline
 * of its own; a call that fails throws {@link KubeError}.
 */
import type { KubeObject, ObjectRef } from '../api/object.ts';
import type { Millis } from '../domain/time.ts';

/** One kind of resource as a cluster serves it. */
export interface ResourceType {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural name in paths, e.g. `deployments`. */
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

export interface ListOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** A complete list, all pages, at one resourceVersion. */
export interface ObjectList {
  readonly items: readonly KubeObject[];
  /** Opaque; only ever handed back to the same cluster. */
  readonly resourceVersion: string;
}

export interface ApplyOptions {
  readonly fieldManager: string;
  /** Take fields over from other managers. Default false: a conflict throws KubeError with code 'Conflict'. */
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly subresource?: 'status' | 'scale';
}

export interface Cluster {
  /** Name for logs, metrics and messages; for regions the RegionHealth's name, else 'objective'. */
  readonly name: string;
  /** The API server's host:port, for messages; never credentials. */
  readonly server: string;

  /** All kinds the cluster serves, preferred version of each group, without subresources; cached until `refresh`. */
  discover(signal: AbortSignal, options?: { readonly refresh?: boolean }): Promise<readonly ResourceType[]>;
  /** The type serving this group and kind (any version, or exactly that of `apiVersion`), undefined when the cluster has none. */
  typeFor(
    object: { readonly apiVersion?: string; readonly group?: string; readonly kind: string },
    signal: AbortSignal,
  ): Promise<ResourceType | undefined>;

  /** @returns undefined when the object does not exist. */
  get(
    type: ResourceType,
    key: { readonly namespace?: string; readonly name: string },
    signal: AbortSignal,
  ): Promise<KubeObject | undefined>;
  list(type: ResourceType, options: ListOptions, signal: AbortSignal): Promise<ObjectList>;
  /** Server-side apply. Resolves the type from the object's apiVersion and kind. */
  apply(object: KubeObject, options: ApplyOptions, signal: AbortSignal): Promise<KubeObject>;
  /** @throws KubeError code 'AlreadyExists'. */
  create(object: KubeObject, signal: AbortSignal): Promise<KubeObject>;
  /** PUT with the object's own resourceVersion. @throws KubeError code 'Conflict'. */
  replace(object: KubeObject, signal: AbortSignal): Promise<KubeObject>;
  /** JSON merge patch; null deletes a field. */
  mergePatch(
    type: ResourceType,
    key: { readonly namespace?: string; readonly name: string },
    patch: object,
    signal: AbortSignal,
  ): Promise<KubeObject>;
  /** @returns false when it did not exist. */
  remove(
    type: ResourceType,
    key: { readonly namespace?: string; readonly name: string },
    signal: AbortSignal,
    options?: { readonly uid?: string },
  ): Promise<boolean>;
  /** GET of a raw path such as `/readyz`; body as text. */
  raw(path: string, signal: AbortSignal): Promise<string>;
  /** A live, self-healing cache of one kind. Started by the call; stops for good when `signal` aborts. */
  informer(type: ResourceType, options: InformerOptions, signal: AbortSignal): Informer;
  /** Closes pooled connections; every call afterwards throws. */
  close(): Promise<void>;
}

export interface InformerOptions extends ListOptions {
  /** Called with the key of what changed (and, on a relist, of everything present or gone). Only enqueue here. */
  readonly onChange?: (ref: ObjectRef) => void;
  /** Applied before caching; by default drops managedFields. */
  readonly transform?: (object: KubeObject) => KubeObject;
}

export interface Informer {
  get(key: { readonly namespace?: string; readonly name: string }): KubeObject | undefined;
  list(): readonly KubeObject[];
  /** Resolves once the first complete list is in the cache; rejects only when the informer was stopped before. */
  synced(signal: AbortSignal): Promise<void>;
  /** Monotonic time since the server last answered: a list, the opening of a watch, an event, a bookmark; undefined before the first. */
  staleness(): Millis | undefined;
}

/**
 * A region's cluster as it can be reached right now. `unavailable` is an
 * expected outcome, not an exception: the reason is shown to users.
 */
export type ClusterAccess =
  | { readonly kind: 'available'; readonly cluster: Cluster }
  | { readonly kind: 'unavailable'; readonly reason: ClusterUnavailableReason; readonly message: string };

export type ClusterUnavailableReason =
  | 'RegionNotFound' // no RegionHealth of that name
  | 'KubeconfigSecretNotFound'
  | 'KubeconfigInvalid'; // not YAML, no server, no credentials, insecure-skip-tls-verify, expired client certificate

/** The clusters of the regions, by RegionHealth name; follows rotation of the kubeconfig Secrets. */
export interface Clusters {
  readonly objective: Cluster;
  region(name: string): ClusterAccess;
}
