/** Writes what was decided as a RegionHealth's status: for people a message and a table, for machines conditions. */
import { fitted } from '../../api/fitted.ts';
import type { RegionHealthReason } from '../../api/v1alpha1/reasons/region-health.ts';
import {
  type RegionHealthStatus,
  regionHealthStatus,
  type Verdict,
} from '../../api/v1alpha1/region-health.ts';
import { type ConditionUpdate, withConditions } from '../../domain/conditions.ts';
import type { ZoneVerdict } from '../../domain/health/zone.ts';
import { between, type Instant, instant, type Tick, toRfc3339 } from '../../domain/time.ts';
import type { Decision } from './decide.ts';
import type { Sights, ValidSubject } from './gather.ts';

type ZoneStatus = NonNullable<RegionHealthStatus['zones']>[number];

/** Of the schema. */
const MAX_ZONES = 64;

interface Update extends ConditionUpdate {
  readonly reason: RegionHealthReason;
}

export function statusOf(
  subject: ValidSubject,
  sights: Sights,
  decision: Decision,
  now: Instant,
): RegionHealthStatus {
  const { raw, verdict } = decision;
  const before = subject.status;
  const healthy = raw.zones.filter((zone) => zone.state === 'Healthy').length;
  const updates = [accepted(sights), reachable(sights), discovered(decision), health(verdict, decision)];
  return fitted(regionHealthStatus, {
    observedGeneration: subject.generation,
    verdict,
    verdictSince: sinceOf(before, verdict, now),
    ...failing(before, decision, sights.at, now),
    message: decision.message,
    zonesFailed: raw.zonesFailed,
    zonesTotal: raw.zones.length,
    zonesHealthy: `${healthy}/${raw.zones.length}`,
    clusterUid: decision.memory.cluster?.uid,
    zones: raw.zones.slice(0, MAX_ZONES).map((zone) => zoneStatus(zone, before, now)),
    observations: [decision.observation],
    conditions: withConditions(before.conditions ?? [], updates, subject.generation, now),
  });
}

/** The status of a region that cannot be observed because its spec cannot be understood. */
export function invalidStatus(
  before: RegionHealthStatus,
  generation: number,
  problem: string,
  now: Instant,
): RegionHealthStatus {
  const message = `the spec cannot be used: ${problem}`;
  const updates: Update[] = [
    { type: 'Accepted', status: 'False', reason: 'InvalidSpec', message: problem },
    { type: 'Reachable', status: 'Unknown', reason: 'NotAsked', message },
    { type: 'Healthy', status: 'Unknown', reason: 'NothingKnown', message },
  ];
  return fitted(regionHealthStatus, {
    ...before,
    failingSince: undefined,
    observedGeneration: generation,
    verdict: 'Unknown',
    verdictSince: sinceOf(before, 'Unknown', now),
    message,
    conditions: withConditions(before.conditions ?? [], updates, generation, now),
  });
}

/**
 * Whether two statuses tell the same, however their fields are ordered. The sequence and the latency move with
 * every observation and are no news by themselves.
 */
export function tellsTheSame(before: RegionHealthStatus, after: RegionHealthStatus): boolean {
  return JSON.stringify(newsOf(before)) === JSON.stringify(newsOf(after));
}

function newsOf(status: RegionHealthStatus) {
  const { observations, zones, ...rest } = regionHealthStatus.parse(status);
  return {
    ...rest,
    observations: observations?.map((observation) => ({ ...observation, sequence: 0 })),
    zones: zones?.map((zone) => ({ ...zone, latencyMillis: 0 })),
  };
}

function sinceOf(before: RegionHealthStatus, verdict: Verdict, now: Instant): string {
  const same = before.verdict === verdict;
  return same && before.verdictSince !== undefined ? before.verdictSince : toRfc3339(now);
}

/** A verdict of Failed comes a while after the failure began; the moment it began is kept as long as it stands. */
function failing(
  before: RegionHealthStatus,
  { verdict, memory }: Decision,
  at: Tick,
  now: Instant,
): Pick<RegionHealthStatus, 'failingSince'> {
  if (verdict !== 'Failed') return {};
  if (before.verdict === 'Failed' && before.failingSince !== undefined)
    return { failingSince: before.failingSince };
  const { suspectedSince } = memory.health;
  const age = suspectedSince === undefined ? 0 : between(suspectedSince, at);
  return { failingSince: toRfc3339(instant(now - age)) };
}

function zoneStatus(zone: ZoneVerdict, before: RegionHealthStatus, now: Instant): ZoneStatus {
  const known = before.zones?.find((one) => one.name === zone.name);
  const { nodes, probes } = zone;
  return {
    name: zone.name,
    state: zone.state,
    since: known?.state === zone.state ? known.since : toRfc3339(now),
    ...(nodes.kind === 'counted' ? { nodesReady: nodes.ready, nodesTotal: nodes.total } : {}),
    probesPassed: probes.passing,
    probesTotal: probes.total,
    ...(probes.latency === undefined ? {} : { latencyMillis: Math.round(probes.latency) }),
    message: zone.message,
  };
}

function accepted({ access }: Sights): Update {
  if (access.kind === 'available')
    return {
      type: 'Accepted',
      status: 'True',
      reason: 'SpecAccepted',
      message: 'the spec and the kubeconfig are in use',
    };
  return { type: 'Accepted', status: 'False', reason: access.reason, message: access.message };
}

function reachable({ controlPlane, access }: Sights): Update {
  if (controlPlane.kind === 'silent') {
    const status = controlPlane.reason === 'NotAsked' ? 'Unknown' : 'False';
    const message = `the API server ${controlPlane.why}: ${controlPlane.detail}`;
    return { type: 'Reachable', status, reason: controlPlane.reason, message };
  }
  const server = access.kind === 'available' ? access.cluster.server : 'the API server';
  return { type: 'Reachable', status: 'True', reason: 'ControlPlaneAnswers', message: `${server} answers` };
}

function discovered({ memory: { zones }, anotherCluster }: Decision): Update {
  if (zones.length > 0)
    return {
      type: 'Discovered',
      status: 'True',
      reason: 'ZonesDiscovered',
      message: `zones ${zones.join(', ')}`,
    };
  if (anotherCluster)
    return {
      type: 'Discovered',
      status: 'False',
      reason: 'AnotherCluster',
      message:
        'the kubeconfig leads to another cluster than the one that the nodes of the region were seen in: put the right one back',
    };
  const message = 'no node of the region was seen in its cluster yet, so it cannot be judged Failed';
  return { type: 'Discovered', status: 'False', reason: 'NoZonesSeen', message };
}

const HEALTH: Readonly<Record<Verdict, Pick<Update, 'status' | 'reason'>>> = {
  Healthy: { status: 'True', reason: 'RegionHealthy' },
  Degraded: { status: 'False', reason: 'RegionDegraded' },
  Failed: { status: 'False', reason: 'RegionFailed' },
  Unreachable: { status: 'Unknown', reason: 'ControlPlaneUnreachable' },
  Unknown: { status: 'Unknown', reason: 'NothingKnown' },
};

function health(verdict: Verdict, { isolated, message }: Decision): Update {
  const isolation = isolated && verdict === 'Unknown';
  const told = isolation
    ? { status: 'Unknown' as const, reason: 'ObserverIsolated' as const }
    : HEALTH[verdict];
  return { type: 'Healthy', ...told, message };
}
