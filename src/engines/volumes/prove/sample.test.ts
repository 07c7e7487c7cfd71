import { beforeEach, expect, test } from 'vitest';
import { textAt } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import { manifestOf } from '../../../domain/execution/testing/manifest.ts';
import type { PointVolume } from '../../../domain/protection/point.ts';
import { minutes } from '../../../domain/time.ts';
import { type ManualClock, manualClock } from '../../../testing/manual-clock.ts';
import { type MemoryCluster, memoryCluster } from '../../../testing/memory-cluster.ts';
import { anObject } from '../../../testing/objects.ts';
import { CHECK_NAMESPACE } from '../clean/checks.ts';
import { CLAIM, CONTENT, SNAPSHOT } from '../kinds.ts';
import { SERVED } from '../testing/served.ts';
import { type Sampled, sampleClaim } from './sample.ts';

const signal = new AbortController().signal;
const DRIVER = 'csi.example.com';
const SELECTED_NODE = 'volume.kubernetes.io/selected-node';
const volume: PointVolume = {
  claim: 'PersistentVolumeClaim/shop/db',
  strategy: 'SnapshotHandle',
  reason: '',
  snapshot: { driver: DRIVER, handle: 'snap-1', name: 'shop/db-1' },
};
const claim = anObject('PersistentVolumeClaim', 'shop/db', { spec: { storageClassName: 'fast' } });

let recovery: MemoryCluster;
let clock: ManualClock;
/** What the cluster says of the claim while it has no volume. */
let warnings: readonly { readonly reason: string; readonly message: string }[];
let selected: (string | undefined)[];

/** The controllers: a claim has its volume when nothing speaks against it. */
function settle(key: string): void {
  const object = recovery.objects.get(key);
  if (object === undefined || object['status'] !== undefined) return;
  if (object.kind === CONTENT.kind) recovery.say(key, { readyToUse: true });
  if (object.kind === SNAPSHOT.kind) {
    const { name } = object.metadata;
    recovery.say(key, { readyToUse: true, boundVolumeSnapshotContentName: name });
  }
  if (object.kind !== CLAIM.kind) return;
  selected.push(object.metadata.annotations?.[SELECTED_NODE]);
  const { uid } = object.metadata;
  recovery.put(
    ...warnings.map((warning, index) =>
      anObject('Event', `${CHECK_NAMESPACE}/${index}`, {
        ...warning,
        involvedObject: { uid },
        lastTimestamp: `2026-11-23T12:00:0${index}Z`,
      }),
    ),
  );
  recovery.say(key, { phase: warnings.length === 0 ? 'Bound' : 'Pending' });
}

beforeEach(() => {
  clock = manualClock();
  warnings = [];
  selected = [];
  recovery = memoryCluster('eu-north', SERVED, settle);
  recovery.put(anObject('Namespace', CHECK_NAMESPACE));
});

const aClass = (volumeBindingMode: string): KubeObject =>
  anObject('StorageClass', 'fast', { provisioner: DRIVER, volumeBindingMode });
const aNode = (name: string, taints: readonly object[] = []): KubeObject =>
  anObject('Node', name, { spec: { taints }, status: { conditions: [{ type: 'Ready', status: 'True' }] } });
const withDriver = (name: string): KubeObject =>
  anObject('CSINode', name, { apiVersion: 'storage.k8s.io/v1', spec: { drivers: [{ name: DRIVER }] } });

async function sampled(): Promise<Sampled> {
  const maker = { owner: { namespace: 'dr', name: 'shop', uid: 'u1' }, store: 'file:///points' };
  const sample = {
    manifest: { ...manifestOf(), volumes: [volume] },
    volume,
    claim,
    transforms: [],
    recovery: recovery.cluster,
    classes: new Map<string, string>(),
    maker,
    patience: minutes(5),
    clock,
  };
  const running = sampleClaim(sample, signal);
  const over = running.then(() => true);
  const aMinute = (): Promise<false> => clock.advance(minutes(1)).then(() => false);
  while (!(await Promise.race([over, aMinute()])));
  for (const kind of [CLAIM, SNAPSHOT, CONTENT]) expect(recovery.all(kind)).toEqual([]);
  return running;
}

test('a claim whose class the recovery region gets with the point only is not tried, which is said', async () => {
  expect(await sampled()).toEqual({
    kind: 'unknown',
    message: expect.stringContaining(
      'PersistentVolumeClaim/shop/db: eu-north has no StorageClass fast yet: it comes with a recovery',
    ),
  });
  expect(selected).toEqual([]);
});

test('a claim whose class waits for a Pod gets a node that has the driver and takes Pods', async () => {
  recovery.put(
    aClass('WaitForFirstConsumer'),
    aNode('control-plane', [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }]),
    aNode('without-driver'),
    aNode('good'),
    withDriver('control-plane'),
    withDriver('good'),
  );
  expect(await sampled()).toEqual({ kind: 'filled' });
  expect(selected).toEqual(['good']);
});

test('a claim whose class waits for a Pod is not tried while no node can have its volume', async () => {
  recovery.put(aClass('WaitForFirstConsumer'), aNode('without-driver'));
  expect(await sampled()).toEqual({
    kind: 'unknown',
    message: expect.stringContaining('PersistentVolumeClaim/shop/db: eu-north has no node for it'),
  });
  expect(selected).toEqual([]);
});

test('a claim whose class binds at once gets no node: drivers that make volumes on each node choose one themselves', async () => {
  recovery.put(aClass('Immediate'), aNode('good'));
  expect(await sampled()).toEqual({ kind: 'filled' });
  expect(selected).toEqual([undefined]);
});

const failed = (code: string) => ({
  reason: 'ProvisioningFailed',
  message: `failed to provision volume: rpc error: code = ${code} desc = what the driver says`,
});

test.each([
  ['a call that timed out while the driver copies', [failed('DeadlineExceeded')]],
  ['a call that found the one before under way', [failed('Internal'), failed('Aborted')]],
  ['a policy that has nothing to do with it', [{ reason: 'PolicyViolation', message: 'it has no owner' }]],
])('a volume that is not ready in time after %s is no failure', async (_, said) => {
  recovery.put(aClass('Immediate'));
  warnings = said;
  expect(await sampled()).toEqual({
    kind: 'unknown',
    message: expect.stringMatching(/was not ready after 5m: .*(what the driver says|it has no owner)/),
  });
});

test('a volume that the driver refuses to make is a failure, in its words', async () => {
  recovery.put(aClass('Immediate'));
  warnings = [failed('DeadlineExceeded'), failed('NotFound')];
  const sample = await sampled();
  expect(sample.kind).toBe('failed');
  expect(textAt(sample, 'message')).toContain(
    'failed: failed to provision volume: rpc error: code = NotFound',
  );
});
