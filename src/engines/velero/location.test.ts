import { expect, test } from 'vitest';
import type { KubeObject } from '../../api/object.ts';
import { judgeLocation } from './location.ts';
import type { VeleroSettings } from './settings.ts';

const settings: VeleroSettings = {
  namespace: 'velero',
  storageLocation: 'default',
  bucket: 'points',
  prefix: 'dr/velero',
  sourceRegion: 'eu-west',
  recoveryRegion: 'eu-north',
};

const location = (objectStorage: object, rest: object = {}): KubeObject => ({
  apiVersion: 'velero.io/v1',
  kind: 'BackupStorageLocation',
  metadata: { name: 'default', namespace: 'velero' },
  spec: { objectStorage, ...rest },
  status: { phase: 'Available' },
});

const judged = (object: KubeObject | undefined, use: 'read' | 'write' = 'write') =>
  judgeLocation(object, settings, 'eu-west', use);

test('a location on the bucket and folder of the store is fine, slashes around its prefix or not', () => {
  expect(judged(location({ bucket: 'points', prefix: 'dr/velero' }))).toBeUndefined();
  expect(judged(location({ bucket: 'points', prefix: '/dr/velero/' }))).toBeUndefined();
});

test('one that is not there is said with what to create', () => {
  const problem = judged(undefined);

  expect(problem?.code).toBe('LocationMissing');
  expect(problem?.message).toContain('velero/default in eu-west');
  expect(problem?.message).toContain('bucket points with prefix dr/velero');
});

test.each([
  [{ bucket: 'other', prefix: 'dr/velero' }, 'bucket other with prefix dr/velero'],
  [{ bucket: 'points' }, 'bucket points without prefix'],
])('one on %o is said with both places', (objectStorage, there) => {
  const problem = judged(location(objectStorage));

  expect(problem?.code).toBe('LocationMismatch');
  expect(problem?.message).toContain(there);
  expect(problem?.message).toContain('bucket points with prefix dr/velero');
});

test('a read-only one serves for restores and not for backups', () => {
  const readOnly = location({ bucket: 'points', prefix: 'dr/velero' }, { accessMode: 'ReadOnly' });

  expect(judged(readOnly, 'read')).toBeUndefined();
  expect(judged(readOnly)?.code).toBe('LocationUnusable');
});

test('an unavailable one is said with what Velero says of it', () => {
  const away = {
    ...location({ bucket: 'points', prefix: 'dr/velero' }),
    status: { phase: 'Unavailable', message: 'connection refused' },
  };

  expect(judged(away, 'read')?.message).toContain('connection refused');
});
