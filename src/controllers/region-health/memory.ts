/**
 * What this process remembers of a region between observations. Moments in it
 * are on this process's monotonic clock and are lost with the process; what must
 * outlive it (the verdict, the zones and their cluster, the sequence) is read back from the status.
 */
import type { RegionHealthStatus } from '../../api/v1alpha1/region-health.ts';
import { findCondition } from '../../domain/conditions.ts';
import { type HealthState, resume } from '../../domain/health/hysteresis.ts';
import type { ProbeHistory } from '../../domain/health/probe-history.ts';
import type { ObserverAges } from '../../domain/health/quorum.ts';
import type { Millis, Tick } from '../../domain/time.ts';
import type { SeenCluster } from './control-plane.ts';

export interface RegionMemory {
  /** Of the RegionHealth object: one created anew under the same name is another. */
  readonly uid: string | undefined;
  /** The provider's region that `zones` belong to. */
  readonly region: string;
  readonly health: HealthState;
  /** By the identity of the probe. */
  readonly probes: ReadonlyMap<string, ProbeHistory>;
  /** Zones that nodes were last seen in; empty when none ever was in the cluster that answers. */
  readonly zones: readonly string[];
  /** Where nodes of the region were last seen; undefined when nowhere. */
  readonly cluster: SeenCluster | undefined;
  /** Of the last observation. */
  readonly sequence: number;
  readonly ages: ObserverAges;
}

/** When and how a region was last looked at and written about. */
export interface Round {
  readonly lookedAt: Tick;
  /** From `lookedAt`: before that there is nothing to do unless spec or access changed. */
  readonly pause: Millis;
  readonly generation: number;
  /** The client, or why there is none. */
  readonly access: unknown;
  /** Undefined until this process published its own observation. */
  readonly publishedAt: Tick | undefined;
}

/** The memory of a process that has seen nothing itself yet. */
export function recall(
  uid: string | undefined,
  region: string,
  status: RegionHealthStatus,
  observer: string,
): RegionMemory {
  const own = status.observations?.find((observation) => observation.observer === observer);
  const discovered = findCondition(status.conditions ?? [], 'Discovered')?.status === 'True';
  return {
    uid,
    region,
    health: resume(own?.verdict),
    probes: new Map(),
    zones: discovered ? (status.zones ?? []).map((zone) => zone.name) : [],
    cluster: status.clusterUid === undefined ? undefined : { client: undefined, uid: status.clusterUid },
    sequence: own?.sequence ?? 0,
    ages: new Map(),
  };
}

/**
 * The memory to go on with: what was remembered, unless it is of another object
 * or region, or another process has observed since (then it knows better).
 */
export function currentMemory(
  remembered: RegionMemory | undefined,
  uid: string | undefined,
  region: string,
  status: RegionHealthStatus,
  observer: string,
): RegionMemory {
  const fromStatus = recall(uid, region, status, observer);
  if (remembered === undefined || remembered.uid !== uid) return fromStatus;
  if (fromStatus.sequence > remembered.sequence) return fromStatus;
  return remembered.region === region ? remembered : { ...remembered, region, zones: [], cluster: undefined };
}
