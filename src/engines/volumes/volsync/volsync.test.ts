import { expect, test } from 'vitest';
import { at } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import { manualClock } from '../../../testing/manual-clock.ts';
import { anObject, ownedBy } from '../../../testing/objects.ts';
import { removeSnapshots } from '../clean/clean.ts';
import { lateContents } from '../clean/late-contents.ts';
import { marksOf } from '../kinds.ts';
import {
  CLAIM,
  complete,
  DESTINATION,
  IMAGE_CONTENT,
  maker,
  ORIGIN,
  SNAPSHOTS,
  sync,
  VOLSYNC,
  volSyncWorld,
} from '../testing/volsync-world.ts';

const signal = new AbortController().signal;
const late = lateContents(manualClock());
const UNDER_WAY = { lastSyncStartTime: '2026-11-23T12:00:00Z', lastManualSync: 'p0' };

const end = (kind: string, trigger: string, status: object, of = maker): KubeObject =>
  anObject(kind, 'shop/antipode-db', {
    apiVersion: `${VOLSYNC}/v1alpha1`,
    metadata: { uid: `${kind}-of-${trigger}`, ...marksOf(of, 'volsync', trigger) },
    spec: { trigger: { manual: trigger } },
    status,
  });

test("the copy is in the point by its handle, with the size that it needs, and is nobody else's", async () => {
  const world = volSyncWorld();

  const syncs = await sync(world, 'p1');
  complete(world);
  const ended = await syncs?.finish(signal);

  expect(ended?.get(CLAIM)).toMatchObject({
    strategy: 'VolSync',
    image: 'shop/image',
    snapshot: { driver: 'csi.example.com', handle: 'snap-7', restoreSize: '3Gi' },
  });
  const image = world.recovery.objects.get(`VolumeSnapshot.${SNAPSHOTS}/shop/image`);
  expect(image?.metadata.ownerReferences).toBeUndefined();
  expect(image?.metadata.labels).toMatchObject({ 'volsync.backube/do-not-delete': 'true' });
});

test('the copy stays when its namespace is deleted in the recovery region, and goes with its data when its point goes', async () => {
  const world = volSyncWorld();
  const syncs = await sync(world, 'p1');
  complete(world);
  await syncs?.finish(signal);

  expect(world.recovery.objects.get(IMAGE_CONTENT)).toMatchObject({
    metadata: marksOf(maker, 'point', 'p1'),
    spec: { deletionPolicy: 'Retain' },
  });
  world.recovery.take(`VolumeSnapshot.${SNAPSHOTS}/shop/image`);
  await removeSnapshots(maker, () => true, world.recovery.cluster, late, signal);
  expect(world.recovery.objects.has(IMAGE_CONTENT)).toBe(true);
  await removeSnapshots(maker, () => false, world.recovery.cluster, late, signal);
  expect(world.recovery.objects.has(IMAGE_CONTENT)).toBe(false);
  expect(world.let).toEqual([IMAGE_CONTENT]);
});

test('the copy goes with its data when its point goes and its namespace is there', async () => {
  const world = volSyncWorld();
  const syncs = await sync(world, 'p1');
  complete(world);
  await syncs?.finish(signal);

  await removeSnapshots(maker, () => false, world.recovery.cluster, late, signal);

  expect(world.recovery.objects.has(`VolumeSnapshot.${SNAPSHOTS}/shop/image`)).toBe(false);
  expect(world.let).toEqual([IMAGE_CONTENT]);
});

test('objects whose last sync has ended are asked for the next one', async () => {
  const world = volSyncWorld();
  world.source.put(end('ReplicationSource', 'p0', { lastManualSync: 'p0' }));
  const listening = { lastManualSync: 'p0', rsyncTLS: { address: '192.0.2.1', keySecret: 'key' } };
  world.recovery.put(end('ReplicationDestination', 'p0', listening));

  await sync(world, 'p1');

  const objects = [world.source.objects.get(ORIGIN), world.recovery.objects.get(DESTINATION)];
  expect(objects.map((object) => object?.metadata.uid)).toEqual([
    'ReplicationSource-of-p0',
    'ReplicationDestination-of-p0',
  ]);
  expect(objects.map((object) => at(object, 'spec', 'trigger', 'manual'))).toEqual(['p1', 'p1']);
});

test('a sync that an earlier capture has left under way cannot end as that of this one', async () => {
  const world = volSyncWorld();
  world.source.put(end('ReplicationSource', 'p1', UNDER_WAY));
  world.recovery.put(end('ReplicationDestination', 'p1', UNDER_WAY));

  await sync(world, 'p2');

  for (const object of [world.source.objects.get(ORIGIN), world.recovery.objects.get(DESTINATION)]) {
    expect(at(object, 'spec', 'trigger', 'manual')).toBe('p2');
    expect(object?.metadata.uid).not.toContain('-of-p1');
    expect(at(object, 'status', 'lastSyncStartTime')).toBeUndefined();
  }
});

test('a sync that failed does not fail the next one, and what it has cut is gone before', async () => {
  const world = volSyncWorld();
  const failed = { ...UNDER_WAY, latestMoverStatus: { result: 'Failed', logs: 'no route' } };
  const former = end('ReplicationSource', 'p1', failed);
  const cut = anObject('VolumeSnapshot', 'shop/volsync-antipode-db-src', {
    metadata: { ownerReferences: [ownedBy(former)] },
  });
  world.source.put(former, cut);

  const waited = await sync(world, 'p2');
  expect((await waited?.finish(signal))?.get(CLAIM)).toBe(
    'an earlier sync of VolSync was under way and is removed, but VolumeSnapshot.snapshot.storage.k8s.io/shop/volsync-antipode-db-src is not gone yet',
  );
  expect(world.source.objects.get(ORIGIN)).toBeUndefined();
  world.source.take(`VolumeSnapshot.${SNAPSHOTS}/shop/volsync-antipode-db-src`);
  const syncs = await sync(world, 'p3');
  complete(world);

  expect((await syncs?.finish(signal))?.get(CLAIM)).toMatchObject({ image: 'shop/image' });
});

test('a sync that another scenario has under way is not taken away', async () => {
  const world = volSyncWorld();
  const other = { owner: { namespace: 'dr', name: 'other', uid: 'u2' }, store: 'a store' };
  world.source.put(end('ReplicationSource', 'p1', UNDER_WAY, other));

  const syncs = await sync(world, 'p2');

  expect((await syncs?.finish(signal))?.get(CLAIM)).toContain('copies it for another scenario or store');
  expect(world.source.objects.get(ORIGIN)?.metadata.uid).toBe('ReplicationSource-of-p1');
});
