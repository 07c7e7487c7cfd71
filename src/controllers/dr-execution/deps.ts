/** What the execution controller is given, and what it remembers of an execution between passes. */
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import type { StoreSpec } from '../../api/v1alpha1/dr-scenario-store.ts';
import type { Authority } from '../../dns/authoritative.ts';
import type { Announcer } from '../../dns/external-dns.ts';
import type { HostResolver } from '../../dns/resolve-host.ts';
import type { CompiledReadiness } from '../../domain/graph/user-rules/compile.ts';
import { between, type Clock, type Millis, millis, type Tick } from '../../domain/time.ts';
import type { Engine, KeptPoint, OpenPoint, ScenarioIdentity } from '../../engines/engine.ts';
import type { TransformedPoint } from '../../engines/transformed-point.ts';
import type { Imported } from '../../engines/velero/backup/import.ts';
import type { Cluster, Clusters } from '../../kube/cluster.ts';
import type { EventRecorder } from '../../kube/events.ts';
import type { Log } from '../../kube/log.ts';
import { type LongRead, unread } from '../long-read.ts';
import type { HookRuns } from './hook-runs.ts';

export interface ExecutionObserver {
  /** `scenario` is `namespace/name`. */
  executionStep(
    scenario: string,
    kind: string,
    result: 'succeeded' | 'failed' | 'skipped',
    took: Millis,
  ): void;
  execution(scenario: string, kind: string, phase: string): void;
}

export interface ExecutionDeps {
  readonly objective: Cluster;
  readonly clusters: Clusters;
  readonly engine: (spec: DRScenarioSpec) => Engine;
  /** Where a scenario's recovery points are, said in full; recorded in the plan. */
  readonly storePlace: (spec: DRScenarioSpec) => StoreSpec;
  /** See importVeleroBackup; in the store of the scenario. */
  readonly importBackup: (
    name: string,
    scenario: ScenarioIdentity,
    spec: DRScenarioSpec,
    signal: AbortSignal,
  ) => Promise<Imported>;
  readonly announcer: Announcer;
  readonly authority: Authority;
  readonly resolveHost: HostResolver;
  readonly hooks: Pick<HookRuns, 'stateOf' | 'forget'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventRecorder;
  readonly observer: ExecutionObserver;
  /** @throws when this process does not hold the lease any more; called before every effect */
  readonly assertLeading: () => void;
  /** Of this process as the leader: what outlasts a pass ends with it. */
  readonly lifetime: AbortSignal;
}

/**
 * What this process knows of an execution beyond its journal. Losing it
 * costs a second look and a longer patience, never correctness.
 */
export interface Memory {
  point: TransformedPoint | undefined;
  /** By all steps together, for it is large. */
  readonly read: LongRead<OpenPoint>;
  /** Of what its scenario has in the store. */
  readonly found: LongRead<readonly KeptPoint[]>;
  /** Of a backup that was named, which is made into a point first. */
  readonly backup: LongRead<Imported>;
  /** What is to be said of the data of claims at the end. */
  dataNotes: readonly string[];
  /** Of the plan, ready for use. */
  rules: readonly CompiledReadiness[] | undefined;
  /** When this process first tried the step; what its patience counts from. */
  readonly triedSince: Map<string, Tick>;
  readonly lastTried: Map<string, Tick>;
  /** By hostname: the addresses that its servers gave when it was announced. */
  readonly servedBefore: Map<string, readonly string[]>;
  /** By unit: keys of the objects that were not ready when last seen. Absent: none was looked at yet. */
  readonly unready: Map<string, readonly string[]>;
}

export const emptyMemory = (): Memory => ({
  point: undefined,
  read: unread(),
  found: unread(),
  backup: unread(),
  dataNotes: [],
  rules: undefined,
  triedSince: new Map(),
  lastTried: new Map(),
  servedBefore: new Map(),
  unready: new Map(),
});

export function noteTried({ triedSince }: Memory, stepId: string, tick: Tick): void {
  if (!triedSince.has(stepId)) triedSince.set(stepId, tick);
}

export function ageOf(memory: Memory, stepId: string, tick: Tick): Millis {
  const since = memory.triedSince.get(stepId);
  return since === undefined ? millis(0) : between(since, tick);
}
