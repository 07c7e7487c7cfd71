/**
 * How the data of each claim is in a backup, from the file Velero writes about
 * it (`<backup>-volumeinfo.json.gz`). Pure.
 */
import { at, numberAt, textAt } from '../../../api/fields.ts';
import type { PointVolume } from '../../../domain/protection/point.ts';
import type { ClaimOperation } from './operations.ts';

export interface PointClaim {
  /** refKey. */
  readonly key: string;
  /** Whether its volume is a raw device. */
  readonly isBlock: boolean;
}

/**
 * @param claims those of the point
 * @param info what the file holds; undefined when there is none
 * @param wanted whether data was asked for at all
 */
export function volumesOf(
  claims: readonly PointClaim[],
  info: unknown,
  wanted: boolean,
): readonly PointVolume[] {
  const entries: readonly unknown[] = Array.isArray(info) ? info : [];
  return claims.map(({ key: claim, isBlock }) => {
    const entry = entries.find(
      (one) => claim === `PersistentVolumeClaim/${textAt(one, 'pvcNamespace')}/${textAt(one, 'pvcName')}`,
    );
    if (!wanted) return without(claim, 'spec.replication.volumes excludes the data of all claims');
    if (entry === undefined)
      return without(
        claim,
        'Velero took no snapshot of it: its server runs without EnableCSI, or there is no volume behind the claim',
      );
    return volumeOf(claim, isBlock, entry);
  });
}

const without = (claim: string, reason: string): PointVolume => ({ claim, strategy: 'Exclude', reason });

function volumeOf(claim: string, isBlock: boolean, entry: unknown): PointVolume {
  if (at(entry, 'skipped') === true)
    return without(claim, `Velero skipped it: ${textAt(entry, 'skippedReason') ?? 'no reason given'}`);
  if (isFailed(entry)) return without(claim, 'Velero failed to copy its data');
  // Of the snapshot's instant Velero tells nothing then: what it dates is the upload, later than that.
  if (isMoved(entry)) return { claim, strategy: 'VeleroDataMover', reason: movedBy(entry) };
  const instant = textAt(entry, 'startTimestamp');
  const dated = instant === undefined ? {} : { instant: new Date(instant).toISOString() };
  const handle = textAt(entry, 'csiSnapshotInfo', 'snapshotHandle');
  const driver = textAt(entry, 'csiSnapshotInfo', 'driver');
  if (handle === undefined || handle === '' || driver === undefined)
    return without(
      claim,
      `Velero kept it by ${textAt(entry, 'backupMethod') ?? 'no method'}, without a CSI snapshot`,
    );
  const size = numberAt(entry, 'csiSnapshotInfo', 'size');
  return {
    claim,
    strategy: 'SnapshotHandle',
    reason: 'Velero took a CSI snapshot, which the recovery region imports by its handle',
    ...dated,
    snapshot: {
      driver,
      handle,
      name: textAt(entry, 'csiSnapshotInfo', 'vscName') ?? '',
      sourceVolumeMode: isBlock ? 'Block' : 'Filesystem',
      ...(size === undefined || size === 0 ? {} : { restoreSize: String(size) }),
    },
  };
}

const isMoved = (entry: unknown): boolean => at(entry, 'snapshotDataMoved') === true;

/** Moved data is there when Velero says so; until then the entry is that of a wish. */
const isFailed = (entry: unknown): boolean =>
  textAt(entry, 'result') === 'failed' || (isMoved(entry) && textAt(entry, 'result') !== 'succeeded');

function movedBy(entry: unknown): string {
  const mover = textAt(entry, 'snapshotDataMovementInfo', 'dataMover') ?? 'velero';
  return mover === 'velero' || mover === ''
    ? "Velero's data mover copied its snapshot into the bucket"
    : `the data mover ${mover} copied its snapshot`;
}

/**
 * Sentences for claims whose data was asked for and could not be copied.
 * @param operations of the same backup
 */
export function failedVolumes(
  claims: readonly string[],
  info: unknown,
  operations: readonly ClaimOperation[],
): readonly string[] {
  const entries: readonly unknown[] = Array.isArray(info) ? info : [];
  return entries.flatMap((entry) => {
    const claim = `PersistentVolumeClaim/${textAt(entry, 'pvcNamespace')}/${textAt(entry, 'pvcName')}`;
    if (!isFailed(entry) || !claims.includes(claim)) return [];
    const error = operations.find((operation) => operation.claim === claim)?.error;
    return [`${claim}: Velero failed to copy its data${error === undefined ? '' : `: ${error}`}`];
  });
}
