/** What each condition of a scenario says, one function a condition. Pure. */
import type { DRScenarioSpec, PointStatus } from '../../api/v1alpha1/dr-scenario.ts';
import type { DRScenarioReason } from '../../api/v1alpha1/reasons/dr-scenario.ts';
import type { ConditionUpdate } from '../../domain/conditions.ts';
import { rpoState } from '../../domain/protection/schedule.ts';
import { formatDuration, type Millis, millis, parseDuration } from '../../domain/time.ts';
import type { CaptureOutcome } from './act.ts';
import type { Decision } from './decide.ts';

/** A record of the scenario and why it could not be announced, if it could not. */
export interface Announcement {
  readonly hostname: string;
  readonly problem: string | undefined;
}

const condition = (
  type: string,
  status: ConditionUpdate['status'],
  reason: DRScenarioReason,
  message: string,
): ConditionUpdate => ({ type, status, reason, message: message.slice(0, MAX_MESSAGE) });

/** Limit of the schema; a circle of many objects is longer. */
const MAX_MESSAGE = 4096;

/** Failures of a capture that only another spec can mend. */
const UNORDERABLE: ReadonlySet<DRScenarioReason> = new Set([
  'DependencyCycle',
  'UnknownDependency',
  'InvalidRule',
]);

export function acceptedCondition(decision: Decision, capture: CaptureOutcome | undefined): ConditionUpdate {
  const { acceptance } = decision;
  if (acceptance.kind === 'rejected') {
    const kept =
      decision.inForce === undefined
        ? ''
        : `; generation ${decision.acceptedGeneration ?? '?'} stays in force`;
    return condition('Accepted', 'False', acceptance.reason, `${acceptance.message}${kept}`);
  }
  if (capture?.kind === 'failed' && UNORDERABLE.has(capture.reason)) {
    return condition('Accepted', 'False', capture.reason, capture.message);
  }
  return condition('Accepted', 'True', 'SpecAccepted', 'the spec is in force');
}

export function protectedCondition(
  decision: Decision,
  spec: DRScenarioSpec,
  point: PointStatus | undefined,
  age: Millis | undefined,
): ConditionUpdate {
  if (decision.activeRegion !== spec.source.region) {
    const message = `the workload runs in ${decision.activeRegion ?? 'an unknown region'} and is not protected there`;
    return condition('Protected', 'False', 'FailedOver', message);
  }
  const rpo = parseDuration(spec.objectives.rpo) ?? millis(0);
  const state = rpoState(age, rpo);
  if (point === undefined || state === 'none') {
    return condition(
      'Protected',
      'False',
      'NoRecoveryPoint',
      'no recovery point has been captured and verified yet',
    );
  }
  return state === 'held'
    ? condition('Protected', 'True', 'RecoveryPointVerified', `${point.name} holds ${point.objects} objects`)
    : condition(
        'Protected',
        'False',
        'RecoveryPointTooOld',
        `the newest verified recovery point, ${point.name}, is older than the RPO of ${formatDuration(rpo)}`,
      );
}

/** Undefined when this run says nothing new about replication. */
export function replicatedCondition(
  decision: Decision,
  capture: CaptureOutcome | undefined,
): ConditionUpdate | undefined {
  if (capture?.kind === 'succeeded') {
    const { manifest } = capture.point;
    const message = `${manifest.objects.length} objects in ${manifest.units.length} units captured and verified`;
    return condition('Replicated', 'True', 'CaptureSucceeded', message);
  }
  if (capture?.kind === 'failed') return condition('Replicated', 'False', capture.reason, capture.message);
  if (decision.capture.kind === 'held') {
    return condition('Replicated', 'Unknown', decision.capture.reason, decision.capture.message);
  }
  return undefined;
}

export function volumesCondition(capture: CaptureOutcome | undefined): ConditionUpdate | undefined {
  if (capture?.kind !== 'succeeded') return undefined;
  const claims = capture.point.manifest.volumesWithoutData;
  if (claims.length === 0)
    return condition('VolumeDataProtected', 'True', 'NoVolumes', 'there are no volume claims');
  const named = claims.slice(0, 10).join(', ');
  const more = claims.length > 10 ? ` and ${claims.length - 10} more` : '';
  return condition(
    'VolumeDataProtected',
    'False',
    'VolumeDataNotCopied',
    `${named}${more}: the claim is restored, the data in it is not; replicate it by other means`,
  );
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
  return problems.length === 0
    ? condition(
        'DNSReady',
        'True',
        'RecordsAnnounced',
        announcements.map(({ hostname }) => hostname).join(', '),
      )
    : condition('DNSReady', 'False', 'AnnouncementFailed', problems.join('; '));
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
    case 'started':
      return condition('AutomaticFailover', 'True', 'FailoverStarted', `DRExecution ${failover.name}`);
    case 'denied':
      return condition(
        'AutomaticFailover',
        'False',
        'FailoverDenied',
        `${failover.rule}: ${failover.message}`,
      );
  }
}
