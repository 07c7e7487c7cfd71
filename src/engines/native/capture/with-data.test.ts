import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { KubeObject } from '../../../api/object.ts';
import { drScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import type { VolumeStrategy } from '../../../api/v1alpha1/dr-scenario-volumes.ts';
import type { Store } from '../../../store/store.ts';
import { directoryStore } from '../../../store/testing/directory-store.ts';
import { manualClock } from '../../../testing/manual-clock.ts';
import { type MemoryCluster, memoryCluster } from '../../../testing/memory-cluster.ts';
import { anObject } from '../../../testing/objects.ts';
import { partialCluster } from '../../../testing/region.ts';
import { silent } from '../../../testing/silent-log.ts';
import type { CaptureResult, PublishedPoint, Regions } from '../../engine.ts';
import { createTrials } from '../../volumes/cut/trials.ts';
import { SNAPSHOT, SNAPSHOT_API } from '../../volumes/kinds.ts';
import { SERVED } from '../../volumes/testing/served.ts';
import { type Draft, publish } from '../points/publish.ts';
import { nothingKnown } from '../points/survey.ts';
import { captureWithData, type SeenWithData } from './with-data.ts';

const clock = manualClock();
const signal = new AbortController().signal;
const shop = { namespace: 'dr', name: 'shop', uid: 'u1' };
const CLAIM = 'PersistentVolumeClaim/shop/db';
const claim = anObject('PersistentVolumeClaim', 'shop/db', {
  spec: { volumeName: 'pv-1' },
  status: { phase: 'Bound' },
});
/** Neither has snapshots, VolSync, nor the volume any more. */
const bare = (name: string) => partialCluster(name, { discover: async () => [] });

let root: string;
let store: Store;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'antipode-with-data-'));
  store = directoryStore(root);
});
afterEach(() => rm(root, { recursive: true, force: true }));

test('data that the newest point has is not left out when there is no way to copy it any more', async () => {
  const last = await publishedWith('SnapshotHandle');

  for (const known of [{ point: last }, undefined]) {
    const { result, concluded } = await captureAfter(known);

    expect(result).toEqual({
      kind: 'incomplete',
      messages: [expect.stringContaining(`${CLAIM}: the newest recovery point has its data`)],
    });
    expect(concluded).toEqual([]);
  }
});

test('data that the newest point does not have, or has of other regions, is left out with the reason', async () => {
  const without = await publishedWith('Exclude');
  const elsewhere = await publishedWith('SnapshotHandle', 'eu-south');

  for (const point of [without, elsewhere]) {
    const { concluded } = await captureAfter({ point });

    expect(concluded).toMatchObject([{ data: { withoutData: [CLAIM] } }]);
  }
});

test('what VolSync copies is not left out because the recovery region cannot be reached', async () => {
  const served = { group: 'volsync.backube', version: 'v1alpha1', verbs: [], namespaced: true };
  const type = { ...served, kind: 'ReplicationSource', resource: 'replicationsources' };
  const source = partialCluster('eu-west', { discover: async () => [type] });

  const { result, concluded } = await captureAfter(undefined, { source, recovery: undefined });

  expect(result).toEqual({
    kind: 'incomplete',
    messages: [`${CLAIM}: eu-north cannot be reached, and VolSync copies it there`],
  });
  expect(concluded).toEqual([]);
});

const LOG = 'PersistentVolumeClaim/shop/log';
const DRIVER = 'csi.example.com';
const pending = anObject('PersistentVolumeClaim', 'shop/log', { status: { phase: 'Pending' } });

test('a claim that gets its volume while the others are cut is copied too, by another cut', async () => {
  const bound = { ...pending, spec: { volumeName: 'pv-2' }, status: { phase: 'Bound' } };

  const { concluded } = await captureAfter(undefined, cutting(bound), [claim, pending]);

  expect(concluded).toMatchObject([
    {
      data: {
        volumes: [
          { claim: CLAIM, strategy: 'SnapshotHandle' },
          { claim: LOG, strategy: 'SnapshotHandle' },
        ],
        withoutData: [],
      },
    },
  ]);
});

