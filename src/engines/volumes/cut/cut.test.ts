import { beforeEach, expect, test } from 'vitest';
import type { KubeObject } from '../../../api/object.ts';
import { type DRScenarioSpec, drScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { KubeError } from '../../../kube/errors.ts';
import { manualClock } from '../../../testing/manual-clock.ts';
import { type MemoryCluster, memoryCluster } from '../../../testing/memory-cluster.ts';
import { anObject } from '../../../testing/objects.ts';
import { partialCluster } from '../../../testing/region.ts';
import { silent } from '../../../testing/silent-log.ts';
import { pairOf } from '../choose/choose.ts';
import { SNAPSHOT, SNAPSHOT_API } from '../kinds.ts';
import { SERVED } from '../testing/served.ts';
import { REPLICATION_SOURCE } from '../volsync/kinds.ts';
import { carryOut } from './cut.ts';
import { planCut } from './plan-cut.ts';
import { createTrials } from './trials.ts';

const signal = new AbortController().signal;
const KEY = 'PersistentVolumeClaim/shop/db';
const DRIVER = 'csi.example.com';
const claim = anObject('PersistentVolumeClaim', 'shop/db', {
  spec: { volumeName: 'pv-db', storageClassName: 'fast' },
  status: { phase: 'Bound' },
});
const gone = async (): Promise<never> => {
  throw new KubeError('Unreachable', 'eu-north: no answer', { cluster: 'eu-north' });
};
/** A region that is down. */
const recovery = partialCluster('eu-north', { discover: gone, get: gone, list: gone, create: gone });

let source: MemoryCluster;
beforeEach(() => {
  source = memoryCluster(
    'eu-west',
    { ...SERVED, [REPLICATION_SOURCE.group]: [REPLICATION_SOURCE.kind] },
    settle,
  );
  source.put(anObject('PersistentVolume', 'pv-db', { spec: { csi: { driver: DRIVER } } }));
  source.put(
    anObject('VolumeSnapshotClass', 'snapshots', {
      apiVersion: SNAPSHOT_API,
      driver: DRIVER,
      deletionPolicy: 'Delete',
    }),
  );
});

/** The snapshot controller and the driver. */
function settle(key: string): void {
  const object = source.objects.get(key);
  if (object?.kind !== SNAPSHOT.kind || object['status'] !== undefined) return;
  const content = `content-of-${object.metadata.name}`;
  source.put(
    anObject('VolumeSnapshotContent', content, {
      apiVersion: SNAPSHOT_API,
      status: { snapshotHandle: 'snap-1', creationTime: 1_800_000_000_000_000_000 },
    }),
  );
  source.say(key, {
    readyToUse: true,
    creationTime: '2027-01-15T08:00:00Z',
    boundVolumeSnapshotContentName: content,
  });
}

const specWith = (strategy: string): DRScenarioSpec =>
  drScenarioSpec.parse({
    source: { region: 'eu-west' },
    recovery: { region: 'eu-north' },
    objectives: { rpo: '5m', rto: '10m' },
    resources: { namespaces: ['shop'] },
    replication: { volumes: { strategy } },
  });

/** Cuts the data of claims while the recovery region is down. @param known that it has read snapshots of the driver before */
async function cutOf(claims: readonly KubeObject[], strategy: string, known: boolean) {
  const spec = specWith(strategy);
  const regions = { source: source.cluster, recovery };
  const clock = manualClock();
  const trials = createTrials(clock);
  if (known) trials.learn(pairOf(spec, regions), DRIVER, { kind: 'yes' });
  const maker = { owner: { namespace: 'dr', name: 'shop', uid: 'u1' }, store: 'file:///points' };
  const copiedBefore = new Set<string>();
  const request = { point: 'dr-shop-1', claims, spec, regions, copiedBefore };
  const planned = await planCut(request, { clock, log: silent, trials, maker }, signal);
  return planned.kind === 'planned' ? carryOut(planned, signal) : planned;
}

async function cutFor(strategy: string, known: boolean) {
  const result = await cutOf([claim], strategy, known);
  return result.kind === 'cut' ? result.cut.settle(signal) : result;
}

test('a recovery region that is down does not stop a point of which it is to have no data', async () => {
  const volume = { claim: KEY, strategy: 'Exclude', reason: 'spec.replication.volumes excludes it' };
  expect(await cutFor('Exclude', false)).toEqual({
    kind: 'settled',
    data: { volumes: [volume], withoutData: [KEY] },
  });
});

test('while the recovery region is down the data is cut by snapshots that it has once read', async () => {
  expect(await cutFor('Auto', true)).toMatchObject({
    kind: 'settled',
    data: { volumes: [{ claim: KEY, strategy: 'SnapshotHandle' }], withoutData: [] },
  });
});

test('no point is made without data because the recovery region is down, and nothing is left of it', async () => {
  const messages = [expect.stringContaining('eu-north cannot be reached')];
  expect(await cutFor('VolSync', false)).toEqual({ kind: 'incomplete', messages });
  expect(await cutFor('Auto', false)).toEqual({ kind: 'incomplete', messages });
  expect(source.all(SNAPSHOT)).toEqual([]);
});

test('a claim that had no volume when the cut was planned is not among those that were looked at', async () => {
  const pending = anObject('PersistentVolumeClaim', 'shop/log', { status: { phase: 'Pending' } });
  const result = await cutOf([claim, pending], 'Auto', true);
  expect(result).toMatchObject({ kind: 'cut', cut: { claims: new Set([KEY]) } });
});
