/** One reason why a scenario's wish cannot be met as things are: what, why, and what a person can do. */

/** What kind of obstacle it is; the same words are reasons of the `Feasible` condition. */
export type FindingReason =
  | 'StoreInSourceRegion'
  | 'Unplannable'
  | 'RecoveryRefuses'
  | 'RecoveryTooSmall'
  | 'RTOTooShort'
  | 'RPOTooShort';

export interface Finding {
  /** refKey of the object it is about, or the field of the spec, e.g. `spec.objectives.rpo`. */
  readonly object: string;
  readonly reason: FindingReason;
  readonly message: string;
  readonly remedy: string;
}
