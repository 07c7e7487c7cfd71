import { expect, test } from 'vitest';
import { failedVolumes, volumesOf } from './volume-info.ts';

const CLAIM = 'PersistentVolumeClaim/shop/data';
const entry = (rest: object) => [{ pvcName: 'data', pvcNamespace: 'shop', pvName: 'pv-1', ...rest }];
const only = (info: unknown, wanted = true) => volumesOf([{ key: CLAIM, isBlock: false }], info, wanted)[0];

test('a CSI snapshot is imported by its handle', () => {
  const info = entry({
    backupMethod: 'CSISnapshot',
    startTimestamp: '2026-01-01T00:00:00Z',
    csiSnapshotInfo: { snapshotHandle: 'snap-1', driver: 'csi.example.com', vscName: 'vsc-1', size: 1024 },
  });

  expect(only(info)).toMatchObject({
    claim: CLAIM,
    strategy: 'SnapshotHandle',
    instant: '2026-01-01T00:00:00.000Z',
    snapshot: { driver: 'csi.example.com', handle: 'snap-1', restoreSize: '1024' },
  });
});

test('moved data is with the data mover, whatever snapshot there was', () => {
  const moved = { snapshotDataMoved: true, csiSnapshotInfo: { snapshotHandle: 'x', driver: 'y' } };
  const upload = { startTimestamp: '2026-01-01T00:00:09Z', result: 'succeeded' };
  const foreign = { snapshotDataMovementInfo: { dataMover: 'ours' } };

  expect(only(entry({ ...moved, ...upload }))).toEqual({
    claim: CLAIM,
    strategy: 'VeleroDataMover',
    reason: "Velero's data mover copied its snapshot into the bucket",
  });
  expect(only(entry({ ...moved, ...upload, ...foreign }))?.reason).toContain('the data mover ours');
});

test.each([
  ['nothing is known of it', undefined, /EnableCSI/],
  ['it was skipped', entry({ skipped: true, skippedReason: 'no class' }), /no class/],
  ['copying failed', entry({ result: 'failed' }), /failed/],
  ['moving it did not end', entry({ snapshotDataMoved: true }), /failed/],
  ['it is kept in another way', entry({ backupMethod: 'PodVolumeBackup' }), /PodVolumeBackup/],
])('a claim is without data when %s', (_, info, reason) => {
  const volume = only(info);

  expect(volume?.strategy).toBe('Exclude');
  expect(volume?.reason).toMatch(reason);
});

test('a claim is without data when none was wanted', () => {
  expect(only(entry({ snapshotDataMoved: true }), false)?.strategy).toBe('Exclude');
});

test('only claims of the point whose copy failed are told', () => {
  const info = [...entry({ result: 'failed' }), { pvcName: 'z', pvcNamespace: 'q', result: 'failed' }];

  expect(failedVolumes([CLAIM], info, [])).toEqual([`${CLAIM}: Velero failed to copy its data`]);
  expect(failedVolumes([CLAIM], undefined, [])).toEqual([]);
});

test('a claim whose data was not moved is told with what the data mover says', () => {
  const operations = [{ claim: CLAIM, isCompleted: false, error: 'the bucket is full' }];

  expect(failedVolumes([CLAIM], entry({ snapshotDataMoved: true }), operations)).toEqual([
    `${CLAIM}: Velero failed to copy its data: the bucket is full`,
  ]);
});
