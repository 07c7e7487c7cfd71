/**
 * What to do about a scenario now: which spec is in force, which region is
 * active, whether to capture, whether a failover starts by itself. Pure.
 */
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import type { DRScenarioReason } from '../../api/v1alpha1/reasons/dr-scenario.ts';
import { type Acceptance, accept } from '../../domain/protection/acceptance.ts';
import {
  decideFailover,
  type FailoverDecision,
  type FailoverFacts,
} from '../../domain/protection/automatic-failover.ts';
import { nextCapture } from '../../domain/protection/schedule.ts';
import { type Instant, type Millis, millis, parseDuration, type Tick } from '../../domain/time.ts';
import { type ExecutionView, isEnded, type ScenarioMemory, type ScenarioWorld } from './world.ts';

export type CaptureDecision =
  | { readonly kind: 'now' }
  | { readonly kind: 'wait'; readonly delay: Millis }
  /** Not while this lasts; looked at again when the world changes. */
  | { readonly kind: 'held'; readonly reason: DRScenarioReason; readonly message: string };

export interface Decision {
  readonly acceptance: Acceptance;
  /** Undefined until a first spec was accepted; everything below is then idle. */
  readonly inForce: DRScenarioSpec | undefined;
  readonly acceptedGeneration: number | undefined;
  readonly activeRegion: string | undefined;
  readonly running: ExecutionView | undefined;
  readonly capture: CaptureDecision;
  readonly failover: FailoverDecision;
}

export interface Now {
  /** For ages. */
  readonly tick: Tick;
  /** For records. */
  readonly instant: Instant;
}

export function decide(world: ScenarioWorld, memory: ScenarioMemory, now: Now): Decision {
  const { parsed } = world;
  const acceptance = judge(world);
  const accepted = acceptance.kind === 'accepted' && parsed.kind === 'valid';
  const inForce = accepted ? parsed.spec : parsed.status.acceptedSpec;
  const acceptedGeneration = accepted ? parsed.generation : parsed.status.acceptedGeneration;
  const base = { acceptance, inForce, acceptedGeneration };
  if (inForce === undefined) {
    const held: CaptureDecision = { kind: 'held', reason: 'InvalidSpec', message: 'no spec is in force yet' };
    return {
      ...base,
      activeRegion: undefined,
      running: undefined,
      capture: held,
      failover: { kind: 'manual' },
    };
  }
  const activeRegion = activeRegionOf(world, inForce);
  const running = world.executions.find((execution) => !isEnded(execution));
  return {
    ...base,
    activeRegion,
    running,
    capture: decideCapture(world, inForce, activeRegion, running, memory, now.tick),
    failover: decideFailover(failoverFacts(world, inForce, activeRegion, now.instant)),
  };
}

function judge({ parsed, regions, objectiveRegion }: ScenarioWorld): Acceptance {
  return parsed.kind === 'invalid'
    ? { kind: 'rejected', reason: 'InvalidSpec', message: parsed.message }
    : accept(parsed.spec, { regions, objectiveRegion });
}

/** Where the last successful failover went; before any, what status remembers, else the source. */
function activeRegionOf(world: ScenarioWorld, spec: DRScenarioSpec): string {
  const moves = world.executions
    .filter(
      ({ status }) => status.phase === 'Succeeded' && status.plan?.scenarioUid === world.object.metadata.uid,
    )
    .toSorted((a, b) => (a.status.finishedAt ?? '').localeCompare(b.status.finishedAt ?? ''));
  return moves.at(-1)?.status.plan?.recoveryRegion ?? world.parsed.status.activeRegion ?? spec.source.region;
}

function decideCapture(
  world: ScenarioWorld,
  spec: DRScenarioSpec,
  activeRegion: string,
  running: ExecutionView | undefined,
  memory: ScenarioMemory,
  now: Tick,
): CaptureDecision {
  if (running !== undefined) {
    return { kind: 'held', reason: 'ExecutionRunning', message: `execution ${running.name} is running` };
  }
  if (activeRegion !== spec.source.region) {
    const message = `the workload runs in ${activeRegion} since a failover and is not protected there`;
    return { kind: 'held', reason: 'FailedOver', message };
  }
  if (world.regions.get(spec.source.region)?.verdict === 'Failed') {
    return { kind: 'held', reason: 'SourceFailed', message: `region ${spec.source.region} is failed` };
  }
  const delay = nextCapture({
    rpo: parseDuration(spec.objectives.rpo) ?? millis(0),
    lastStartedAt: memory.lastCaptureStartedAt,
    lastEndedAt: memory.lastCaptureEndedAt,
    durations: memory.captureDurations,
    consecutiveFailures: memory.consecutiveFailures,
    now,
  });
  return delay <= 0 ? { kind: 'now' } : { kind: 'wait', delay };
}

function failoverFacts(
  world: ScenarioWorld,
  spec: DRScenarioSpec,
  activeRegion: string,
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
    existing: new Set(world.executions.map(({ name }) => name)),
    now,
  };
}

const unknownRegion = {
  verdict: 'Unknown',
  since: undefined,
  message: 'there is no RegionHealth of that name',
} as const;
