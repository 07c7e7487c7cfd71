/** What is said of a scenario's standby, in its status and its condition. Pure. */
import type { StandbyStatus } from '../../../api/v1alpha1/dr-scenario-standby.ts';
import type { DRScenarioReason } from '../../../api/v1alpha1/reasons/dr-scenario.ts';
import { type ConditionUpdate, findCondition } from '../../../domain/conditions.ts';
import { firstFew } from '../../../domain/first-few.ts';
import { type Instant, toRfc3339 } from '../../../domain/time.ts';
import type { Difference, StandbyReport } from '../../../engines/native/standby/report.ts';
import type { Decision } from '../decide.ts';
import type { ScenarioWorld } from '../world.ts';
import { isWanted, type StandbyMemory } from './standby.ts';

export interface StandbyView {
  /** Undefined when there is none. */
  readonly status: StandbyStatus | undefined;
  /** Undefined when there is nothing new to say. */
  readonly condition: ConditionUpdate | undefined;
}

/** Limits of the schema. */
const LISTED = 16;
const REASONS = 32;
/** Objects named in a condition; the status lists more. */
const NAMED = 3;

export function standbyView(
  world: ScenarioWorld,
  decision: Decision,
  memory: StandbyMemory | undefined,
): StandbyView {
  const before = world.parsed.status.standby;
  const { inForce, activeRegion, running } = decision;
  if (inForce === undefined || running !== undefined) return { status: before, condition: undefined };
  // What a failover has put to work is no standby any more; nothing of it may be taken away as one.
  if (activeRegion !== inForce.source.region)
    return ended(world, 'FailedOver', 'a failover has put it to work');
  if (before !== undefined && (!isWanted(inForce) || before.region !== inForce.recovery.region))
    return leaving(world, before, memory);
  if (inForce.replication.standby !== 'Warm')
    return ended(world, 'NoStandby', 'spec.replication.standby is None');
  if (!isWanted(inForce)) {
    const message = 'Velero changes nothing that is there already: use engine: native, or standby: None';
    return { status: undefined, condition: no('StandbyUnsupported', message) };
  }
  if (memory === undefined || memory.answer.kind === 'ended')
    return { status: before, condition: pending(world) };
  if (memory.answer.kind === 'unknown')
    return { status: before, condition: condition('Unknown', 'StandbyUnknown', memory.answer.message) };
  const { point, report } = memory.answer;
  return {
    status: statusOf(memory.wish.region, point, report, memory.at),
    condition: judged(memory.wish.region, point, report),
  };
}

/** Said only where a standby was spoken of before: most scenarios never have one. */
function ended(world: ScenarioWorld, reason: DRScenarioReason, message: string): StandbyView {
  const known = findCondition(world.parsed.status.conditions ?? [], 'StandbyReady');
  return { status: undefined, condition: known === undefined ? undefined : no(reason, message) };
}

function leaving(
  world: ScenarioWorld,
  before: StandbyStatus,
  memory: StandbyMemory | undefined,
): StandbyView {
  const { region } = before;
  const answer = memory?.wish.region === region && memory.wish.kind === 'end' ? memory.answer : undefined;
  if (answer?.kind === 'ended' && answer.removal.problems.length === 0)
    return ended(
      world,
      'NoStandby',
      `the standby in ${region} was removed; its namespaces and definitions stay`,
    );
  if (answer === undefined || answer.kind === 'kept')
    return { status: before, condition: no('NoStandby', `the standby in ${region} is being removed`) };
  const message = answer.kind === 'unknown' ? answer.message : named(answer.removal.problems);
  return {
    status: before,
    condition: no('StandbyIncomplete', `the standby in ${region} cannot be removed: ${message}`),
  };
}

function pending(world: ScenarioWorld): ConditionUpdate | undefined {
  const { conditions = [], recoveryPoint } = world.parsed.status;
  // What an earlier process has said holds until this one has looked.
  const known = findCondition(conditions, 'StandbyReady');
  if (known !== undefined && known.reason !== 'NoStandby') return undefined;
  const message =
    recoveryPoint === undefined
      ? 'there is no recovery point yet'
      : 'the recovery cluster is being looked at';
  return condition('Unknown', 'StandbyPending', message);
}

function judged(region: string, point: string, report: StandbyReport): ConditionUpdate {
  const { applied, objects, collisions, inUse, differences } = report;
  const counts = `${applied} of ${objects} objects of ${point} are held in standby in ${region}`;
  if (collisions.length > 0) return no('StandbyCollision', `${named(collisions)}; nothing was changed`);
  if (inUse.length > 0) {
    const message = `${list(inUse)} in ${region} are at work since an execution and left as they are: delete them there to have them held in standby again`;
    return no('StandbyInUse', message);
  }
  if (differences.length > 0) return no('StandbyIncomplete', `${counts}: ${named(differences)}`);
  const held = heldBack(report);
  const rest = held === 0 ? '' : `, ${held} are created by a failover only`;
  return condition('True', 'StandbyApplied', `${counts}${rest}`);
}

function statusOf(region: string, point: string, report: StandbyReport, at: Instant): StandbyStatus {
  const { objects, applied, repaired, pruned, differences, collisions } = report;
  return {
    region,
    point,
    at: toRfc3339(at),
    objects,
    applied,
    heldBack: heldBack(report),
    heldBackWhy: [...report.heldBack]
      .slice(0, REASONS)
      .map(([reason, count]) => ({ reason, objects: count })),
    drifted: repaired.length,
    pruned: pruned.length,
    differences: [...collisions, ...differences]
      .slice(0, LISTED)
      .map(({ object, message }) => ({ object, message })),
  };
}

const heldBack = (report: StandbyReport): number =>
  [...report.heldBack.values()].reduce((sum, count) => sum + count, 0);

const list = (texts: readonly string[]): string => firstFew(texts, NAMED);

const named = (differences: readonly Difference[]): string =>
  list(
    differences.map(({ object, message }) => (message.includes(object) ? message : `${object}: ${message}`)),
  );

const no = (reason: DRScenarioReason, message: string): ConditionUpdate =>
  condition('False', reason, message);

function condition(
  status: ConditionUpdate['status'],
  reason: DRScenarioReason,
  message: string,
): ConditionUpdate {
  return { type: 'StandbyReady', status, reason, message };
}
