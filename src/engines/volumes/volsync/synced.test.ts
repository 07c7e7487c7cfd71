import { expect, test } from 'vitest';
import type { KubeObject } from '../../../api/object.ts';
import { minutes } from '../../../domain/time.ts';
import { anObject, ownedBy } from '../../../testing/objects.ts';
import {
  CLAIM,
  complete,
  DESTINATION,
  ORIGIN,
  sync,
  type VolSyncWorld,
  volSyncWorld,
} from '../testing/volsync-world.ts';

const signal = new AbortController().signal;
/** As VolSync's objects are from the moment they are taken up until their mover is done. */
const GOING = {
  lastSyncStartTime: '2026-11-23T12:00:00Z',
  conditions: [{ type: 'Synchronizing', status: 'True', reason: 'SyncInProgress' }],
};
const listening = { ...GOING, rsyncTLS: { address: '192.0.2.1', keySecret: 'key' } };

/** As VolSync in the source does. */
const takeUp = ({ source }: VolSyncWorld): void => source.say(ORIGIN, GOING);

/** The Job of the mover that VolSync makes for the source's end. */
function aMover({ source }: VolSyncWorld, status: object): KubeObject {
  const origin = source.objects.get(ORIGIN);
  const ownerReferences = origin === undefined ? [] : [ownedBy(origin)];
  return anObject('Job', 'shop/volsync-rsync-tls-src-antipode-db', { metadata: { ownerReferences }, status });
}

test('a sync that VolSync does not take up in the source ends the capture in time, though its destination listens', async () => {
  const world = volSyncWorld();
  const syncs = await sync(world, 'p1');
  world.recovery.say(DESTINATION, listening);

  expect((await syncs?.finish(signal))?.get(CLAIM)).toBe(
    'VolSync in eu-west has not taken up ReplicationSource shop/antipode-db: see whether it runs there',
  );
});

test('a sync whose mover never runs ends the capture, with what its Pod waits for', async () => {
  const world = volSyncWorld();
  const syncs = await sync(world, 'p1');
  world.recovery.say(DESTINATION, listening);
  takeUp(world);
  world.source.put(
    aMover(world, { active: 1, ready: 0 }),
    anObject('Pod', 'shop/volsync-rsync-tls-src-antipode-db-x', {
      metadata: { labels: { 'batch.kubernetes.io/job-name': 'volsync-rsync-tls-src-antipode-db' } },
      status: {
        phase: 'Pending',
        conditions: [{ type: 'PodScheduled', status: 'False', message: '0/3 nodes are available' }],
      },
    }),
  );

  expect((await syncs?.finish(signal))?.get(CLAIM)).toBe(
    'VolSync in eu-west is at ReplicationSource shop/antipode-db, but no mover of it has run for 30m: its Pod volsync-rsync-tls-src-antipode-db-x is Pending: 0/3 nodes are available',
  );
});

test('a sync for which VolSync makes no mover ends the capture, with where to look', async () => {
  const world = volSyncWorld();
  const syncs = await sync(world, 'p1');
  takeUp(world);

  expect((await syncs?.finish(signal))?.get(CLAIM)).toBe(
    'VolSync in eu-west is at ReplicationSource shop/antipode-db, but no mover of it has run for 30m: it has no Pod, see its Events, and the VolumeSnapshot and the PersistentVolumeClaim that VolSync makes for it',
  );
});

test('a copy is waited for as long as its mover runs, and then its image', async () => {
  const world = volSyncWorld();
  let [isCopying, isDone] = [false, false];
  const syncs = await sync(world, 'p1', (now) => {
    if (now >= minutes(29) && !isCopying) {
      isCopying = true;
      world.source.put(aMover(world, { active: 1, ready: 1 }));
    }
    if (now >= minutes(300) && !isDone) {
      isDone = true;
      world.source.put(aMover(world, { succeeded: 1 }));
      world.source.say(ORIGIN, { lastManualSync: 'p1' });
    }
    if (now >= minutes(325)) complete(world);
  });
  world.recovery.say(DESTINATION, listening);
  takeUp(world);

  expect((await syncs?.finish(signal))?.get(CLAIM)).toMatchObject({ image: 'shop/image' });
});

test('a destination that makes no image of what it has received ends the capture', async () => {
  const world = volSyncWorld();
  const syncs = await sync(world, 'p1');
  world.recovery.say(DESTINATION, listening);
  world.source.say(ORIGIN, { lastManualSync: 'p1' });

  expect((await syncs?.finish(signal))?.get(CLAIM)).toBe(
    'VolSync in eu-north has made no image for 30m of what ReplicationDestination shop/antipode-db has received: see its Events, and its VolumeSnapshot',
  );
});