test('a claim that names its volume and is not bound to it yet has no data, and is not waited for', async () => {
  const named = { ...pending, spec: { volumeName: 'pv-2' } };

  const { concluded } = await captureAfter(undefined, cutting(named), [claim, named]);

  const volumes = [
    { claim: CLAIM, strategy: 'SnapshotHandle' },
    { claim: LOG, strategy: 'Exclude', reason: 'the claim has no volume yet, so no data' },
  ];
  expect(concluded).toMatchObject([{ data: { volumes, withoutData: [] } }]);
});

/** Regions that cut snapshots and read them, with the claim `log` as it is by then. */
function cutting(log: KubeObject): Regions {
  const source = memoryCluster('eu-west', SERVED, cutSnapshot);
  const csi = { spec: { csi: { driver: DRIVER } } };
  source.put(
    anObject('Namespace', 'shop'),
    anObject('PersistentVolume', 'pv-1', csi),
    anObject('PersistentVolume', 'pv-2', csi),
    anObject('VolumeSnapshotClass', 'snapshots', { apiVersion: SNAPSHOT_API, driver: DRIVER }),
    claim,
    log,
  );
  const recovery = memoryCluster('eu-north', SERVED, (key, cluster) => {
    const object = cluster.objects.get(key);
    if (object !== undefined && object['status'] === undefined) cluster.say(key, { readyToUse: true });
  });
  recovery.put(anObject('CSIDriver', DRIVER, { apiVersion: 'storage.k8s.io/v1' }));
  return { source: source.cluster, recovery: recovery.cluster };
}

/** As the snapshot controller and the driver do. */
function cutSnapshot(key: string, cluster: MemoryCluster): void {
  const object = cluster.objects.get(key);
  if (object?.kind !== SNAPSHOT.kind || object['status'] !== undefined) return;
  const content = `content-of-${object.metadata.name}`;
  const status = { snapshotHandle: content, creationTime: 1_800_000_000_000_000_000 };
  cluster.put(anObject('VolumeSnapshotContent', content, { apiVersion: SNAPSHOT_API, status }));
  cluster.say(key, {
    readyToUse: true,
    creationTime: '2027-01-15T08:00:00Z',
    boundVolumeSnapshotContentName: content,
  });
}

async function captureAfter(
  last: { readonly point: PublishedPoint } | undefined,
  regions: Regions = { source: bare('eu-west'), recovery: bare('eu-north') },
  claims: readonly KubeObject[] = [claim],
) {
  const concluded: SeenWithData[] = [];
  const maker = { owner: shop, store: store.location };
  const capture = {
    scenario: shop,
    spec: drScenarioSpec.parse({
      source: { region: 'eu-west' },
      recovery: { region: 'eu-north' },
      objectives: { rpo: '5m', rto: '10m' },
      resources: { namespaces: ['shop'] },
    }),
    regions,
    store,
    manifests: nothingKnown(),
    busy: new Set<string>(),
    view: { log: silent, clock, mirrors: undefined },
    volumes: { clock, log: silent, trials: createTrials(clock), maker },
    last,
    conclude: async (seen: SeenWithData): Promise<CaptureResult> => {
      concluded.push(seen);
      return { kind: 'incomplete', messages: [] };
    },
  };
  return { result: await captureWithData(capture, claims, signal), concluded };
}

let points = 0;
function publishedWith(strategy: Exclude<VolumeStrategy, 'Auto'>, recoveryRegion = 'eu-north') {
  points += 1;
  const draft: Draft = {
    formatVersion: 1,
    name: `dr-shop-${points}`,
    scenario: shop,
    sourceRegion: 'eu-west',
    recoveryRegion,
    capturedAt: `2026-11-23T12:0${points}:00.000Z`,
    finishedAt: `2026-11-23T12:0${points}:00.000Z`,
    resourceVersions: {},
    objects: [],
    leftOut: [],
    units: [],
    edges: [],
    longestPath: [],
    volumes: [{ claim: CLAIM, strategy, reason: '' }],
    volumesWithoutData: [],
  };
  return publish({ draft, objects: [], namespaces: ['shop'] }, store, silent, signal);
}
