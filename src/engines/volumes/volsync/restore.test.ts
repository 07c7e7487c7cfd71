import { expect, test } from 'vitest';
import { at, textAt } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import type { PointManifest, PointVolume } from '../../../domain/protection/point.ts';
import { manualClock } from '../../../testing/manual-clock.ts';
import { memoryCluster } from '../../../testing/memory-cluster.ts';
import { anObject } from '../../../testing/objects.ts';
import { claimData } from '../fill/claim-data.ts';
import { proveClaims } from '../prove/prove.ts';
import { sharedLists } from '../prove/shared-lists.ts';

const SNAPSHOTS = 'snapshot.storage.k8s.io';
const signal = new AbortController().signal;
const maker = { owner: { namespace: 'dr', name: 'shop', uid: 'u1' }, store: 'a store' };
/** The namespace has another name in the recovery region than when the copy was made. */
const CLAIM = 'PersistentVolumeClaim/store/db';
const claim = anObject('PersistentVolumeClaim', 'store/db', {
  spec: { resources: { requests: { storage: '1Gi' } } },
});
const copied: PointVolume = {
  claim: CLAIM,
  strategy: 'VolSync',
  reason: '',
  image: 'shop/image',
  snapshot: { driver: 'csi.example.com', handle: 'snap-7', name: 'shop/image', restoreSize: '3Gi' },
};
const manifestOf = (volume: PointVolume): PointManifest => ({
  formatVersion: 1,
  name: 'p1',
  scenario: maker.owner,
  sourceRegion: 'eu-west',
  capturedAt: '',
  finishedAt: '',
  resourceVersions: {},
  objects: [],
  leftOut: [],
  units: [],
  edges: [],
  longestPath: [],
  volumes: [volume],
  volumesWithoutData: [],
  archive: { sha256: '', bytes: 0 },
});
const target = (...objects: readonly KubeObject[]) => {
  const kinds = ['VolumeSnapshot', 'VolumeSnapshotContent', 'VolumeSnapshotClass'];
  const cluster = memoryCluster('eu-north', { '': ['PersistentVolumeClaim'], [SNAPSHOTS]: kinds });
  cluster.put(...objects);
  return cluster;
};

test('a copy of VolSync is restored by its handle, as large as it is, wherever the claim is now', async () => {
  const there = target();
  const data = claimData(manifestOf(copied), maker, there.cluster);

  await data.provide(CLAIM, signal);

  expect(at(data.filled(CLAIM, claim), 'spec')).toMatchObject({
    resources: { requests: { storage: '3Gi' } },
    dataSource: { kind: 'VolumeSnapshot', name: 'db-p1' },
  });
  const snapshot = there.objects.get(`VolumeSnapshot.${SNAPSHOTS}/store/db-p1`);
  const content = textAt(snapshot, 'spec', 'source', 'volumeSnapshotContentName') ?? '';
  expect(there.objects.get(`VolumeSnapshotContent.${SNAPSHOTS}/${content}`)).toMatchObject({
    spec: { source: { snapshotHandle: 'snap-7' }, deletionPolicy: 'Retain' },
  });
});

test('a claim that was made of an image of that name proves nothing when the point knows the handle', async () => {
  const dataSource = { kind: 'VolumeSnapshot', name: 'image' };
  const bound = { ...claim, spec: { dataSource }, status: { phase: 'Bound' } };
  const image = anObject('VolumeSnapshot', 'store/image', {
    status: { readyToUse: true, boundVolumeSnapshotContentName: 'another' },
  });
  const { cluster } = target(bound, image);

  const proofTarget = () => ({ target: cluster, lists: sharedLists(cluster, manualClock()) });
  const known = await proveClaims(manifestOf(copied), [CLAIM], proofTarget(), signal);
  const { snapshot: _, ...earlier } = copied;
  const unknown = await proveClaims(manifestOf(earlier), [CLAIM], proofTarget(), signal);

  expect(known.get(CLAIM)).toMatchObject({ kind: 'refuted' });
  // Of an earlier version: the name is all there is.
  expect(unknown.get(CLAIM)).toEqual({ kind: 'proven' });
});
