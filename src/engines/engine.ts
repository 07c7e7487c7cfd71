/**
 * What an engine does for a scenario: make recovery points, prove them, list
 * and prune them, and put their objects back. Native and Velero fulfil the
 * same interface; controllers know only this.
 */
import type { KubeObject } from '../api/object.ts';
import type { DRScenarioSpec } from '../api/v1alpha1/dr-scenario.ts';
import type { GraphResult } from '../domain/graph/types.ts';
import type { Finding } from '../domain/protection/feasibility-finding.ts';
import type { PointManifest } from '../domain/protection/point.ts';
import type { PointData } from '../domain/protection/point-data.ts';
import type { RetentionPolicy } from '../domain/protection/retention.ts';
import type { Clock, Instant, Millis } from '../domain/time.ts';
import type { Evidence } from '../domain/volumes/evidence.ts';
import type { Cluster } from '../kube/cluster.ts';

export interface ScenarioName {
  readonly namespace: string;
  readonly name: string;
}

export interface ScenarioIdentity extends ScenarioName {
  readonly uid: string;
}

/** A manifest with the digest it was published under. */
export interface PublishedPoint {
  readonly manifest: PointManifest;
  /** `sha256:<hex>` of the manifest file. */
  readonly digest: string;
}

/** A published point without the list of its objects, of which there may be thousands. */
export interface PointSummary extends PointData {
  readonly name: string;
  /** Of its manifest: which point is the newer one; absent in points of earlier versions. */
  readonly sequence?: number | undefined;
  /** RFC 3339. */
  readonly capturedAt: string;
  readonly objects: number;
  /** Of its archive. */
  readonly bytes: number;
  /** `sha256:<hex>` of the manifest file. */
  readonly digest: string;
  readonly scenario: ScenarioIdentity;
  /** The region it was captured in. */
  readonly sourceRegion: string;
  /** Uid of the objective cluster whose operator made it, when known. */
  readonly objective?: string;
}

/** What needs recovery points of a scenario just now. */
export interface PointUse {
  /** By name of a point: what needs it. */
  readonly inUse: ReadonlyMap<string, string>;
  /** Names that the scenario's published status lists: an execution may choose one of them at any moment. */
  readonly offered: ReadonlySet<string>;
  /** An execution that has not chosen its point yet, so may need any. */
  readonly undecided: string | undefined;
}

/** A point of this operator that the scenario's status lists, on offer or as missing: no prune has removed it. */
export interface ListedPoint {
  readonly name: string;
  /** Undefined when that is not known. */
  readonly claimsWithData?: number | undefined;
}

export interface PruneRequest {
  readonly listed: readonly ListedPoint[];
  readonly policy: RetentionPolicy;
  /** Names of points that passed their proof. */
  readonly verified: ReadonlySet<string>;
  /** The point that was made, or found current, just now and passed its proof: never removed. */
  readonly proven?: string | undefined;
  /** Asked anew, never from a cache, before each removal. @throws KubeError */
  use(signal: AbortSignal): Promise<PointUse>;
}

export interface Pruned {
  /** To be offered from now on, newest first, with those of other operators on the same store. */
  readonly kept: readonly KeptPoint[];
  /** Names. A point that is not kept but still offered goes with a later prune. */
  readonly removed: readonly string[];
  /** Why some of what should be gone is still there, to be removed by a later prune, a sentence each. Default: nothing is. */
  readonly problems?: readonly string[];
  /** Undefined when everything that was listed is in the store. */
  readonly missing?: Missing | undefined;
}

export interface KeptPoint extends PointSummary {
  /** Not this operator's. Default: it is. */
  readonly foreign?: true;
}

/** Listed points that somebody else has taken from the store, or that it has lost. */
export interface Missing {
  /** Names. Nothing that is left of them was removed, nor may be. */
  readonly points: readonly string[];
  /** For people, with the remedy. */
  readonly message: string;
}

/** Where a scenario's copy is taken from, and where it is to work. */
export interface Regions {
  readonly source: Cluster;
  /** Undefined while it cannot be reached: then nothing can be confirmed there. */
  readonly recovery: Cluster | undefined;
}

