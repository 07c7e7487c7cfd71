/** Reasons on DRExecution conditions and Events; docs/reference/reasons.md is generated from this. */

export const drExecutionReasons = {
  // Admitted
  SafetyRulesHold: 'Every safety rule allowed the execution.',
  InvalidExecution: 'The spec of the execution cannot be understood; nothing was touched.',
  ScenarioNotFound: 'spec.scenario names no DRScenario of the namespace; nothing was touched.',
  ScenarioNotAccepted: 'The scenario has no accepted spec; nothing was touched.',
  OneExecutionAtATime: 'Another execution runs on the scenario; nothing was touched.',
  AlreadyFailedOver:
    'The scenario already runs in the recovery region, and restoring over it would lose changes; nothing was touched.',
  NoVerifiedRecoveryPoint:
    'There is no recovery point that may be taken: it does not exist, has the data of its volumes in another region than the recovery region, or is not verified while no person asked for it; nothing was touched.',
  RecoveryPointDamaged: 'The recovery point no longer matches its digests; nothing was touched.',
  Unplannable: 'The recovery point cannot be put into an order or is too large; nothing was touched.',
  DNSTypesMixed: 'A record would change between A, AAAA and CNAME; nothing was touched.',
  SourceNotFailed: 'An automatic failover found the source region not Failed; nothing was touched.',
  ManualMode: 'failover.mode became Manual before an automatic failover had started; nothing was touched.',
  RecoveryRegionUnhealthy:
    'An automatic failover found the recovery region failed or unreachable; nothing was touched.',
  MaxDataLoss: 'An automatic failover would lose more than failover.maxDataLoss; nothing was touched.',
  ReadingRecoveryPoint: 'The recovery point is being read; a large one over a slow line takes its time.',
  StoreUnavailable: 'The recovery point cannot be read for now; reading it is tried again.',
  RecoveryPointUnread:
    'The recovery point was not read within half an hour: its store gives too little, or nothing; nothing was touched.',
  // Complete
  StepsRunning: 'Steps are still to be done.',
  Recovered: 'Every unit is ready in the recovery region and every name answers there.',
  StepsFailed: 'At least one step failed; the message names them and what to do.',
  ScenarioDeleted: 'The scenario was deleted while the execution ran; what was restored stays.',
  // Events
  ExecutionStarted: 'The plan was recorded and the first step is being started.',
  ExecutionRefused: 'A safety rule refused the execution; the message names the rule.',
  StepFailed: 'One step failed; steps that do not need it go on.',
} as const satisfies Record<string, string>;

export type DRExecutionReason = keyof typeof drExecutionReasons;
