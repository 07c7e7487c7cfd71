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
  InvalidRule: 'A rule in dependencies.rules cannot be read or would cost too much; the message names it.',
  // Protected
  RecoveryPointVerified: 'A recovery point younger than the RPO exists and has been verified.',
  RecoveryPointTooOld: 'The newest verified recovery point is older than the RPO.',
  NoRecoveryPoint: 'There is no verified recovery point yet.',
  FailedOver: 'The workload runs in the recovery region; nothing protects it there yet.',
  // Replicated
  CaptureSucceeded: 'The last capture was published and verified.',
  CaptureFailed: 'The last capture did not succeed; earlier recovery points stay in force.',
  VerificationFailed: 'The last capture differs from the source and is not used as a recovery point.',
  NothingSelected: 'The selection matches no object in the source.',
  SourceUnavailable: 'The source cluster cannot be reached, so nothing can be captured.',
  SourceFailed: 'The source region is failed; capturing has stopped and recovery points are kept.',
  ExecutionRunning: 'An execution is running; capturing pauses until it has ended.',
  // Feasible
  Feasible:
    'The objectives can be met as far as is measured, and the recovery cluster would take everything it could be asked about; the message counts what it could not.',
  RPOTooShort: 'The RPO is shorter than the captures take; the message says which would hold.',
  RTOTooShort: 'The RTO is shorter than the predicted recovery; the message says where the time goes.',
  RecoveryRefuses:
    'The recovery cluster would refuse an object or lacks what it needs; the message names it and the remedy.',
  RecoveryTooSmall: 'The nodes or quotas of the recovery cluster do not have room for all of the workload.',
  NotRehearsed: 'The recovery cluster has not been asked yet, or cannot be; the message says why.',
  // VolumeDataProtected
  NoVolumes: 'The selection has no volume claims.',
  VolumeDataNotCopied: 'Volume claims are recreated empty: their data is not part of the recovery point.',
  // DNSReady
  RecordsAnnounced: 'The records are announced to external-dns with the addresses of the active region.',
  NoRecords: 'The scenario has no DNS records.',
  AnnouncementFailed: 'A record could not be announced; the message says which and why.',
  // AutomaticFailover
  ManualMode: 'Failover is started by hand.',
  Armed: 'A failure of the source region starts a failover.',
  FailoverStarted: 'The source region failed and a failover was started.',
  FailoverDenied: 'The source region failed but a safety rule holds the failover; the message names it.',
} as const satisfies Record<string, string>;

export type DRScenarioReason = keyof typeof drScenarioReasons;
