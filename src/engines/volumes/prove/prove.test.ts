import { beforeEach, expect, test } from 'vitest';
import { manifestOf } from '../../../domain/execution/testing/manifest.ts';
import type { PointManifest } from '../../../domain/protection/point.ts';
import { millis } from '../../../domain/time.ts';
import { DATA_ANNOTATION, type Evidence } from '../../../domain/volumes/evidence.ts';
import { type ManualClock, manualClock } from '../../../testing/manual-clock.ts';
import { type MemoryCluster, memoryCluster } from '../../../testing/memory-cluster.ts';
import { anObject } from '../../../testing/objects.ts';
import { claimData } from '../fill/claim-data.ts';
import { CLAIM, CONTENT, SNAPSHOT } from '../kinds.ts';
import { SERVED } from '../testing/served.ts';
import { proveClaims } from './prove.ts';
import { type SharedLists, sharedLists } from './shared-lists.ts';

const signal = new AbortController().signal;
const NAMES = Array.from({ length: 100 }, (_, index) => `db-${index}`);
const keyOf = (name: string) => `PersistentVolumeClaim/shop/${name}`;
const manifest: PointManifest = {
  ...manifestOf(),
  volumes: NAMES.map((name) => ({
    claim: keyOf(name),
    strategy: 'SnapshotHandle',
    reason: 'read by their handle',
    snapshot: { driver: 'csi.example.com', handle: `snap-${name}`, name: `shop/${name}` },
  })),
};
const maker = { owner: manifest.scenario, store: 'file:///points' };

let region: MemoryCluster;
let clock: ManualClock;
let lists: SharedLists;
beforeEach(() => {
  clock = manualClock();
  region = memoryCluster('eu-north', SERVED, settle);
  lists = sharedLists(region.cluster, clock);
});

/** The snapshot controller; a volume takes its time. */
function settle(key: string): void {
  const object = region.objects.get(key);
  if (object === undefined || object['status'] !== undefined) return;
  if (object.kind === CLAIM.kind) region.say(key, { phase: 'Pending' });
  if (object.kind !== SNAPSHOT.kind) return;
  const [content] = region
    .all(CONTENT)
    .filter(({ metadata }) => metadata.name.includes(object.metadata.name));
  region.say(key, { readyToUse: true, boundVolumeSnapshotContentName: content?.metadata.name });
}

/** Restores the claims, each for a unit of its own. */
async function restoreAll(): Promise<void> {
  const data = claimData(manifest, maker, region.cluster);
  const restoreOne = async (name: string): Promise<void> => {
    await data.provide(keyOf(name), signal);
    await region.cluster.create(
      data.filled(keyOf(name), anObject('PersistentVolumeClaim', `shop/${name}`)),
      signal,
    );
  };
  await Promise.all(NAMES.map(restoreOne));
}

/** What each of the units is told in one look of an execution. */
async function look(): Promise<readonly (Evidence['kind'] | undefined)[]> {
  await clock.advance(millis(500));
  const proof = { target: region.cluster, lists };
  const told = await Promise.all(NAMES.map((name) => proveClaims(manifest, [keyOf(name)], proof, signal)));
  return told.map((evidence, index) => evidence.get(keyOf(NAMES[index] ?? ''))?.kind);
}

const all = (kind: Evidence['kind']) => NAMES.map(() => kind);

const bind = (name: string): void => {
  const claim = region.all(CLAIM).find(({ metadata }) => metadata.name === name);
  if (claim !== undefined) region.put({ ...claim, status: { phase: 'Bound' } });
};

test('claims of a hundred units are restored with each kind listed once', async () => {
  await restoreAll();
  const listed = region.calls.filter((call) => call.startsWith('list'));
  expect(listed.toSorted()).toEqual([
    'list VolumeSnapshot',
    'list VolumeSnapshotClass',
    'list VolumeSnapshotContent',
  ]);
});

test('claims of a hundred units that wait for their volumes are seen by a few lists, in every look anew', async () => {
  await restoreAll();
  for (const _ of [1, 2]) {
    region.calls.length = 0;
    expect(await look()).toEqual(all('pending'));
    expect(region.calls.length).toBeLessThanOrEqual(5);
  }
});

test('a claim that is bound is looked at by itself, noted, and parted from what it was filled from', async () => {
  await restoreAll();
  await look();
  bind('db-7');
  expect(await look()).toEqual(all('pending').toSpliced(7, 1, 'proven'));
  const claim = region.all(CLAIM).find(({ metadata }) => metadata.name === 'db-7');
  expect(claim?.metadata.annotations?.[DATA_ANNOTATION]).toBe('csi.example.com/snap-db-7');
  expect(region.all(SNAPSHOT)).toHaveLength(99);
});

test('what was listed before a claim was there does not speak against it', async () => {
  const proof = { target: region.cluster, lists };
  await lists.list(SNAPSHOT, { namespace: 'shop' }, signal);
  await restoreAll();
  const evidence = await proveClaims(manifest, [keyOf('db-1')], proof, signal);
  expect(evidence.get(keyOf('db-1'))?.kind).toBe('pending');
});
