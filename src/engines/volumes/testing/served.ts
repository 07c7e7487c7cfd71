/** For tests: by API group, the kinds of a region whose driver cuts snapshots. */
import { SNAPSHOT_GROUP } from '../kinds.ts';

export const SERVED = {
  '': ['PersistentVolumeClaim', 'PersistentVolume', 'Namespace', 'Node', 'Event'],
  [SNAPSHOT_GROUP]: ['VolumeSnapshot', 'VolumeSnapshotContent', 'VolumeSnapshotClass'],
  'storage.k8s.io': ['StorageClass', 'CSIDriver', 'CSINode'],
} as const;
