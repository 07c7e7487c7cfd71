import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { instant, minutes, seconds } from '../domain/time.ts';
import { manualClock } from '../testing/manual-clock.ts';
import { type ScenarioFacts, scenarioMetrics } from './scenario-metrics.ts';

const facts: ScenarioFacts = {
  rpo: minutes(5),
  rto: minutes(10),
  currentAsOf: instant(0),
  achievedRpo: undefined,
  achievedRto: undefined,
  predictedRto: seconds(42),
  lastCapture: undefined,
};

test('the age of a point is absent while a clock has dated it ahead, and never below zero', async () => {
  const registry = new Registry();
  const clock = manualClock();
  const metrics = scenarioMetrics(registry, clock);

  metrics.scenario('dr/ahead', { ...facts, currentAsOf: instant(clock.now() + 30 * 60_000) });
  metrics.scenario('dr/shop', { ...facts, currentAsOf: instant(clock.now() + 500) });

  const text = await registry.metrics();
  expect(text).toContain('antipode_rpo_seconds{scenario="dr/shop",kind="current"} 0');
  expect(text).toContain('antipode_replication_age_seconds{scenario="dr/shop"} 0');
  expect(text).not.toMatch(/age_seconds\{scenario="dr\/ahead"|scenario="dr\/ahead",kind="current"/);
});

test('the predicted RTO stands beside its target, and is absent while there is none', async () => {
  const registry = new Registry();
  const metrics = scenarioMetrics(registry, manualClock());

  metrics.scenario('dr/shop', facts);
  metrics.scenario('dr/new', { ...facts, predictedRto: undefined });

  const text = await registry.metrics();
  expect(text).toContain('antipode_rto_seconds{scenario="dr/shop",kind="target"} 600');
  expect(text).toContain('antipode_rto_seconds{scenario="dr/shop",kind="predicted"} 42');
  expect(text).not.toContain('scenario="dr/new",kind="predicted"');
});
