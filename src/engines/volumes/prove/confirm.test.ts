import { beforeEach, expect, test } from 'vitest';
import { textAt } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import { drScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { manifestOf } from '../../../domain/execution/testing/manifest.ts';
import type { PointManifest } from '../../../domain/protection/point.ts';
import { minutes } from '../../../domain/time.ts';
import { KubeError } from '../../../kube/errors.ts';
import { type ManualClock, manualClock } from '../../../testing/manual-clock.ts';
import { type MemoryCluster, memoryCluster } from '../../../testing/memory-cluster.ts';
import { anObject } from '../../../testing/objects.ts';
import { partialCluster } from '../../../testing/region.ts';
import { CHECK_NAMESPACE } from '../clean/checks.ts';
import { CLAIM, CONTENT, marksOf, SNAPSHOT, SNAPSHOT_API } from '../kinds.ts';
import { SERVED } from '../testing/served.ts';
import { type Confirmation, confirmData } from './confirm.ts';
import { createSamples, type Samples } from './samples.ts';

const signal = new AbortController().signal;
const KEY = 'PersistentVolumeClaim/shop/db';
const spec = drScenarioSpec.parse({
  source: { region: 'eu-west' },
  recovery: { region: 'eu-north' },
  objectives: { rpo: '5m', rto: '10m' },
  resources: { namespaces: ['shop'] },
});
const claim = anObject('PersistentVolumeClaim', 'shop/db', { spec: { storageClassName: 'fast' } });
const manifest: PointManifest = {
  ...manifestOf(),
  volumes: [
    {
      claim: KEY,
      strategy: 'SnapshotHandle',
      reason: 'read by their handle',
      snapshot: { driver: 'csi.example.com', handle: 'snap-1', name: 'shop/db-1' },
    },
  ],
};
const owner = { namespace: 'dr', name: 'shop', uid: 'u1' };
const ignore = () => undefined;

const maker = { owner, store: 'file:///points' };
const image = anObject('VolumeSnapshot', 'shop/image', { status: { readyToUse: true } });
const kept = anObject('VolumeSnapshotContent', 'image-content', {
  apiVersion: SNAPSHOT_API,
  metadata: { ...marksOf(maker, 'point', manifest.name) },
  status: { snapshotHandle: 'snap-7', readyToUse: true },
});

/** What becomes of a volume that is made of a snapshot in the recovery region. */
let volumes: 'made' | 'never made' | 'refused';
let recovery: MemoryCluster;
let clock: ManualClock;
let samples: Samples;
let told: unknown[];

function settle(key: string): void {
  const object = recovery.objects.get(key);
  if (object === undefined || object['status'] !== undefined) return;
  const isLost = textAt(object, 'spec', 'source', 'snapshotHandle') === 'snap-lost';
  if (object.kind === CONTENT.kind)
    recovery.say(key, isLost ? { error: { message: 'no such snapshot' } } : { readyToUse: true });
  if (object.kind === SNAPSHOT.kind) {
    const { name } = object.metadata;
    recovery.say(key, { readyToUse: true, boundVolumeSnapshotContentName: name });
  }
  if (object.kind !== CLAIM.kind) return;
  if (volumes === 'refused') recovery.put(aWarning(object));
  recovery.say(key, { phase: volumes === 'made' ? 'Bound' : 'Pending' });
}

const aWarning = ({ metadata: { uid } }: KubeObject): KubeObject =>
  anObject('Event', `${CHECK_NAMESPACE}/why`, {
    reason: 'ProvisioningFailed',
    involvedObject: { uid },
    message: 'the key of the snapshot is not known here',
  });

beforeEach(() => {
  volumes = 'made';
  told = [];
  clock = manualClock();
  samples = createSamples(clock);
  recovery = memoryCluster('eu-north', SERVED, settle);
  recovery.put(anObject('Namespace', CHECK_NAMESPACE), anObject('StorageClass', 'fast'));
});

/** Confirms a point, letting the time pass that it waits for. */
async function confirmed(point = manifest): Promise<Confirmation> {
  const log = {
    debug: ignore,
    info: (...line: unknown[]) => void told.push(line),
    warn: ignore,
    error: ignore,
  };
  const deps = { clock, maker, samples, log, claim: (key: string) => (key === KEY ? claim : undefined) };
  const running = confirmData(point, spec, recovery.cluster, deps, signal);
  const over = running.then(() => true);
  const aMinute = (): Promise<false> => clock.advance(minutes(1)).then(() => false);
  while (!(await Promise.race([over, aMinute()])));
  return running;
}

const nothingIsLeft = (): void => {
  for (const kind of [CLAIM, SNAPSHOT, CONTENT]) expect(recovery.all(kind)).toEqual([]);
};

test('a point counts when a volume was made of one of its snapshots, and nothing of it is left', async () => {
  expect(await confirmed()).toEqual({ problems: [], warnings: [] });
  expect(told).toMatchObject([
    [{ claim: KEY, cluster: 'eu-north' }, expect.stringContaining('was restored')],
  ]);
  expect(recovery.calls.filter((call) => call === 'create PersistentVolumeClaim')).toHaveLength(1);
  nothingIsLeft();
});

test('snapshots of claims whose namespaces and names join to the same text are each looked at', async () => {
  const snapshot = { driver: 'csi.example.com', handle: 'snap-lost', name: '' };
  const volume = { strategy: 'SnapshotHandle', reason: '' } as const;
  const both = [
    {
      ...volume,
      claim: 'PersistentVolumeClaim/shop/cache-data',
      snapshot: { ...snapshot, handle: 'snap-1' },
    },
    { ...volume, claim: 'PersistentVolumeClaim/shop-cache/data', snapshot },
  ];
  const problem =
    'PersistentVolumeClaim/shop-cache/data: eu-north does not read its snapshot: no such snapshot';
  expect(await confirmed({ ...manifest, volumes: both })).toEqual({ problems: [problem], warnings: [] });
});

test.each([
  ['its VolumeSnapshot is there', [image], true],
  ['only its content is, because the namespace was deleted', [kept], true],
  ['neither is', [], false],
  [
    'only the content of another point is',
    [{ ...kept, metadata: { ...kept.metadata, ...marksOf(maker, 'point', 'other') } }],
    false,
  ],
])('a copy of VolSync counts as there when %s: %#', async (_when, there, counts) => {
  recovery.put(...there);
  const snapshot = { driver: 'csi.example.com', handle: 'snap-7', name: 'shop/image' };
  const volume = { claim: KEY, strategy: 'VolSync', reason: '', image: 'shop/image', snapshot } as const;
  const gone = `${KEY}: eu-north has neither VolumeSnapshot shop/image any more nor the content that stood for it`;
  expect(await confirmed({ ...manifest, volumes: [volume] })).toEqual({
    problems: counts ? [] : [gone],
    warnings: [],
  });
});

test('no point counts after a volume could not be made, until one is', async () => {
  volumes = 'refused';
  const problem = expect.stringMatching(
    /^PersistentVolumeClaim\/shop\/db: .*failed: the key of the snapshot/,
  );
  expect(await confirmed()).toEqual({ problems: [problem], warnings: [] });
  expect(await confirmed()).toEqual({ problems: [problem], warnings: [] });
  nothingIsLeft();
  volumes = 'made';
  expect(await confirmed()).toEqual({ problems: [], warnings: [] });
  volumes = 'refused';
  expect(await confirmed()).toEqual({ problems: [], warnings: [] });
});

test('a region without the place to try it in is warned of with every point, until it could be tried', async () => {
  recovery = memoryCluster('eu-north', SERVED, settle);
  const warning = expect.stringContaining(`eu-north has no namespace ${CHECK_NAMESPACE}`);
  expect(await confirmed()).toEqual({ problems: [], warnings: [warning] });
  expect(await confirmed()).toEqual({ problems: [], warnings: [warning] });
  recovery.put(anObject('Namespace', CHECK_NAMESPACE), anObject('StorageClass', 'fast'));
  await clock.advance(minutes(10));
  expect(await confirmed()).toEqual({ problems: [], warnings: [] });
});

test('storage that takes longer than it may is warned of, and not waited for by every capture', async () => {
  volumes = 'never made';
  const warning = expect.stringContaining('was not ready after 5m');
  expect(await confirmed()).toEqual({ problems: [], warnings: [warning] });
  nothingIsLeft();
  const since = clock.tick();
  expect(await confirmed()).toEqual({ problems: [], warnings: [warning] });
  expect(clock.tick() - since).toBeLessThanOrEqual(minutes(1));
});

test('a recovery region that does not answer is said to be out of reach, and the point is not confirmed', async () => {
  const away = new KubeError('Unreachable', 'eu-north: no answer', { cluster: 'eu-north' });
  recovery = {
    ...recovery,
    cluster: partialCluster('eu-north', { discover: () => Promise.reject(away) }),
  };
  const problem = expect.stringContaining(
    'eu-north cannot be reached (eu-north: no answer), so it is not confirmed',
  );
  expect(await confirmed()).toEqual({ problems: [problem], warnings: [] });
});
