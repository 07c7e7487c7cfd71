import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { instant, minutes, seconds } from '../domain/time.ts';
import { manualClock } from '../testing/manual-clock.ts';
import { type ScenarioFacts, scenarioMetrics } from './scenario-metrics.ts';

const facts: ScenarioFacts = {
  rpo: minutes(5),
  rto: minutes(10),
  capturedAt: instant(0),
  achievedRpo: undefined,
  achievedRto: undefined,
  predictedRto: seconds(42),
  lastCapture: undefined,
};

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
