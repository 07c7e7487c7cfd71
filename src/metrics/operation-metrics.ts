/** Metrics of what Antipode watches and does: regions, zones, executions. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import {
  type Verdict,
  verdict as verdicts,
  type ZoneState,
  zoneState as zoneStates,
} from '../api/v1alpha1/region-health.ts';
import { type Millis, toSeconds } from '../domain/time.ts';
import { STEP_BUCKETS } from './buckets.ts';

export function regionMetrics(registry: Registry) {
  const registers = [registry];
  const region = new Gauge({
    name: 'antipode_region_verdict',
    help: '1 for the verdict that stands.',
    labelNames: ['region', 'verdict'],
    registers,
  });
  const zone = new Gauge({
    name: 'antipode_zone_state',
    help: '1 for the state the zone is in.',
    labelNames: ['region', 'zone', 'state'],
    registers,
  });
  const zonesOf = new Map<string, Set<string>>();
  return {
    region(name: string, verdict: Verdict) {
      for (const option of verdicts.options)
        region.set({ region: name, verdict: option }, option === verdict ? 1 : 0);
    },
    zone(name: string, zoneName: string, state: ZoneState) {
      zonesOf.set(name, (zonesOf.get(name) ?? new Set()).add(zoneName));
      for (const option of zoneStates.options)
        zone.set({ region: name, zone: zoneName, state: option }, option === state ? 1 : 0);
    },
    forgetRegion(name: string) {
      for (const option of verdicts.options) region.remove({ region: name, verdict: option });
      for (const zoneName of zonesOf.get(name) ?? [])
        for (const option of zoneStates.options) zone.remove({ region: name, zone: zoneName, state: option });
      zonesOf.delete(name);
    },
  };
}

export function executionMetrics(registry: Registry) {
  const registers = [registry];
  const steps = new Histogram({
    name: 'antipode_execution_step_duration_seconds',
    help: 'Time execution steps took.',
    labelNames: ['scenario', 'kind', 'result'],
    buckets: STEP_BUCKETS,
    registers,
  });
  const executions = new Counter({
    name: 'antipode_executions_total',
    help: 'Executions that ended, by kind and phase.',
    labelNames: ['scenario', 'kind', 'phase'],
    registers,
  });
  return {
    executionStep: (
      scenario: string,
      kind: string,
      result: 'succeeded' | 'failed' | 'skipped',
      took: Millis,
    ) => steps.observe({ scenario, kind, result }, toSeconds(took)),
    execution: (scenario: string, kind: string, phase: string) => executions.inc({ scenario, kind, phase }),
  };
}
