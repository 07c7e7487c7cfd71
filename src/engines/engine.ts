/**
 * What an engine does for a scenario: make recovery points, prove them, list
 * and prune them, and put their objects back. Native and (later) Velero fulfil
 * the same interface; controllers know only this.
 */
import type { KubeObject } from '../api/object.ts';
import type { DRScenarioSpec } from '../api/v1alpha1/dr-scenario.ts';
import type { GraphResult } from '../domain/graph/types.ts';
import type { Finding } from '../domain/protection/feasibility-finding.ts';
import type { PointManifest } from '../domain/protection/point.ts';
import type { Clock, Instant, Millis } from '../domain/time.ts';
import type { Cluster } from '../kube/cluster.ts';

export interface ScenarioIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** A manifest with the digest it was published under. */
export interface PublishedPoint {
  readonly manifest: PointManifest;
  /** `sha256:<hex>` of the manifest file. */
  readonly digest: string;
}

export type CaptureResult =
  | { readonly kind: 'captured'; readonly point: PublishedPoint }
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

export interface Engine {
  /** @throws KubeError, StoreError */
  capture(
    scenario: ScenarioIdentity,
    spec: DRScenarioSpec,
    source: Cluster,
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
    source: Cluster,
    signal: AbortSignal,
  ): Promise<VerifyResult>;
  /** Published points of the scenario, newest first; half-written ones are not listed. @throws StoreError */
  points(scenario: ScenarioIdentity, signal: AbortSignal): Promise<readonly PublishedPoint[]>;
  /**
   * Removes points beyond the newest `keep`, never one named in `inUse`, and
   * what captures that were killed have left behind; returns the names of the
   * points removed. @throws StoreError
   */
  prune(
    scenario: ScenarioIdentity,
    keep: number,
    inUse: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<readonly string[]>;
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
   * Applies the named objects of a point, in the order given, ownership rebuilt
   * and server-set fields left out. Idempotent. Stops at the first that is not
   * applied; outcomes are in the order of `keys`, the last being the obstacle.
   */
  restore(
    point: OpenPoint,
    keys: readonly string[],
    scenario: ScenarioIdentity,
    target: Cluster,
    signal: AbortSignal,
  ): Promise<readonly ApplyOutcome[]>;
}

/** A published point that no longer matches its digests. Never restored from. */
export class PointDamagedError extends Error {
  override readonly name = 'PointDamagedError';
  readonly code = 'PointDamaged';
  readonly retry = 'never';
}
