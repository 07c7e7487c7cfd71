/**
 * The words of the dependency graph. Objects refer to objects; people think in
 * units (a workload with what only it needs); replay follows unit edges.
 */
import type { KubeObject, ObjectRef } from '../../api/object.ts';
import type { CompiledReadiness } from './user-rules/compile.ts';

/**
 * `certain`: the object says so in a field that means exactly that. `likely`:
 * concluded from what is usual (a host name in an environment variable), so it
 * gives way where it contradicts anything else: see circles.ts.
 */
export type Certainty = 'certain' | 'likely';

/** `from` needs `to`: `to` is applied, and ready, first. */
export interface ObjectEdge {
  /** refKey of the dependant. */
  readonly from: string;
  /** refKey of what it depends on. */
  readonly to: string;
  /** Name of the rule that inferred it, e.g. `env-from-secret`, or `explicit` for spec.dependencies.edges. */
  readonly rule: string;
  /** The field that says so, e.g. `spec.template.spec.containers[0].envFrom[1]`. */
  readonly field: string;
  readonly certainty: Certainty;
  /** The part of a longer text that names `to`, e.g. `db:5432`; absent where the field holds nothing else. Never a password. */
  readonly matched?: string;
}

/** A reference to something that is not among the objects: found by closure when the source has it. */
export interface Reference {
  readonly from: string;
  readonly to: ObjectRef;
  readonly rule: string;
  readonly field: string;
  readonly certainty: Certainty;
  readonly matched?: string;
  /** The referrer says itself that it works without (e.g. `optional: true`). */
  readonly optional: boolean;
}

export interface Unit {
  /** refKey of its main object: the workload, or the shared object itself. Unique. */
  readonly id: string;
  /** refKeys in the order they are applied. */
  readonly objects: readonly string[];
}

export interface UnitEdge {
  /** Unit id of the dependant. */
  readonly from: string;
  /** Unit id of what must be ready first. */
  readonly to: string;
  /** The object edges that cause it. */
  readonly because: readonly ObjectEdge[];
}

export interface Graph {
  readonly units: readonly Unit[];
  readonly edges: readonly UnitEdge[];
  /** Unit ids along the longest chain, first to last. */
  readonly longestPath: readonly string[];
}

/**
 * A cycle is a finding, not an exception: the path starts and ends with the same
 * unit id, each needs the next one, and `because[i]` says why `path[i]` does.
 */
export type GraphResult =
  | {
      readonly kind: 'graph';
      readonly graph: Graph;
      /** What gave way to what, each with what shows it, and rules that did not do what their author meant. */
      readonly warnings: readonly string[];
    }
  | { readonly kind: 'cycle'; readonly path: readonly string[]; readonly because: readonly ObjectEdge[] }
  | {
      readonly kind: 'unknown-edge';
      readonly key: string;
      readonly edge: { readonly before: string; readonly after: string };
      /** The objects that `key`, being without a group, could mean; absent when it means none. */
      readonly candidates?: readonly string[];
    }
  /** Rules of the user that cost too much: one sentence each. */
  | { readonly kind: 'refused-rules'; readonly messages: readonly string[] };

/** Why an object is part of a recovery point. */
export type Inclusion =
  /** The user's selection names it. */
  | { readonly kind: 'selected' }
  /** Something included refers to it, or it serves something included: `by` says which, and the field that says so. */
  | {
      readonly kind: 'supports';
      readonly by: string;
      readonly rule: string;
      readonly field: string;
      readonly certainty: Certainty;
    };

/** Why a live object of the selection is not part of a recovery point. */
export interface LeftOut {
  readonly key: string;
  readonly reason: LeftOutReason;
}

export type LeftOutReason =
  | 'GeneratedByController' // recreated by its owner: Pods, ReplicaSets, ControllerRevisions, Jobs of CronJobs
  | 'ClusterOwned' // recreated by every cluster: kube-root-ca.crt, generated ServiceAccount tokens, Endpoints of Services
  | 'Transient' // Events, Leases
  | 'Completed' // what runs once (a Job, a PipelineRun) and has run to its end: running it again would repeat its effects
  | 'BeingDeleted'
  | 'ExcludedByUser'
  | 'NotChosen' // without the labels or of another kind than the user asks for, and nothing that is copied needs it or is served by it
  | 'CopiedSeparately' // PersistentVolumes and snapshots: volume data has its own way
  | 'Bookkeeping'; // Antipode's own objects

export type Readiness =
  | { readonly kind: 'ready' }
  | { readonly kind: 'progressing'; readonly message: string }
  /** Will not become ready by waiting: a failed Job, a lost PVC. */
  | { readonly kind: 'failed'; readonly message: string };

/** What a rule must know besides the object itself. */
export interface ReadinessContext {
  /** When volumes of a StorageClass are bound; undefined for a class that is not known. */
  bindingMode(storageClass: string): 'Immediate' | 'WaitForFirstConsumer' | undefined;
  /** Whether a Service has an endpoint that is ready; undefined for a Service that is not there. */
  isAnswered(namespace: string, service: string): boolean | undefined;
  /** The signs of readiness that an object showed in the source, by its key: see readiness/signs.ts. */
  shown(key: string): readonly string[];
  /** The user's own rules, which go before every other. */
  readonly rules: readonly CompiledReadiness[];
}

/** Judges one live object, by kstatus semantics. */
export type ReadinessRule = (object: KubeObject, context: ReadinessContext) => Readiness;
