/** What each condition of a scenario says, one function a condition. Pure. */
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import type { PointStatus } from '../../api/v1alpha1/dr-scenario-points.ts';
import type { DRScenarioReason } from '../../api/v1alpha1/reasons/dr-scenario.ts';
import type { ConditionUpdate } from '../../domain/conditions.ts';
import { counted } from '../../domain/counted.ts';
import { hostnamesOf } from '../../domain/dns/desired.ts';
import { firstFew } from '../../domain/first-few.ts';
import { describeStore } from '../../domain/protection/point-store.ts';
import { rpoState } from '../../domain/protection/schedule.ts';
import { formatDuration, type Millis, millis, parseDuration } from '../../domain/time.ts';
import type { CaptureOutcome } from './capture/outcome.ts';
import { type Decision, refusalIn } from './decide.ts';
import { describeAway } from './failover/names-away.ts';
import type { ScenarioWorld } from './world.ts';

/** What came of announcing a record of the scenario. */
export interface Announcement {
  readonly hostname: string;
  /** Why it could not be announced. */
  readonly problem?: string | undefined;
  /** Why a failover could not move it from what it is announced with. */
  readonly stuck?: string | undefined;
}

const condition = (
  type: string,
  status: ConditionUpdate['status'],
  reason: DRScenarioReason,
  message: string,
): ConditionUpdate => ({ type, status, reason, message });

/** Limit of the schema. What is longer is cut; a circle of many objects is, and what follows it is not to be lost. */
const MAX_MESSAGE = 4096;

/** Undefined when the last word stands: that of a capture which refused the spec, or while a newer one is to be tried. */
export function acceptedCondition(
  decision: Decision,
  capture: CaptureOutcome | undefined,
  { generation, status }: Pick<ScenarioWorld['parsed'], 'generation' | 'status'>,
): ConditionUpdate | undefined {
  const { acceptance, inForce, acceptedGeneration, candidate } = decision;
  const isOlder = inForce !== undefined && acceptedGeneration !== generation;
  const kept = inForce === undefined ? '' : `; generation ${acceptedGeneration ?? '?'} stays in force`;
  const refuse = (reason: DRScenarioReason, message: string, end = kept) =>
    condition('Accepted', 'False', reason, `${message.slice(0, MAX_MESSAGE - end.length)}${end}`);
  if (acceptance.kind === 'rejected') return refuse(acceptance.reason, acceptance.message);
  const judged = capture?.judged?.generation === generation ? capture.judged : undefined;
  // What is selected may yet come, where nothing better is in force.
  const isRefused = judged?.refused !== undefined && (isOlder || judged.refused.reason !== 'NothingSelected');
  if (isRefused) return refuse(judged.refused.reason, judged.refused.message, isOlder ? kept : '');
  if (judged === undefined && (candidate ?? refusalIn(status.conditions ?? [], generation)) !== undefined)
    return undefined;
  return condition('Accepted', 'True', 'SpecAccepted', 'the spec is in force');
}

/** Not while the active region is not known. */
export const isFailedOver = ({ activeRegion }: Decision, { source }: DRScenarioSpec): boolean =>
  activeRegion !== undefined && activeRegion !== source.region;

/** @param whyNone why no point counts, when that can be said better than that there is none */
export function protectedCondition(
  decision: Decision,
  spec: DRScenarioSpec,
  point: PointStatus | undefined,
  age: Millis | undefined,
  whyNone: string | undefined,
): ConditionUpdate {
  if (isFailedOver(decision, spec)) {
    const message = `the workload runs in ${decision.activeRegion} and is not protected there`;
    return condition('Protected', 'False', 'FailedOver', message);
  }
  const rpo = parseDuration(spec.objectives.rpo) ?? millis(0);
  const state = rpoState(age, rpo);
  if (point === undefined || state === 'none') {
    return condition(
      'Protected',
      'False',
      'NoRecoveryPoint',
      whyNone ?? 'no recovery point has been captured and verified yet',
    );
  }
  if (state === 'ahead') {
    const message = `the instant of the newest verified recovery point, ${point.name}, is ahead of the operator's clock, so its age is not known until the next capture: synchronise the clocks of the operator's nodes`;
    return condition('Protected', 'Unknown', 'RecoveryPointAhead', message);
  }
  const where = inFormerStore(point, spec);
  return state === 'held'
    ? condition(
        'Protected',
        'True',
        'RecoveryPointVerified',
        `${point.name} holds ${point.objects} objects${where}`,
      )
    : condition(
        'Protected',
        'False',
        'RecoveryPointTooOld',
        `the newest verified recovery point, ${point.name}, is older than the RPO of ${formatDuration(rpo)}${where}`,
      );
}

const inFormerStore = ({ store }: PointStatus, { replication }: DRScenarioSpec): string =>
  store === undefined
    ? ''
    : `; it is in ${describeStore(store)}, the store of before, since no point in ${describeStore(replication.store)} has been verified yet: see the condition Replicated`;

