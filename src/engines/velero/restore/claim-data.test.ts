import { expect, test } from 'vitest';
import type { KubeObject } from '../../../api/object.ts';
import type { Store } from '../../../store/store.ts';
import { anObject } from '../../../testing/objects.ts';
import { writeArchive } from '../../native/points/archive.ts';
import { archiveKey } from '../../native/points/layout.ts';
import { claimsByHandle, movedDataOf, placeIn, withUpload } from './claim-data.ts';

const { signal } = new AbortController();
const annotations = { 'velero.io/data-upload-name': 'velero/upload-1', other: 'x' };
const claim = anObject('PersistentVolumeClaim', 'shop/data', { metadata: { uid: 'uid-1', annotations } });
const upload: KubeObject = {
  apiVersion: 'velero.io/v2alpha1',
  kind: 'DataUpload',
  metadata: { namespace: 'velero', name: 'upload-1' },
  spec: { sourceNamespace: 'shop', sourcePVC: 'data' },
};

async function storeWith(objects: readonly KubeObject[]): Promise<Store> {
  const type = { resource: 'things', version: 'v1' };
  const archive = await writeArchive(objects.map((object) => ({ object, type })));
  const unexpected = (): never => {
    throw new Error('only the archive is read');
  };
  return {
    location: 'memory',
    put: unexpected,
    create: unexpected,
    copy: unexpected,
    list: unexpected,
    remove: unexpected,
    get: async (key) => (key === archiveKey('point') ? archive : undefined),
  };
}

test('claims whose snapshot has a handle are not made by Velero, those of its data mover are', () => {
  const snapshot = { driver: 'd', handle: 'h', name: 'n' };
  const volumes = [
    { claim: 'PersistentVolumeClaim/shop/a', strategy: 'SnapshotHandle' as const, reason: '', snapshot },
    { claim: 'PersistentVolumeClaim/shop/b', strategy: 'VeleroDataMover' as const, reason: '' },
    { claim: 'PersistentVolumeClaim/shop/c', strategy: 'Exclude' as const, reason: '' },
  ];

  expect([...claimsByHandle({ volumes })]).toEqual(['PersistentVolumeClaim/shop/a']);
  expect(claimsByHandle({}).size).toBe(0);
});

test('a claim keeps what Velero finds its upload by, and nothing else of what was left out', () => {
  const prepared = anObject('PersistentVolumeClaim', 'shop/data');

  expect(withUpload(claim, prepared).metadata).toEqual({
    namespace: 'shop',
    name: 'data',
    uid: 'uid-1',
    annotations: { 'velero.io/data-upload-name': 'velero/upload-1' },
  });
  const plain = anObject('PersistentVolumeClaim', 'shop/other', { metadata: { uid: 'uid-2' } });
  expect(withUpload(plain, prepared)).toBe(prepared);
});

test('uploads come along as they are, with where their data is from when a transform has moved the claim', async () => {
  const store = await storeWith([upload, { ...upload, metadata: { namespace: 'velero', name: 'upload-2' } }]);
  const moved = { ...claim, metadata: { ...claim.metadata, namespace: 'shop-dr' } };
  const secret = anObject('Secret', 'shop/s');

  expect(await movedDataOf([moved, secret], 'point', store, signal)).toEqual({
    uploads: [upload],
    sources: new Map([['shop-dr', 'shop']]),
  });
  expect(await movedDataOf([claim], 'point', store, signal)).toEqual({
    uploads: [upload],
    sources: new Map(),
  });
});

test('what is restored beside moved claims is put where renaming brings it to its place', () => {
  const data = { uploads: [], sources: new Map([['blue', 'green']]) };

  expect(placeIn(data, 'blue')).toBe('green');
  expect(placeIn(data, 'red')).toBe('red');
  expect(placeIn(data, 'green')).not.toBe('green');
});
