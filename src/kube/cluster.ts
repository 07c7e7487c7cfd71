/**
 * What the rest of Antipode may do with one Kubernetes cluster. The interface
 * holds no client types, so nothing outside `src/kube` knows which client
 * library is used. Every call takes the caller's AbortSignal and has a deadline
 * of its own; a call that fails throws {@link KubeError}.
 */
import type { KubeObject, ObjectRef } from '../api/object.ts';
import type { Millis } from '../domain/time.ts';
import type { KubeError } from './errors.ts';

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
  /** Objects for which it is false are dropped as they arrive, so that they never take up memory. Default: all are kept. */
  readonly keep?: (object: KubeObject) => boolean;
  /** Applied to each object as it arrives. Default: it stays as it came. */
  readonly transform?: (object: KubeObject) => KubeObject;
}

/** An API whose kinds could not be discovered: the cluster may hold objects of it that nobody can see now. */
export interface FailedApi {
  readonly group: string;
  readonly version: string;
  /** What is known of why, for people. */
  readonly message: string;
}

export interface DiscoverOptions {
  readonly refresh?: boolean;
  /** Told of each API that could not be discovered in the discovery that this answer is from. */
  readonly onFailed?: (api: FailedApi) => void;
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

/** What becomes of what a removed object owns: removed with it, or left without an owner. */
export type Propagation = 'Background' | 'Orphan';

export interface RemoveOptions {
  /** Only this very object, and no later one of its name. */
  readonly uid?: string;
  /** Only as it was when it was read: nothing that somebody has changed since. */
  readonly resourceVersion?: string;
  /** Default 'Background'. */
  readonly propagation?: Propagation;
}

export interface ExecRequest {
  readonly container: string;
  /** Program and arguments; no shell. */
  readonly command: readonly string[];
  readonly timeout: Millis;
}

/** `output` is the end of what the program wrote as errors, or else of what it wrote: at most 1 KiB. */
export type ExecResult =
  | { readonly kind: 'exited'; readonly code: number; readonly output: string }
  /** In the words of the container runtime. */
  | { readonly kind: 'not-started'; readonly message: string; readonly output: string }
  | { readonly kind: 'timed-out'; readonly output: string };

export interface Cluster {
  /** Name for logs, metrics and messages; for regions the RegionHealth's name, else 'objective'. */
  readonly name: string;
  /** The API server's host:port, for messages; never credentials. */
  readonly server: string;

  /** All kinds the cluster serves, preferred version of each group, without subresources; cached until `refresh`. */
  discover(signal: AbortSignal, options?: DiscoverOptions): Promise<readonly ResourceType[]>;
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
  /**
   * @param options with `dryRun` nothing is stored: an object that would be refused is refused, and
   *   AlreadyExists says that, its name being free, it would be taken
   * @throws KubeError code 'AlreadyExists'.
   */
  create(
    object: KubeObject,
    signal: AbortSignal,
    options?: { readonly dryRun?: boolean },
  ): Promise<KubeObject>;
  /** PUT with the object's own resourceVersion. @throws KubeError code 'Conflict'. */
  replace(object: KubeObject, signal: AbortSignal): Promise<KubeObject>;
  /** JSON merge patch; null deletes a field. */
  mergePatch(
    type: ResourceType,
    key: { readonly namespace?: string; readonly name: string },
    patch: object,
    signal: AbortSignal,
  ): Promise<KubeObject>;
  /** @returns false when it did not exist, or not as `options` say. */
  remove(
    type: ResourceType,
    key: { readonly namespace?: string; readonly name: string },
    signal: AbortSignal,
    options?: RemoveOptions,
  ): Promise<boolean>;
  /** Answers so far that asked for less (429, 503), also those that a call has got over by trying again. */
  refusals(): number;
  /**
   * Runs a program in a container of a Pod and waits for its end, without input.
   * A program that takes too long goes on: nothing can end it from here.
   * @throws KubeError when the server refuses or cannot reach the Pod's node
   */
  exec(
    pod: { readonly namespace: string; readonly name: string },
    request: ExecRequest,
    signal: AbortSignal,
  ): Promise<ExecResult>;
  /** GET of a raw path such as `/readyz`; body as text. `attempts`: tries while nothing answers. @default 3 */
  raw(path: string, signal: AbortSignal, options?: { readonly attempts?: number }): Promise<string>;
  /** A live, self-healing cache of one kind. Started by the call; stops for good when `signal` aborts. */
  informer(type: ResourceType, options: InformerOptions, signal: AbortSignal): Informer;
  /** Closes pooled connections; every call afterwards throws. */
  close(): Promise<void>;
}

export interface InformerOptions extends ListOptions {
  /** Called with the key of what changed (and, on a relist, of everything present or gone). Only enqueue here. */
  readonly onChange?: (ref: ObjectRef) => void;
  /** Applied before caching. Default: drops managedFields. */
  readonly transform?: (object: KubeObject) => KubeObject;
}

export interface Informer {
  get(key: { readonly namespace?: string; readonly name: string }): KubeObject | undefined;
  list(): readonly KubeObject[];
  /** Resolves once the first complete list is in the cache; rejects only when the informer was stopped before. */
  synced(signal: AbortSignal): Promise<void>;
  /** Monotonic time since the server last answered: a list, the opening of a watch, an event, a bookmark; undefined before the first. */
  staleness(): Millis | undefined;
  /**
   * The resourceVersion up to which the cache has taken in everything: that of the last list, event or bookmark.
   * Undefined before the first list, and while a new one is needed because this one can no longer be relied on.
   */
  position(): string | undefined;
  /** Why the last list or watch was refused; undefined while all is well, or nothing answers. */
  refusal(): KubeError | undefined;
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
