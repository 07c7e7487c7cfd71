/**
 * Every Prometheus metric of Antipode in one registry. Other parts report
 * through the small functions of {@link Metrics} and never see prom-client.
 */
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Verdict, ZoneState } from '../api/v1alpha1/region-health.ts';
import type { Clock, Millis } from '../domain/time.ts';
import { type MachineryMetrics, machineryMetrics } from './machinery-metrics.ts';
import { executionMetrics, regionMetrics } from './operation-metrics.ts';
import { type ScenarioFacts, scenarioMetrics } from './scenario-metrics.ts';

export interface Metrics extends MachineryMetrics {
  /** The exposition text and its content type. */
  render(): Promise<{ readonly contentType: string; readonly body: string }>;
  /** `scenario` is `namespace/name`. */
  scenario(scenario: string, facts: ScenarioFacts): void;
  forgetScenario(scenario: string): void;
  capture(scenario: string, result: 'succeeded' | 'unchanged' | 'failed'): void;
  region(region: string, verdict: Verdict): void;
  zone(region: string, zone: string, state: ZoneState): void;
  forgetRegion(region: string): void;
  executionStep(
    scenario: string,
    kind: string,
    result: 'succeeded' | 'failed' | 'skipped',
    took: Millis,
  ): void;
  execution(scenario: string, kind: string, phase: string): void;
}

export function createMetrics(clock: Clock): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'antipode_' });
  return {
    async render() {
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
    ...scenarioMetrics(registry, clock),
    ...regionMetrics(registry),
    ...executionMetrics(registry),
    ...machineryMetrics(registry),
  };
}
