/** Reasons on DRScenario conditions and Events; docs/reference/reasons.md is generated from this. */

export const drScenarioReasons = {
  // Accepted
  SpecAccepted: 'The spec is valid and in force.',
  InvalidSpec: 'A field of the spec cannot be understood; the last accepted spec stays in force.',
  RegionNotFound: 'source.region or recovery.region names no RegionHealth.',
  ObjectiveInProtectedRegion:
    "The operator's own cluster is in the source or recovery region and would be lost with it.",
  DependencyCycle: 'The dependency edges form a cycle; the message shows its path.',
  UnknownDependency: 'An edge in dependencies.edges names an object that is not part of the selection.',
  InvalidRule:
    'A rule in dependencies.rules or dependencies.readiness cannot be read or would cost too much; the message names it.',
  // Protected
  RecoveryPointVerified: 'A recovery point younger than the RPO exists and has been verified.',
  RecoveryPointTooOld: 'The newest verified recovery point is older than the RPO.',
  RecoveryPointAhead:
    "The instant of the newest verified recovery point is ahead of the operator's clock, so its age is not known until the next capture.",
  NoRecoveryPoint:
    'There is no recovery point yet that is verified, and of which no other region than the recovery region has the data.',
  FailedOver: 'The workload runs in the recovery region; nothing protects it there yet.',
  // Replicated
  CaptureSucceeded: 'The last capture was published and verified.',
  CaptureFailed: 'The last capture did not succeed; earlier recovery points stay in force.',
  VerificationFailed: 'The last capture differs from the source and is not used as a recovery point.',
  NothingSelected: 'The selection matches no object in the source.',
  SourceUnavailable: 'The source cluster cannot be reached, so nothing can be captured.',
  RecoveryUnavailable:
    'The recovery cluster cannot be reached, so no recovery point can be shown to be of use there.',
  SourceFailed: 'The source region is failed; capturing has stopped and recovery points are kept.',
  RecoveryPointsMissing:
    'Points that were listed are not in the store any more; their snapshots and other remains are kept until you say that they are gone.',
  NamesElsewhere:
    'Names answer with another region than the source, and no failover to it ended well: nothing is captured and no name is touched until a person decides. The condition DNSReady says how.',
  ExecutionRunning: 'An execution is running; capturing pauses until it has ended.',
  StatusRefused:
    'The API server refuses the status, which is then older than it says; captures go on. The message says what is refused.',
  // Feasible
  Feasible:
    'The objectives can be met as far as is measured, and the recovery cluster would take everything it could be asked about; the message counts what it could not.',
  StoreInSourceRegion:
    'The bucket of the recovery points is in the source region: with the region lost, none could be read.',
  Unplannable:
    'The newest recovery point is too large for one execution, or cannot be put into an order; the message says what to do.',
  RPOTooShort: 'The RPO is shorter than the captures take; the message says which would hold.',
  RTOTooShort: 'The RTO is shorter than the predicted recovery; the message says where the time goes.',
  RecoveryRefuses:
    'The recovery cluster would refuse an object or lacks what it needs; the message names it and the remedy.',
  RecoveryTooSmall: 'The nodes or quotas of the recovery cluster do not have room for all of the workload.',
  NotRehearsed: 'The recovery cluster has not been asked yet, or cannot be; the message says why.',
  // StandbyReady
  StandbyApplied:
    'The objects of the newest recovery point are in the recovery cluster and do nothing; the message counts them.',
  StandbyIncomplete:
    'An object of the standby is not as it should be; the message and status.standby.differences say which and why.',
  StandbyCollision:
    'The recovery cluster has objects of somebody else under the same names; nothing of the standby was changed.',
  StandbyInUse: 'Objects in the recovery cluster were put to work by an execution and are left as they are.',
  StandbyPending: 'The standby has not been looked at yet.',
  StandbyUnknown: 'The standby could not be looked at or changed; the message says why.',
  StandbyUnsupported: 'The engine of the scenario cannot start what is held in standby.',
  StandbyRepaired: 'Somebody had changed an object of the standby, and it was put right.',
  NoStandby: 'The scenario asks for no standby.',
  // VolumeDataProtected
  NoVolumes: 'The selection has no volume claims.',
  VolumeDataCopied: 'The data of every volume claim that has any is part of the newest recovery point.',
  VolumeDataNotCopied:
    'Volume claims are recreated empty: their data is not part of the recovery point, or is in another region than the recovery region; the message says why.',
  // DNSReady
  RecordsAnnounced: 'The records are announced to external-dns with the addresses of the active region.',
  NoRecords: 'The scenario has no DNS records.',
  AnnouncementFailed: 'A record could not be announced; the message says which and why.',
  DNSTypesMixed:
    'Names are announced, but a failover could not move one of them: its answer would change between A, AAAA and CNAME.',
  // AutomaticFailover
  ManualMode: 'Failover is started by hand.',
  Armed: 'A failure of the source region starts a failover.',
  FailoverStarted: 'The source region failed and a failover was started.',
  FailoverDenied: 'The source region failed but a safety rule holds the failover; the message names it.',
} as const satisfies Record<string, string>;

export type DRScenarioReason = keyof typeof drScenarioReasons;
