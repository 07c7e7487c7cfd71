import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { KubeObject } from '../../../api/object.ts';
import { directoryStore } from '../../../store/testing/directory-store.ts';
import { manualClock } from '../../../testing/manual-clock.ts';
import { type MemoryCluster, memoryCluster } from '../../../testing/memory-cluster.ts';
import { anObject } from '../../../testing/objects.ts';
import { silent } from '../../../testing/silent-log.ts';
import { nativeEngine } from '../../native/engine.ts';
import { manifestKey } from '../../native/points/layout.ts';
import { CLAIM, CONTENT, marksOf, SNAPSHOT, VOLUME } from '../kinds.ts';
import { SERVED } from '../testing/served.ts';
import { CHECK_NAMESPACE } from './checks.ts';

const signal = new AbortController().signal;
const shop = { namespace: 'dr', name: 'shop', uid: 'u1' };
const clock = manualClock();

/** What a killed look at a point has left. */
function leave(region: MemoryCluster, point: string, store: string): void {
  const { labels, annotations } = marksOf({ owner: shop, store }, 'check', point);
  const metadata = { labels: { ...labels }, annotations: { ...annotations } };
  const inside = `${CHECK_NAMESPACE}/check-${point}`;
  const spec = { volumeName: `pv-${point}` };
  region.put(anObject('PersistentVolumeClaim', inside, { metadata, spec }));
  region.put(anObject('VolumeSnapshot', inside, { metadata }));
  region.put(
    anObject('VolumeSnapshotContent', `check-${point}`, {
      apiVersion: 'snapshot.storage.k8s.io/v1',
      metadata,
    }),
  );
  region.put(
    anObject('PersistentVolume', `pv-${point}`, { spec: { persistentVolumeReclaimPolicy: 'Retain' } }),
  );
}

const namesOf = (objects: readonly KubeObject[]) => objects.map(({ metadata }) => metadata.name).toSorted();

test('what a look at a point that is no more has left is removed, with the volume; what may be a look of now, or is of others, stays', async () => {
  const root = await mkdtemp(join(tmpdir(), 'antipode-checks-'));
  try {
    const store = directoryStore(root);
    await store.put(manifestKey('dr-shop-kept'), Buffer.from('{}'), signal);
    const region = memoryCluster('eu-north', SERVED);
    leave(region, 'dr-shop-gone', store.location);
    leave(region, 'dr-shop-kept', store.location);
    leave(region, 'dr-shop-other', 's3://another/');
    const engine = nativeEngine({ store, clock, log: silent });

    expect(await engine.collectGarbage(shop, region.cluster, new Set(), signal)).toBeUndefined();

    for (const kind of [CLAIM, SNAPSHOT, CONTENT])
      expect(namesOf(region.all(kind))).toEqual(['check-dr-shop-kept', 'check-dr-shop-other']);
    const policies = region.all(VOLUME).map(({ spec }) => spec);
    expect(policies).toEqual([
      { persistentVolumeReclaimPolicy: 'Delete' },
      { persistentVolumeReclaimPolicy: 'Retain' },
      { persistentVolumeReclaimPolicy: 'Retain' },
    ]);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
