import { beforeEach, expect, test } from 'vitest';
import { textAt } from '../../../api/fields.ts';
import { manifestOf } from '../../../domain/execution/testing/manifest.ts';
import type { PointManifest, PointVolume } from '../../../domain/protection/point.ts';
import type { Evidence } from '../../../domain/volumes/evidence.ts';
import { manualClock } from '../../../testing/manual-clock.ts';
import { type MemoryCluster, memoryCluster } from '../../../testing/memory-cluster.ts';
import { anObject } from '../../../testing/objects.ts';
import { CLAIM, CONTENT, formerContentName, marksOf, SNAPSHOT, SNAPSHOT_API } from '../kinds.ts';
import { proveClaims } from '../prove/prove.ts';
import { sharedLists } from '../prove/shared-lists.ts';
import { SERVED } from '../testing/served.ts';
import { claimData } from './claim-data.ts';

const signal = new AbortController().signal;
const volume = (namespace: string, name: string): PointVolume => ({
  claim: `PersistentVolumeClaim/${namespace}/${name}`,
  strategy: 'SnapshotHandle',
  reason: 'read by their handle',
  snapshot: {
    driver: 'csi.example.com',
    handle: `snap-of-${namespace}-of-${name}`,
    name: `${namespace}/${name}`,
  },
});
/** Their namespaces and names join to the same text. */
const CACHE = volume('shop', 'cache-data');
const DATA = volume('shop-cache', 'data');
const manifest: PointManifest = { ...manifestOf(), volumes: [CACHE, DATA] };
const maker = { owner: manifest.scenario, store: 'file:///points' };

let region: MemoryCluster;
beforeEach(() => {
  region = memoryCluster('eu-north', SERVED, settle);
});

/** A VolumeSnapshot is bound only to a content that names it in turn, and a claim is filled from one that is. */
function settle(key: string): void {
  const object = region.objects.get(key);
  if (object === undefined || object['status'] !== undefined) return;
  if (object.kind === CLAIM.kind) region.say(key, { phase: 'Bound' });
  if (object.kind !== SNAPSHOT.kind) return;
  const name = textAt(object, 'spec', 'source', 'volumeSnapshotContentName');
  const content = region.all(CONTENT).find(({ metadata }) => metadata.name === name);
  const ref = ['namespace', 'name'].map((field) => textAt(content, 'spec', 'volumeSnapshotRef', field));
  const isIts = ref[0] === object.metadata.namespace && ref[1] === object.metadata.name;
  region.say(
    key,
    isIts
      ? { readyToUse: true, boundVolumeSnapshotContentName: name }
      : { error: { message: `${name} is of another snapshot` } },
  );
}

/** As one attempt of a restore does. @returns what stands in the way */
async function restore({ claim }: PointVolume) {
  const data = claimData(manifest, maker, region.cluster);
  const [, namespace, name] = claim.split('/');
  const occupied = await data.provide(claim, signal);
  if (occupied === undefined)
    await region.cluster.create(
      data.filled(claim, anObject('PersistentVolumeClaim', `${namespace}/${name}`)),
      signal,
    );
  return occupied;
}

async function prove(...volumes: readonly PointVolume[]): Promise<readonly (Evidence['kind'] | undefined)[]> {
  const keys = volumes.map(({ claim }) => claim);
  const lists = sharedLists(region.cluster, manualClock());
  const evidence = await proveClaims(manifest, keys, { target: region.cluster, lists }, signal);
  return keys.map((key) => evidence.get(key)?.kind);
}

test('claims whose namespaces and names join to the same text are each restored from their own snapshot', async () => {
  await restore(CACHE);
  await restore(DATA);

  const handles = region.all(CONTENT).map((object) => textAt(object, 'spec', 'source', 'snapshotHandle'));
  expect(handles).toEqual(['snap-of-shop-of-cache-data', 'snap-of-shop-cache-of-data']);
  expect(await prove(CACHE, DATA)).toEqual(['proven', 'proven']);
  expect([...region.all(CONTENT), ...region.all(SNAPSHOT)]).toEqual([]);
});

test('a restore that an earlier version has begun goes on with the content that it made, and leaves nothing of it', async () => {
  const former = begunBefore(CACHE);

  expect(await restore(CACHE)).toBeUndefined();

  expect(region.all(CONTENT).map(({ metadata }) => metadata.name)).toEqual([former]);
  expect(await prove(CACHE)).toEqual(['proven']);
  expect([...region.all(CONTENT), ...region.all(SNAPSHOT)]).toEqual([]);
});

test('what an earlier version has begun with the content of another claim is named, so that somebody can end it', async () => {
  begunBefore(DATA);
  begunBefore(CACHE);

  expect((await restore(DATA))?.cause).toContain('VolumeSnapshot.snapshot.storage.k8s.io/shop-cache/data-');
});

/** The objects that an earlier version makes before the claim. @returns the name of the content */
function begunBefore({ claim, snapshot }: PointVolume): string {
  const [, namespace = '', name = ''] = claim.split('/');
  const content = formerContentName(manifest.name, { namespace, name });
  const ref = { namespace, name: `${name}-${manifest.name}` };
  const parts = { apiVersion: SNAPSHOT_API, metadata: { ...marksOf(maker, 'restore', manifest.name) } };
  const source = { snapshotHandle: snapshot?.handle };
  region.put(
    anObject('VolumeSnapshotContent', content, { ...parts, spec: { source, volumeSnapshotRef: ref } }),
    anObject('VolumeSnapshot', `${namespace}/${ref.name}`, {
      ...parts,
      spec: { source: { volumeSnapshotContentName: content } },
      status: { readyToUse: true, boundVolumeSnapshotContentName: content },
    }),
  );
  return content;
}

test.each([
  ['its content', CONTENT, { source: { snapshotHandle: 'another' } }],
  ['its snapshot', SNAPSHOT, { source: { volumeSnapshotContentName: 'another' } }],
])(
  'what is there under the name of %s and stands for something else is named, and not taken',
  async (_what, { kind }, spec) => {
    const data = claimData(manifest, maker, region.cluster);
    await data.provide(CACHE.claim, signal);
    const made = region.all({ group: 'snapshot.storage.k8s.io', kind }).at(0);
    region.put({ ...anObject(kind, 'x', made), spec });

    const occupied = await restore(CACHE);

    expect(occupied?.cause).toContain(`${kind}.snapshot.storage.k8s.io/`);
    expect(occupied?.remedy).toContain('delete it');
    expect(region.all(CLAIM)).toEqual([]);
  },
);