export type CaptureResult =
  | { readonly kind: 'captured'; readonly point: PublishedPoint }
  /** The newest point is still what the source has: it was so at `asOf`, which is its new age. Nothing was published. */
  | { readonly kind: 'unchanged'; readonly point: PublishedPoint; readonly asOf: Instant }
  /** Hooks or volumes did not do what was asked of them. Nothing was published. */
  | { readonly kind: 'incomplete'; readonly messages: readonly string[] }
  /** The selection cannot be replayed: a cycle or an edge that names nothing. Nothing was published. */
  | { readonly kind: 'unorderable'; readonly problem: Exclude<GraphResult, { kind: 'graph' }> }
  /** No object matches the selection; `namespaces` are those that do not exist. */
  | { readonly kind: 'nothing-selected'; readonly missingNamespaces: readonly string[] };

export type VerifyResult =
  | {
      readonly kind: 'verified';
      readonly at: Instant;
      readonly compared: number;
      readonly changedSince: number;
      /** What could not be seen of it, for people. */
      readonly warnings: readonly string[];
    }
  /** The stored copy is not what was captured, or lacks something the source had. */
  | { readonly kind: 'mismatch'; readonly differences: readonly string[] };

/** Why an object was not applied, and what a person can do; the `message` beside it says both. */
export interface Why {
  readonly cause: string;
  readonly remedy: string;
}

export type ApplyOutcome =
  /** Is in the target as it should be; `note` says what of it could not be kept, e.g. an owner that is not there. */
  | { readonly kind: 'applied'; readonly object: KubeObject; readonly note?: string }
  /** Exists in the target and is not ours: never touched. */
  | { readonly kind: 'foreign'; readonly key: string; readonly message: string; readonly why?: Why }
  /** The target refuses it for now (quota, terminating namespace, webhook, unreachable): worth trying again. */
  | { readonly kind: 'blocked'; readonly key: string; readonly message: string; readonly why?: Why }
  /** The target will never take it as it is (invalid, forbidden, kind not served). */
  | { readonly kind: 'refused'; readonly key: string; readonly message: string; readonly why?: Why };

/** The objects of one point, read and checked once, for any number of restores. */
export interface OpenPoint {
  readonly manifest: PointManifest;
  /** `sha256:<hex>` of the manifest as it was read: what it was published under, unless it was tampered with. */
  readonly digest: string;
  /** As captured, by refKey. */
  object(key: string): KubeObject | undefined;
}

/**
 * How far a rehearsal is and what it has found: handed back to go on where it
 * stopped. Values only, so that nothing is lost but time when it is dropped.
 */
export interface Rehearsal {
  /** Objects of the point that were looked at. */
  readonly done: number;
  /** Objects of the point in all. */
  readonly total: number;
  /** Objects the target would take. */
  readonly accepted: number;
  /** By why the target could not be asked: how many objects. */
  readonly notRehearsed: ReadonlyMap<string, number>;
  readonly findings: readonly Finding[];
  /** Objects the target does not have yet and would take. */
  readonly added: readonly { readonly key: string; readonly resource: string }[];
}

/** How much one call may do. */
export interface RehearsalBudget {
  readonly clock: Pick<Clock, 'tick'>;
  /** No further object is begun after this; at least some are, so that every call gets on. */
  readonly time: Millis;
}

export interface RestoreOptions {
  /** What to do with an object of ours that cannot be changed into the captured one: spec.replication.conflicts. */
  readonly conflicts: 'Report' | 'Recreate';
}

