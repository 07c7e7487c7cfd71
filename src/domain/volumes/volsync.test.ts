import { describe, expect, test } from 'vitest';
import { at } from '../../api/fields.ts';
import { anObject } from '../../testing/objects.ts';
import { connectionOf, destinationOf, isFree, originOf, syncState } from './volsync.ts';

const API = 'volsync.backube/v1alpha1';
const claim = anObject('PersistentVolumeClaim', 'shop/data', {
  spec: {
    storageClassName: 'fast',
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '1Gi' } },
  },
  status: { capacity: { storage: '2Gi' } },
});
const origin = (status: object) =>
  anObject('ReplicationSource', 'shop/antipode-data', { apiVersion: API, status });
const destination = (status: object) =>
  anObject('ReplicationDestination', 'shop/antipode-data', { apiVersion: API, status });
const image = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'image-2' };

const GOING = { conditions: [{ type: 'Synchronizing', status: 'True', reason: 'SyncInProgress' }] };

test('a destination is as large as the volume, not as what was asked for once', () => {
  const object = destinationOf({
    namespace: 'shop',
    name: 'antipode-data',
    claim,
    trigger: 'p2',
    metadata: {},
  });
  expect(object['spec']).toEqual({
    trigger: { manual: 'p2' },
    rsyncTLS: {
      copyMethod: 'Snapshot',
      capacity: '2Gi',
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'fast',
      serviceType: 'LoadBalancer',
    },
  });
});

test('a destination has the class that the claim asks for by the annotation of old', () => {
  const annotations = { 'volume.beta.kubernetes.io/storage-class': 'slow' };
  const annotated = { ...claim, metadata: { ...claim.metadata, annotations } };
  const object = destinationOf({
    namespace: 'shop',
    name: 'antipode-data',
    claim: annotated,
    trigger: 'p2',
    metadata: {},
  });
  expect(at(object, 'spec', 'rsyncTLS', 'storageClassName')).toBe('slow');
});

test('a source sends a snapshot of the claim to where the destination listens', () => {
  const connection = connectionOf(destination({ rsyncTLS: { address: '192.0.2.1', keySecret: 'key' } }));
  expect(connection).toEqual({ address: '192.0.2.1', keySecret: 'key' });
  if (connection === undefined) return;
  const object = originOf({
    namespace: 'shop',
    name: 'antipode-data',
    claim: 'data',
    trigger: 'p2',
    metadata: {},
    connection,
    keySecret: 'antipode-data',
  });
  expect(object['spec']).toEqual({
    sourcePVC: 'data',
    trigger: { manual: 'p2' },
    rsyncTLS: { address: '192.0.2.1', keySecret: 'antipode-data', copyMethod: 'Snapshot' },
  });
});

test('a destination that has no address yet listens nowhere', () => {
  expect(connectionOf(destination({ rsyncTLS: { keySecret: 'key' } }))).toBeUndefined();
  expect(connectionOf(undefined)).toBeUndefined();
});

test('a sync is done when both ends echo its trigger, and not before', () => {
  const echo = { lastManualSync: 'p2' };
  expect(syncState(origin(echo), destination({ ...echo, latestImage: image }), 'p2')).toEqual({
    kind: 'done',
    image: 'image-2',
  });
  const before = { lastManualSync: 'p1', latestImage: image };
  expect(syncState(origin(echo), destination(before), 'p2')).toMatchObject({ kind: 'waiting' });
  expect(
    syncState(origin({ lastManualSync: 'p1' }), destination({ ...echo, latestImage: image }), 'p2'),
  ).toMatchObject({
    kind: 'waiting',
  });
});

test('a sync that its source has taken up is waited for, one that nobody takes up is not for ever', () => {
  expect(syncState(origin(GOING), destination({}), 'p2')).toMatchObject({ turn: 'origin', moving: true });
  expect(syncState(origin({}), destination({}), 'p2')).toMatchObject({ turn: 'origin', moving: false });
  expect(syncState(undefined, undefined, 'p2')).toMatchObject({ turn: 'origin', moving: false });
});

test('a destination is in progress from when it listens, which moves nothing before the source is done', () => {
  expect(syncState(undefined, destination(GOING), 'p2')).toMatchObject({ turn: 'origin', moving: false });
  expect(syncState(origin({ lastManualSync: 'p2' }), destination(GOING), 'p2')).toMatchObject({
    turn: 'destination',
    moving: true,
  });
});

test('a sync that failed says why', () => {
  const error = {
    conditions: [{ type: 'Synchronizing', status: 'False', reason: 'Error', message: 'no such class' }],
  };
  expect(syncState(origin({}), destination(error), 'p2')).toEqual({
    kind: 'failed',
    message: 'ReplicationDestination: no such class',
  });
  const failed = { latestMoverStatus: { result: 'Failed', logs: 'sent 3 files\nno space left' } };
  expect(syncState(origin(failed), destination({}), 'p2')).toEqual({
    kind: 'failed',
    message: 'ReplicationSource: the copy failed: no space left',
  });
});

test('a copy that failed is waited for while VolSync tries it again, but not for ever', () => {
  const failed = { latestMoverStatus: { result: 'Failed', logs: 'connection refused' } };
  const waiting = {
    kind: 'waiting',
    turn: 'origin',
    moving: false,
    problem: 'ReplicationSource: the copy failed: connection refused',
  };
  expect(syncState(origin({ ...GOING, ...failed }), destination({}), 'p2')).toEqual(waiting);
  expect(syncState(origin(failed), destination(GOING), 'p2')).toEqual(waiting);
});

describe('a sync may be asked for', () => {
  const asked = (status: object) => ({ ...origin(status), spec: { trigger: { manual: 'p1' } } });
  const done = asked({ lastManualSync: 'p1' });
  const began = { lastSyncStartTime: '2026-11-23T12:00:00Z' };

  test('when each end that is there has done all it was asked for', () => {
    expect(isFree(undefined, undefined)).toBe(true);
    expect(isFree(done, done)).toBe(true);
    expect(isFree(undefined, done)).toBe(true);
  });

  test.each([
    ['has not begun with the last one', asked({ lastManualSync: 'p0' })],
    ['has one under way', asked({ lastManualSync: 'p1', ...began })],
    ['has failed', asked({ lastManualSync: 'p1', latestMoverStatus: { result: 'Failed' } })],
    ['is being deleted', { ...done, metadata: { name: 'x', deletionTimestamp: 'now' } }],
  ])('but not while one end %s', (_, busy) => {
    expect(isFree(busy, done)).toBe(false);
    expect(isFree(done, busy)).toBe(false);
  });

  test('while the other end only waits for its address: nothing can have been sent there', () => {
    const listening = { rsyncTLS: { address: '192.0.2.1', keySecret: 'key' } };
    expect(isFree(undefined, asked(began))).toBe(true);
    expect(isFree(undefined, asked({ ...began, ...listening }))).toBe(false);
    expect(isFree(done, asked(began))).toBe(false);
  });
});

test('a sync without an image is no copy', () => {
  const echo = { lastManualSync: 'p2' };
  expect(syncState(origin(echo), destination(echo), 'p2')).toMatchObject({ kind: 'failed' });
});
