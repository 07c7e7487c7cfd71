/**
 * What to do about a scenario now: which spec is in force, which region is
 * active, whether to capture, whether a failover starts by itself. Pure.
 */
import type { Condition } from '../../api/v1alpha1/common.ts';
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import type { DRScenarioReason } from '../../api/v1alpha1/reasons/dr-scenario.ts';
import { findCondition } from '../../domain/conditions.ts';
import { lastMove } from '../../domain/execution/last-move.ts';
import { type Acceptance, accept, needsTrial, REFUSALS } from '../../domain/protection/acceptance.ts';
import { decideFailover, type FailoverDecision } from '../../domain/protection/automatic-failover.ts';
import type { CaptureMemory } from '../../domain/protection/capture-memory.ts';
import type { Length } from '../../domain/protection/earliest-deadline.ts';
import { closedSince, firstOpen, type Window } from '../../domain/protection/exclusion-windows.ts';
import {
  type CaptureHistory,
  captureBefore,
  type NextCapture,
  nextCapture,
  soonestCapture,
} from '../../domain/protection/schedule.ts';
import {
  elapsed,
  type Instant,
  instant,
  type Millis,
  millis,
  minutes,
  parseDuration,
  type Tick,
} from '../../domain/time.ts';
import { rankOf } from './capture/capture-rank.ts';
import type { Judged } from './capture/outcome.ts';
import { failoverFacts } from './failover/failover-facts.ts';
import { type NameAway, namesAway } from './failover/names-away.ts';
import { elsewhereOnly } from './points/listed-points.ts';
import { type ExecutionView, isEnded, type ScenarioWorld } from './world.ts';

export type CaptureDecision =
  /** Due, with what decides who goes first. */
  | { readonly kind: 'now'; readonly deadline: Tick; readonly length: Length }
  /** Why then, in a sentence. */
  | { readonly kind: 'wait'; readonly delay: Millis; readonly because: string }
  /** Not while this lasts; looked at again when the world changes. */
  | { readonly kind: 'held'; readonly reason: DRScenarioReason; readonly message: string };

