import { expect, test } from 'vitest';
import { at } from '../../../api/fields.ts';
import { minutes } from '../../../domain/time.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { KubeError } from '../../../kube/errors.ts';
import { directoryStore } from '../../../store/testing/directory-store.ts';
import { manualClock } from '../../../testing/manual-clock.ts';
import { memoryCluster } from '../../../testing/memory-cluster.ts';
import { anObject } from '../../../testing/objects.ts';
import { silent } from '../../../testing/silent-log.ts';
import { createTrials } from '../cut/trials.ts';
import { GROUP, type KindName, marksOf } from '../kinds.ts';
import { REPLICATION_SOURCE } from '../volsync/kinds.ts';
import { removeSnapshots, removeSnapshotsOfNone } from './clean.ts';
import { lateContents } from './late-contents.ts';

const SNAPSHOTS = 'snapshot.storage.k8s.io';
const GROUPS = 'groupsnapshot.storage.k8s.io';
const VOLSYNC = 'volsync.backube';
const signal = new AbortController().signal;
const maker = { owner: { namespace: 'dr', name: 'shop', uid: 'u1' }, store: 'a store' };
const marks = marksOf(maker, 'point', 'p1');

/** As the controllers make it: with the policy of its class, and without a mark. */
const single = (uid: string) =>
  anObject('VolumeSnapshotContent', `snapcontent-${uid}`, {
    apiVersion: `${SNAPSHOTS}/v1`,
    spec: {
      deletionPolicy: 'Retain',
      volumeSnapshotRef: { namespace: 'shop', name: 'data-p1', uid },
    },
  });
const ofGroup = (uid: string) =>
  anObject('VolumeGroupSnapshotContent', `groupsnapcontent-${uid}`, {
    apiVersion: `${GROUPS}/v1`,
    spec: { deletionPolicy: 'Retain', volumeGroupSnapshotRef: { namespace: 'shop', name: 'p1-csi', uid } },
  });

function world() {
  const clock = manualClock();
  const late = lateContents(clock);
  const allowed: string[] = [];
  const source = memoryCluster(
    'eu-west',
    {
      [SNAPSHOTS]: ['VolumeSnapshot', 'VolumeSnapshotContent'],
      [GROUPS]: ['VolumeGroupSnapshot', 'VolumeGroupSnapshotContent'],
    },
    (key, cluster) => {
      if (at(cluster.objects.get(key), 'spec', 'deletionPolicy') === 'Delete') allowed.push(key);
    },
  );
  source.put(
    anObject('VolumeSnapshot', 'shop/data-p1', { metadata: { uid: 'a', ...marks } }),
    anObject('VolumeGroupSnapshot', 'shop/p1-csi', {
      apiVersion: `${GROUPS}/v1`,
      metadata: { uid: 'b', ...marks },
    }),
  );
  const remove = () => removeSnapshots(maker, () => false, source.cluster, late, signal);
  return { source, remove, allowed, clock };
}

test('the content that a controller makes of a snapshot which is removed already goes too, with its data, and no other', async () => {
  const { source, remove, allowed } = world();
  await remove();
  expect([...source.objects.keys()]).toEqual([]);
  source.put(single('a'), ofGroup('b'), single('of-somebody'), ofGroup('of-somebody'));

  await remove();

  expect([...source.objects.values()].map(({ metadata }) => metadata.name)).toEqual([
    'snapcontent-of-somebody',
    'groupsnapcontent-of-somebody',
  ]);
  expect(allowed.toSorted()).toEqual([
    `VolumeGroupSnapshotContent.${GROUPS}/groupsnapcontent-b`,
    `VolumeSnapshotContent.${SNAPSHOTS}/snapcontent-a`,
  ]);
});

test('a content that has not come for an hour is not looked for any more', async () => {
  const { source, remove, clock } = world();
  await remove();
  await clock.advance(minutes(61));
  source.put(single('a'));

  await remove();

  expect(source.objects.size).toBe(1);
});

