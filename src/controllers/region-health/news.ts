/** What changed between two statuses that is worth an Event: verdicts and states of zones, not numbers. */
import type { RegionHealthReason } from '../../api/v1alpha1/reasons/region-health.ts';
import type { RegionHealthStatus, Verdict, ZoneState } from '../../api/v1alpha1/region-health.ts';
import { findCondition } from '../../domain/conditions.ts';

export interface News {
  readonly type: 'Normal' | 'Warning';
  readonly reason: RegionHealthReason;
  readonly message: string;
}

export function newsBetween(before: RegionHealthStatus, after: RegionHealthStatus): readonly News[] {
  return [...verdictNews(before, after), ...zoneNews(before, after), ...acceptanceNews(before, after)];
}

const VERDICT_REASONS: Readonly<Record<Verdict, RegionHealthReason>> = {
  Healthy: 'RegionHealthy',
  Degraded: 'RegionDegraded',
  Failed: 'RegionFailed',
  Unreachable: 'ControlPlaneUnreachable',
  Unknown: 'NothingKnown',
};

function verdictNews(before: RegionHealthStatus, after: RegionHealthStatus): readonly News[] {
  const { verdict, message = '' } = after;
  if (verdict === undefined || verdict === before.verdict) return [];
  const type = verdict === 'Healthy' ? 'Normal' : 'Warning';
  const isolated = findCondition(after.conditions ?? [], 'Healthy')?.reason === 'ObserverIsolated';
  const reason = isolated ? 'ObserverIsolated' : VERDICT_REASONS[verdict];
  const recovered = before.verdict === 'Failed' && (verdict === 'Healthy' || verdict === 'Degraded');
  if (recovered) return [{ type: 'Normal', reason: 'RegionRecovered', message: `${verdict}: ${message}` }];
  return [{ type, reason, message }];
}

const ZONE_REASONS: Readonly<Record<ZoneState, RegionHealthReason>> = {
  Healthy: 'ZoneHealthy',
  Degraded: 'ZoneDegraded',
  Failed: 'ZoneFailed',
  Unknown: 'ZoneUnknown',
};

/** A zone seen for the first time is no news unless something is wrong with it. */
function zoneNews(before: RegionHealthStatus, after: RegionHealthStatus): readonly News[] {
  const states = new Map((before.zones ?? []).map((zone) => [zone.name, zone.state]));
  return (after.zones ?? [])
    .filter((zone) => (states.get(zone.name) ?? 'Healthy') !== zone.state)
    .map(({ name, state, message }) => ({
      type: state === 'Healthy' ? 'Normal' : 'Warning',
      reason: ZONE_REASONS[state],
      message: `zone ${name} is ${state}: ${message}`,
    }));
}

function acceptanceNews(before: RegionHealthStatus, after: RegionHealthStatus): readonly News[] {
  const was = findCondition(before.conditions ?? [], 'Accepted');
  const is = findCondition(after.conditions ?? [], 'Accepted');
  if (is === undefined || is.status !== 'False' || is.reason === was?.reason) return [];
  return [{ type: 'Warning', reason: asReason(is.reason), message: is.message }];
}

function asReason(reason: string): RegionHealthReason {
  return REFUSALS.find((known) => known === reason) ?? 'InvalidSpec';
}

const REFUSALS: readonly RegionHealthReason[] = [
  'InvalidSpec',
  'RegionNotFound',
  'KubeconfigSecretNotFound',
  'KubeconfigInvalid',
];
