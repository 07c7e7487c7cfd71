/**
 * What stands in Velero's way, in words for whoever runs it. Thrown inside this
 * folder; engine.ts makes outcomes of it, since each is to be expected.
 */

export type VeleroProblemCode =
  | 'NotInstalled' // the cluster does not serve Velero's kinds
  | 'LocationMissing' // no BackupStorageLocation of that name
  | 'LocationMismatch' // it is on another bucket or folder than the scenario's store
  | 'LocationUnusable' // Unavailable, or ReadOnly where something is to be written
  | 'ClassMissing' // the source has no VolumeSnapshotClass of the name that the scenario gives
  | 'Silent' // nobody takes up what was asked for: the server, or its data mover, does not run
  | 'Stalled' // it was taken up, and nothing moves any more
  | 'Failed'; // Velero gave up on it

export class VeleroProblem extends Error {
  override readonly name = 'VeleroProblem';
  readonly code: VeleroProblemCode;
  readonly retry = 'backoff';

  constructor(code: VeleroProblemCode, message: string) {
    super(message);
    this.code = code;
  }
}