test('a store that is not mounted costs no snapshot of a point that is on offer or missing; those of no point go', async () => {
  const clock = manualClock();
  const store = directoryStore('/there/is/no/such/directory');
  const ofStore = { ...maker, store: store.location };
  const region = memoryCluster('eu-west', { [SNAPSHOTS]: ['VolumeSnapshot', 'VolumeSnapshotContent'] });
  const of = (point: string, kind: string) =>
    anObject(kind, kind === 'VolumeSnapshot' ? `shop/data-${point}` : `content-${point}`, {
      apiVersion: `${SNAPSHOTS}/v1`,
      metadata: { uid: point, ...marksOf(ofStore, 'point', point) },
    });
  for (const point of ['listed', 'of-a-killed-capture'])
    region.put(of(point, 'VolumeSnapshot'), of(point, 'VolumeSnapshotContent'));
  const deps = { maker: ofStore, store, busy: new Set<string>(), log: silent, trials: createTrials(clock) };
  const sweep = (listed: readonly string[]) =>
    removeSnapshotsOfNone({ ...deps, listed: new Set(listed) }, region.cluster, signal);
  const left = () => [...region.objects.values()].map(({ metadata }) => metadata.name);

  expect(await sweep(['listed'])).toBeUndefined();
  expect(left()).toEqual(['data-listed', 'content-listed']);

  // When it was said to be gone.
  expect(await sweep([])).toBeUndefined();
  expect(left()).toEqual([]);
});

/** As for an account that may not delete objects of some kinds. */
const forbidding = (cluster: Cluster, ...kinds: readonly KindName[]): Cluster => ({
  ...cluster,
  remove: async (type, key, ...others) => {
    if (kinds.some(({ kind }) => kind === type.kind))
      throw new KubeError('Forbidden', `${type.kind} ${key.name} may not be deleted`, {
        cluster: cluster.name,
      });
    return cluster.remove(type, key, ...others);
  },
});

test('kinds that may not be deleted hold up no other, and what is left is said', async () => {
  const clock = manualClock();
  const store = directoryStore('/there/is/no/such/directory');
  const ofStore = { ...maker, store: store.location };
  const region = memoryCluster('eu-west', {
    [SNAPSHOTS]: ['VolumeSnapshot', 'VolumeSnapshotContent'],
    [GROUPS]: ['VolumeGroupSnapshot', 'VolumeGroupSnapshotContent'],
    [VOLSYNC]: ['ReplicationSource', 'ReplicationDestination'],
  });
  const metadata = { ...marksOf(ofStore, 'point', 'p1') };
  region.put(
    anObject('VolumeGroupSnapshot', 'shop/p1-csi', { apiVersion: `${GROUPS}/v1`, metadata }),
    anObject('VolumeSnapshot', 'shop/data-p1', { metadata }),
    anObject('ReplicationSource', 'shop/data', {
      apiVersion: `${VOLSYNC}/v1alpha1`,
      metadata: { ...marksOf(ofStore, 'volsync', 'p1') },
    }),
    anObject('ReplicationDestination', 'shop/data', {
      apiVersion: `${VOLSYNC}/v1alpha1`,
      metadata: { ...marksOf(ofStore, 'volsync', 'p1') },
    }),
    anObject('VolumeSnapshotContent', 'check-p1', {
      apiVersion: `${SNAPSHOTS}/v1`,
      metadata: { ...marksOf(ofStore, 'check', 'p1') },
    }),
  );
  const deps = { maker: ofStore, store, busy: new Set<string>(), listed: new Set<string>(), log: silent };
  const cluster = forbidding(region.cluster, GROUP, REPLICATION_SOURCE);

  const left = await removeSnapshotsOfNone({ ...deps, trials: createTrials(clock) }, cluster, signal);

  expect(left).toBe(
    'VolumeGroupSnapshot p1-csi may not be deleted; ReplicationSource data may not be deleted',
  );
  expect([...region.objects.keys()]).toEqual([
    `VolumeGroupSnapshot.${GROUPS}/shop/p1-csi`,
    `ReplicationSource.${VOLSYNC}/shop/data`,
  ]);
});

test('a region that does not answer is not asked for one kind after the other', async () => {
  const { source, clock } = world();
  const asked: string[] = [];
  const cluster: Cluster = {
    ...source.cluster,
    list: async ({ kind }) => {
      asked.push(kind);
      throw new KubeError('Unreachable', 'no answer', { cluster: 'eu-west' });
    },
  };

  const { failed } = await removeSnapshots(maker, () => false, cluster, lateContents(clock), signal);

  expect(failed.map(({ code }) => code)).toEqual(['Unreachable']);
  expect(asked).toEqual(['VolumeGroupSnapshot']);
});
