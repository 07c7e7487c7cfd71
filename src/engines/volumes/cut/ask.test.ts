import { expect, test } from 'vitest';
import type { KubeObject } from '../../../api/object.ts';
import { type Millis, minutes, tick } from '../../../domain/time.ts';
import { type MemoryCluster, memoryCluster } from '../../../testing/memory-cluster.ts';
import { anObject } from '../../../testing/objects.ts';
import { silent } from '../../../testing/silent-log.ts';
import { marksOf } from '../kinds.ts';
import { askForAll } from './ask.ts';
import { createTrials } from './trials.ts';

const SNAPSHOTS = 'snapshot.storage.k8s.io';
const GROUPS = 'groupsnapshot.storage.k8s.io';
const DRIVER = 'csi.example.com';
const PATIENCE = minutes(5);
const signal = new AbortController().signal;
const maker = { owner: { namespace: 'dr', name: 'shop', uid: 'u1' }, store: 'a store' };
const claims = ['log', 'table'].map((name) =>
  anObject('PersistentVolumeClaim', `shop/${name}`, { metadata: { labels: { app: 'db' } } }),
);
const groupClass = anObject('VolumeGroupSnapshotClass', 'fast', {
  apiVersion: `${GROUPS}/v1`,
  driver: DRIVER,
});

/** @param acts what the controllers and the sidecar of the source do with what is made */
function world(acts: (object: KubeObject, cluster: MemoryCluster) => void) {
  const kinds = ['VolumeGroupSnapshot', 'VolumeGroupSnapshotClass', 'VolumeGroupSnapshotContent'];
  const served = {
    '': ['PersistentVolumeClaim'],
    [SNAPSHOTS]: ['VolumeSnapshot', 'VolumeSnapshotContent'],
    [GROUPS]: kinds,
  };
  const source = memoryCluster('eu-west', served, (key, cluster) => {
    const object = cluster.objects.get(key);
    if (object !== undefined) acts(object, cluster);
  });
  source.put(...claims, groupClass);
  let now = 0;
  const clock = {
    tick: () => tick(now),
    sleep: async (delay: Millis) => {
      now += delay;
    },
  };
  const trials = createTrials(clock);
  const wanted = claims.map((claim) => ({ claim, snapshotClass: 'fast', driver: DRIVER }));
  const regions = { source: source.cluster, recovery: memoryCluster('eu-north', served).cluster };
  const ask = (point: string) => {
    const since = clock.tick();
    const asking = { wanted, point, maker, regions, trials, since, patience: PATIENCE, clock, log: silent };
    return askForAll(asking, signal);
  };
  const there = (kind: string) =>
    [...source.objects.values()]
      .filter((object) => object.kind === kind)
      .map(({ metadata }) => metadata.name);
  return { ask, there, clock, source };
}

test('a group that the storage cuts is one cut', async () => {
  const { ask, there, clock } = world(({ kind, metadata }, cluster) => {
    if (kind !== 'VolumeGroupSnapshot') return;
    for (const { metadata: claim } of claims)
      cluster.put(
        anObject('VolumeSnapshot', `shop/member-${claim.name}`, {
          spec: { source: { persistentVolumeClaimName: claim.name } },
          status: { volumeGroupSnapshotName: metadata.name, creationTime: '2026-11-23T12:00:00Z' },
        }),
      );
  });

  const { asked, refused } = await ask('p1');

  expect(asked).toMatchObject({ groups: [{ name: `p1-${DRIVER}` }], singles: [] });
  expect(refused.size).toBe(0);
  expect(there('VolumeSnapshot')).toEqual(['member-log', 'member-table']);
  expect(clock.tick()).toBe(0);
});

test('no group is asked for while an earlier one was removed uncut and does not go, whoever remembers it', async () => {
  const { ask, there, clock, source } = world(() => {});
  const { labels, annotations } = marksOf(maker, 'point', 'p0');
  const stuck = { labels, annotations, deletionTimestamp: '2026-11-23T12:00:00Z' };
  const spec = { volumeGroupSnapshotClassName: 'fast' };
  source.put(
    anObject('VolumeGroupSnapshot', 'shop/p0', { apiVersion: `${GROUPS}/v1`, metadata: stuck, spec }),
  );

  const { asked } = await ask('p1');

  expect(asked.groups).toEqual([]);
  expect(asked.singles.map(({ claim }) => claim.metadata.name)).toEqual(['log', 'table']);
  expect(clock.tick()).toBe(0);
  expect(there('VolumeGroupSnapshot')).toEqual(['p0']);
});

test.each([
  ['nobody takes it up', () => {}],
  [
    'its driver cannot cut it',
    ({ kind, metadata }: KubeObject, cluster: MemoryCluster) => {
      if (kind === 'VolumeGroupSnapshot')
        cluster.say(`VolumeGroupSnapshot.${GROUPS}/shop/${metadata.name}`, {
          error: { message: 'unimplemented' },
        });
    },
  ],
] satisfies readonly (readonly [string, (object: KubeObject, cluster: MemoryCluster) => void])[])(
  'a group is cut one by one in the same capture when %s, and is not asked for again for an hour',
  async (_, acts) => {
    const { ask, there, clock } = world(acts);

    const first = await ask('p1');
    const waited = clock.tick();
    const second = await ask('p2');

    expect(first.asked.groups).toEqual([]);
    expect(first.asked.singles.map(({ claim }) => claim.metadata.name)).toEqual(['log', 'table']);
    expect(waited).toBeLessThan(PATIENCE / 2);
    expect(second.asked.groups).toEqual([]);
    expect(clock.tick()).toBe(waited);
    expect(there('VolumeSnapshot')).toEqual(['log-p1', 'table-p1', 'log-p2', 'table-p2']);
    expect(there('VolumeGroupSnapshot')).toEqual([]);

    await clock.sleep(minutes(60));
    await ask('p3');
    expect(clock.tick()).toBeGreaterThan(waited + minutes(60));
  },
);