export interface Decision {
  readonly acceptance: Acceptance;
  /** Undefined until a first spec was accepted; everything below is then idle. */
  readonly inForce: DRScenarioSpec | undefined;
  readonly acceptedGeneration: number | undefined;
  /** The newest spec, while only a capture can show whether it can come into force; `inForce` is then an earlier one. */
  readonly candidate: DRScenarioSpec | undefined;
  /** Undefined too while names answer with another region, and nothing is known of a failover. */
  readonly activeRegion: string | undefined;
  /** Names that have left the source, without a failover that ended well. */
  readonly away: readonly NameAway[];
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

/** @param judged what the capture that ended last has shown */
export function decide(world: ScenarioWorld, memory: CaptureMemory, now: Now, judged?: Judged): Decision {
  const { parsed } = world;
  const acceptance = judge(world);
  const { acceptedSpec, acceptedGeneration, conditions = [] } = parsed.status;
  if (acceptance.kind !== 'accepted' || parsed.kind !== 'valid')
    return decideBy(
      acceptedSpec,
      acceptedGeneration,
      { acceptance, candidate: undefined },
      world,
      memory,
      now,
    );
  const { spec, generation } = parsed;
  const adopt = () => decideBy(spec, generation, { acceptance, candidate: undefined }, world, memory, now);
  const isProven = judged?.generation === generation && judged.refused === undefined;
  if (isProven || acceptedSpec === undefined || acceptedGeneration === generation) return adopt();
  if (!needsTrial(acceptedSpec, spec)) return adopt();
  const base = { acceptance, candidate: spec };
  const isRefused = refusalIn(conditions, generation) !== undefined;
  const tried = decideBy(acceptedSpec, acceptedGeneration, base, world, memory, now, !isRefused);
  // Nothing will be captured for as long as that lasts: what a person asks for meanwhile is not to wait for it.
  const { capture } = tried;
  return !isRefused && capture.kind === 'held' && capture.reason !== 'ExecutionRunning' ? adopt() : tried;
}

/** What a capture said of this generation, kept in status until the spec or the source is another. */
export function refusalIn(conditions: readonly Condition[], generation: number): Condition | undefined {
  const accepted = findCondition(conditions, 'Accepted');
  const isOfIt = accepted?.status === 'False' && accepted.observedGeneration === generation;
  return isOfIt && [...REFUSALS].some((reason) => reason === accepted.reason) ? accepted : undefined;
}

function decideBy(
  inForce: DRScenarioSpec | undefined,
  acceptedGeneration: number | undefined,
  judgement: Pick<Decision, 'acceptance' | 'candidate'>,
  world: ScenarioWorld,
  memory: CaptureMemory,
  now: Now,
  isUntried = false,
): Decision {
  const base = { ...judgement, inForce, acceptedGeneration };
  if (inForce === undefined) {
    const held: CaptureDecision = { kind: 'held', reason: 'InvalidSpec', message: 'no spec is in force yet' };
    return {
      ...base,
      activeRegion: undefined,
      away: [],
      running: undefined,
      capture: held,
      failover: { kind: 'manual' },
    };
  }
  const known = activeRegionOf(world);
  const away = known === undefined || known === inForce.source.region ? namesAway(world, inForce) : [];
  const activeRegion = known ?? (away.length === 0 ? inForce.source.region : undefined);
  const running = world.executions.find((execution) => !isEnded(execution));
  // The recovery region was changed: it has nothing until one is made for it.
  const isBare =
    elsewhereOnly(world.parsed.status.recoveryPoints ?? [], inForce.recovery.region) !== undefined;
  const plan = isUntried || isBare ? soonestCapture : nextCapture;
  return {
    ...base,
    activeRegion,
    away,
    running,
    capture:
      holding(world, inForce, activeRegion, away, running) ?? scheduled(world, inForce, memory, now, plan),
    failover: decideFailover(failoverFacts(world, inForce, activeRegion, now.instant)),
  };
}

function judge({ parsed, regions, objectiveRegion }: ScenarioWorld): Acceptance {
  return parsed.kind === 'invalid'
    ? { kind: 'rejected', reason: 'InvalidSpec', message: parsed.message }
    : accept(parsed.spec, { regions, objectiveRegion });
}

/** Where the last successful failover went; before any, what status remembers. */
function activeRegionOf(world: ScenarioWorld): string | undefined {
  return lastMove(world.executions, world.object.metadata.uid) ?? world.parsed.status.activeRegion;
}

/** Why nothing is captured for now; undefined when something may be. */
function holding(
  world: ScenarioWorld,
  spec: DRScenarioSpec,
  activeRegion: string | undefined,
  away: readonly NameAway[],
  running: ExecutionView | undefined,
): CaptureDecision | undefined {
  if (running !== undefined) {
    return { kind: 'held', reason: 'ExecutionRunning', message: `execution ${running.name} is running` };
  }
  if (away.length > 0) {
    const message = 'names answer with another region than the source: see the condition DNSReady';
    return { kind: 'held', reason: 'NamesElsewhere', message };
  }
  if (activeRegion !== spec.source.region) {
    const message = `the workload runs in ${activeRegion} since a failover and is not protected there`;
    return { kind: 'held', reason: 'FailedOver', message };
  }
  if (world.regions.get(spec.source.region)?.verdict === 'Failed') {
    return { kind: 'held', reason: 'SourceFailed', message: `region ${spec.source.region} is failed` };
  }
  return undefined;
}

function scheduled(
  world: ScenarioWorld,
  spec: DRScenarioSpec,
  memory: CaptureMemory,
  now: Now,
  plan: typeof nextCapture,
): CaptureDecision {
  const rpo = parseDuration(spec.objectives.rpo) ?? millis(0);
  const history = {
    rpo,
    ...memory,
    spread: spreadOf(world.object.metadata.uid ?? ''),
    now: now.tick,
  };
  const due = outsideWindows(spec.replication.schedule.exclusionWindows, history, now.instant, plan);
  if (due.delay > 0) return { kind: 'wait', ...due };
  return { kind: 'now', ...rankOf(world, memory, rpo, now) };
}

function outsideWindows(
  windows: readonly Window[],
  history: CaptureHistory,
  now: Instant,
  plan: typeof nextCapture,
): NextCapture {
  const due = plan(history);
  const moment = instant(now + due.delay);
  const closed = closedSince(windows, moment);
  const before = closed === undefined ? undefined : captureBefore(elapsed(now, closed), history);
  if (before !== undefined) return before;
  const open = firstOpen(windows, moment);
  if (open === undefined) return { delay: minutes(60), because: 'the exclusion windows leave no time open' };
  return open > moment ? { delay: elapsed(now, open), because: 'an exclusion window ends then' } : due;
}

/** 0 to 1, always the same for one scenario: FNV-1a of its uid. */
function spreadOf(uid: string): number {
  let hash = 0x81_1c_9d_c5;
  for (const character of uid) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01_00_01_93) >>> 0;
  return hash / 0xff_ff_ff_ff;
}