export interface Engine {
  /** @throws KubeError, StoreError */
  capture(
    scenario: ScenarioIdentity,
    spec: DRScenarioSpec,
    regions: Regions,
    signal: AbortSignal,
  ): Promise<CaptureResult>;
  /**
   * Reads the point back from the store and compares with the source.
   * @param spec the one the point was captured with
   * @throws KubeError, StoreError
   */
  verify(
    point: PublishedPoint,
    spec: DRScenarioSpec,
    regions: Regions,
    signal: AbortSignal,
  ): Promise<VerifyResult>;
  /**
   * Published points of the scenario, newest first, with those of other operators on the same store;
   * half-written ones and those whose archive is gone are not listed.
   * @throws StoreError
   */
  points(scenario: ScenarioIdentity, signal: AbortSignal): Promise<readonly KeptPoint[]>;
  /**
   * Removes points of this operator that the policy does not keep, unless
   * something needs them, and what its killed captures have left in the store.
   * What cannot be removed of one point holds up no other.
   * @throws StoreError when the store cannot be looked through, and what `request.use` throws
   */
  prune(scenario: ScenarioIdentity, request: PruneRequest, signal: AbortSignal): Promise<Pruned>;
  /**
   * Removes from a region, its source or its recovery region, what was made for
   * points that are not there any more: snapshots with their data, and what killed captures and
   * restores have left. Nothing that a point in the making needs, nor of one that is listed, for
   * a store may be empty by mistake.
   * @param listed names of all points that are on offer or missing
   * @returns why some of it is still there, to be found by the next call; undefined when nothing is
   */
  collectGarbage(
    scenario: ScenarioIdentity,
    region: Cluster,
    listed: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<string | undefined>;
  /**
   * Points that a former scenario of this name has left data of in the regions, which {@link collectGarbage}
   * would remove: the store should have them. To be asked while status lists no verified point, as nothing else tells of them.
   * @returns names
   * @throws KubeError when the source does not answer
   */
  formerPoints(scenario: ScenarioIdentity, regions: Regions, signal: AbortSignal): Promise<readonly string[]>;
  /** Reads and checks a whole point. @throws PointDamagedError, StoreError */
  open(name: string, signal: AbortSignal): Promise<OpenPoint>;
  /**
   * What would stand in the way of restoring the whole point, found by reading
   * only: foreign objects, namespaces being deleted, kinds that are not served.
   * Empty when nothing is; never has an `applied`.
   */
  preflight(
    point: OpenPoint,
    scenario: ScenarioIdentity,
    target: Cluster,
    signal: AbortSignal,
  ): Promise<readonly ApplyOutcome[]>;
  /**
   * Asks the target what it would do with every object of the point, by
   * server-side dry-run, prepared as for a restore; nothing is written. Goes on
   * from `before` until the budget is used up; complete when `done` is `total`.
   * @throws KubeError when the target cannot be asked (unreachable, overloaded, credentials)
   */
  rehearse(
    point: OpenPoint,
    scenario: ScenarioIdentity,
    target: Cluster,
    before: Rehearsal | undefined,
    budget: RehearsalBudget,
    signal: AbortSignal,
  ): Promise<Rehearsal>;
  /**
   * Applies the named objects of a point, ownership rebuilt and server-set
   * fields left out; many at once, but none before what stands earlier in `keys`
   * and must be there first (namespace, definition, owner, role; for what is
   * active, all of its unit). Idempotent. What has to come after an object that
   * is not applied is not begun, and nothing more once the target does not answer;
   * outcomes are in the order of `keys`, without those that were not begun.
   */
  restore(
    point: OpenPoint,
    keys: readonly string[],
    scenario: ScenarioIdentity,
    target: Cluster,
    options: RestoreOptions,
    signal: AbortSignal,
  ): Promise<readonly ApplyOutcome[]>;
  /**
   * Whether restored claims have the data of the point, by key; those of which
   * the point has no data are left out. What served as proof may be removed once it was given.
   * @param keys of claims. @throws KubeError
   */
  prove(
    point: OpenPoint,
    keys: readonly string[],
    target: Cluster,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Evidence>>;
  /** No capture of the scenario is to be expected: what is kept in memory for the next one goes. Its points stay. */
  forget(scenario: ScenarioName): void;
}

/** A published point that no longer matches its digests. Never restored from. */
export class PointDamagedError extends Error {
  override readonly name = 'PointDamagedError';
  readonly code = 'PointDamaged';
  readonly retry = 'never';
}
