import { describe, expect, test } from 'vitest';
import { anObject } from '../../testing/objects.ts';
import { type Chain, DATA_ANNOTATION, judgeEvidence, noteOf } from './evidence.ts';

const expected = {
  snapshot: 'data-p1',
  contents: ['content-p1'],
  handle: 'snap-1',
  note: 'csi.example.com/snap-1',
};
const source = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'data-p1' };

const claim = (phase: string, spec: object = { dataSource: source }, annotations = {}) =>
  anObject('PersistentVolumeClaim', 'shop/data', { metadata: { annotations }, spec, status: { phase } });
const snapshot = (status: object = { readyToUse: true, boundVolumeSnapshotContentName: 'content-p1' }) =>
  anObject('VolumeSnapshot', 'shop/data-p1', { status });
const content = (handle = 'snap-1', status: object = {}) =>
  anObject('VolumeSnapshotContent', 'content-p1', {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    spec: { source: { snapshotHandle: handle } },
    status,
  });

const whole: Chain = {
  claim: claim('Bound'),
  snapshot: snapshot(),
  content: content(),
  waitsForConsumer: false,
  said: undefined,
};

test('a bound claim whose whole chain leads to the handle of the point is proven', () => {
  expect(judgeEvidence(whole, expected)).toEqual({ kind: 'proven' });
});

test('a claim that was proven stays so when what proved it is gone', () => {
  const noted = claim('Bound', {}, { [DATA_ANNOTATION]: expected.note });
  expect(
    judgeEvidence({ ...whole, claim: noted, snapshot: undefined, content: undefined }, expected),
  ).toEqual({
    kind: 'proven',
  });
});

describe('orchestrators case 9: a volume that was restored empty', () => {
  test('a bound claim that was there before, without our snapshot, is no evidence', () => {
    expect(judgeEvidence({ ...whole, claim: claim('Bound', {}) }, expected)).toMatchObject({
      kind: 'refuted',
      message: expect.stringContaining('was there before'),
    });
  });

  test('nor is one made from the snapshot of another point', () => {
    const other = claim('Bound', { dataSource: { ...source, name: 'data-p0' } });
    expect(judgeEvidence({ ...whole, claim: other }, expected)).toMatchObject({ kind: 'refuted' });
  });

  test('nor is one whose snapshot stands for another handle', () => {
    expect(judgeEvidence({ ...whole, content: content('snap-2') }, expected)).toEqual({
      kind: 'refuted',
      message: 'its snapshot is snap-2 instead of snap-1',
    });
    const elsewhere = snapshot({ readyToUse: true, boundVolumeSnapshotContentName: 'another' });
    expect(judgeEvidence({ ...whole, snapshot: elsewhere }, expected)).toMatchObject({ kind: 'refuted' });
  });

  test('a note about another handle proves nothing of this one', () => {
    const noted = claim('Bound', {}, { [DATA_ANNOTATION]: 'csi.example.com/snap-0' });
    expect(judgeEvidence({ ...whole, claim: noted }, expected)).toMatchObject({ kind: 'refuted' });
  });
});

describe('orchestrators case 10: a snapshot that is not ready, or gone', () => {
  test('is waited for, with what the storage says', () => {
    const unready = snapshot({ readyToUse: false });
    const error = content('snap-1', { error: { message: 'can not find snapshot' } });
    expect(
      judgeEvidence({ ...whole, claim: claim('Pending'), snapshot: unready, content: error }, expected),
    ).toEqual({
      kind: 'pending',
      message: 'its snapshot is not ready: can not find snapshot',
    });
  });

  test('is told when its object was deleted before the claim had its data', () => {
    const chain = { ...whole, claim: claim('Pending'), snapshot: undefined };
    expect(judgeEvidence(chain, expected)).toMatchObject({ kind: 'refuted' });
  });

  test('shows only in the events of the claim once the object says ready', () => {
    const chain = { ...whole, claim: claim('Pending'), said: 'there is no snapshot snap-1' };
    expect(judgeEvidence(chain, expected)).toEqual({
      kind: 'pending',
      message: 'waiting for its volume to be made from the snapshot: there is no snapshot snap-1',
    });
  });
});

test('a claim whose class waits for its first consumer waits for a pod, until the scheduler has chosen a node', () => {
  const waiting = { ...whole, claim: claim('Pending'), waitsForConsumer: true };
  expect(judgeEvidence(waiting, expected).kind).toBe('waits-for-pod');
  const chosen = claim('Pending', { dataSource: source }, { 'volume.kubernetes.io/selected-node': 'node-1' });
  expect(judgeEvidence({ ...waiting, claim: chosen }, expected).kind).toBe('pending');
});

test('what a claim is made from is noted by driver and handle, or by the image', () => {
  expect(noteOf({ snapshot: { driver: 'csi.example.com', handle: 'snap-1', name: 'shop/x' } })).toBe(
    expected.note,
  );
  expect(noteOf({ image: 'shop/image-1' })).toBe('VolumeSnapshot/shop/image-1');
  expect(noteOf({})).toBeUndefined();
});