/** Undefined when this run says nothing new about replication. */
export function replicatedCondition(
  decision: Decision,
  capture: CaptureOutcome | undefined,
): ConditionUpdate | undefined {
  if (capture?.kind === 'succeeded') {
    const { manifest } = capture.point;
    const message = `${counted(manifest.objects.length, 'object')} in ${counted(manifest.units.length, 'unit')} captured and verified`;
    return condition('Replicated', 'True', 'CaptureSucceeded', message);
  }
  if (capture?.kind === 'unchanged') {
    const { objects, units } = capture.point.manifest;
    const message = `${counted(objects.length, 'object')} in ${counted(units.length, 'unit')} captured and verified; nothing has changed since`;
    return condition('Replicated', 'True', 'CaptureSucceeded', message);
  }
  if (capture?.kind === 'failed') return condition('Replicated', 'False', capture.reason, capture.message);
  if (decision.capture.kind === 'held') {
    return condition('Replicated', 'Unknown', decision.capture.reason, decision.capture.message);
  }
  return undefined;
}

/** @param elsewhere why points that were verified do not count for the recovery region; undefined when that is not so */
export function volumesCondition(
  capture: CaptureOutcome | undefined,
  elsewhere: string | undefined,
): ConditionUpdate | undefined {
  if (elsewhere !== undefined)
    return condition('VolumeDataProtected', 'False', 'VolumeDataNotCopied', elsewhere);
  if (capture?.kind !== 'succeeded') return undefined;
  const { volumesWithoutData: claims, volumes = [] } = capture.point.manifest;
  if (claims.length === 0 && volumes.length === 0)
    return condition('VolumeDataProtected', 'True', 'NoVolumes', 'there are no volume claims');
  if (claims.length === 0) {
    const copied = volumes.filter(({ strategy }) => strategy !== 'Exclude').length;
    const message = `the data of ${counted(copied, 'volume claim')} is in the point, and the recovery region can read it`;
    return condition('VolumeDataProtected', 'True', 'VolumeDataCopied', message);
  }
  const reasons = new Map(volumes.map(({ claim, reason }) => [claim, reason]));
  const texts = claims.map((claim) => (reasons.has(claim) ? `${claim} (${reasons.get(claim)})` : claim));
  return condition(
    'VolumeDataProtected',
    'False',
    'VolumeDataNotCopied',
    `${firstFew(texts, 10)}: the claim is restored, the data in it is not; replicate it by other means`,
  );
}

/** What holds names back, and when they are where the workload is since a failover; else undefined. */
export function namesCondition(
  world: ScenarioWorld,
  decision: Decision,
  spec: DRScenarioSpec,
): ConditionUpdate | undefined {
  const { away, activeRegion, running } = decision;
  if (running !== undefined) return undefined;
  if (away.length > 0)
    return condition('DNSReady', 'False', 'NamesElsewhere', describeAway(away, world, spec));
  const hostnames = hostnamesOf(spec);
  const isMoved = (hostname: string) => world.names.get(hostname)?.region === activeRegion;
  return isFailedOver(decision, spec) && hostnames.length > 0 && hostnames.every(isMoved)
    ? condition('DNSReady', 'True', 'RecordsAnnounced', hostnames.join(', '))
    : undefined;
}

/** Undefined when announcing was not due in this run. */
export function announcementCondition(
  spec: DRScenarioSpec,
  announcements: readonly Announcement[] | undefined,
): ConditionUpdate | undefined {
  if (spec.dns.records.length === 0)
    return condition('DNSReady', 'True', 'NoRecords', 'the scenario has no records');
  if (announcements === undefined) return undefined;
  const problems = announcements.flatMap(({ hostname, problem }) =>
    problem === undefined ? [] : [`${hostname}: ${problem}`],
  );
  const stuck = announcements.flatMap((announcement) => announcement.stuck ?? []);
  if (problems.length > 0)
    return condition('DNSReady', 'False', 'AnnouncementFailed', [...problems, ...stuck].join('; '));
  if (stuck.length > 0) {
    const message = `a failover could not move every name: ${stuck.join('; ')}`;
    return condition('DNSReady', 'False', 'DNSTypesMixed', message);
  }
  const hostnames = announcements.map(({ hostname }) => hostname);
  return condition('DNSReady', 'True', 'RecordsAnnounced', hostnames.join(', '));
}

export function failoverCondition({ failover }: Decision): ConditionUpdate {
  switch (failover.kind) {
    case 'manual':
      return condition('AutomaticFailover', 'False', 'ManualMode', 'failover.mode is Manual');
    case 'armed':
      return condition(
        'AutomaticFailover',
        'True',
        'Armed',
        'a failure of the source region starts a failover',
      );
    case 'start':
      return started(failover.name, 'Pending', undefined);
    case 'started':
      return started(failover.name, failover.phase, failover.message);
    case 'denied':
      return condition(
        'AutomaticFailover',
        'False',
        'FailoverDenied',
        `${failover.rule}: ${failover.message}`,
      );
  }
}

/** With what an execution waits for, or why it was refused; what it is doing otherwise is its own to say. */
function started(name: string, phase: string, message: string | undefined): ConditionUpdate {
  const isTold = message !== undefined && (phase === 'Pending' || phase === 'Refused');
  const text = `DRExecution ${name} is ${phase}${isTold ? `: ${message}` : ''}`;
  return phase === 'Refused'
    ? condition('AutomaticFailover', 'False', 'FailoverDenied', text)
    : condition('AutomaticFailover', 'True', 'FailoverStarted', text);
}
