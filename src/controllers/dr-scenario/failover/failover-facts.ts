/** What an automatic failover is judged on, as a scenario's reconcile knows it. Pure. */
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import type { FailoverFacts } from '../../../domain/protection/automatic-failover.ts';
import type { Instant } from '../../../domain/time.ts';
import { isEnded, type ScenarioWorld } from '../world.ts';

export function failoverFacts(
  world: ScenarioWorld,
  spec: DRScenarioSpec,
  activeRegion: string | undefined,
  now: Instant,
): FailoverFacts {
  return {
    scenarioName: world.object.metadata.name,
    spec,
    activeRegion,
    source: world.regions.get(spec.source.region) ?? unknownRegion,
    recovery: world.regions.get(spec.recovery.region) ?? unknownRegion,
    points: world.parsed.status.recoveryPoints ?? [],
    running: world.executions.filter((execution) => !isEnded(execution)).map(({ name }) => name),
    existing: new Map(world.executions.map(({ name, status }) => [name, status])),
    now,
  };
}

const unknownRegion = {
  verdict: 'Unknown',
  since: undefined,
  message: 'there is no RegionHealth of that name',
} as const;
