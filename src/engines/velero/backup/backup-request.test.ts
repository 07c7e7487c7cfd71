import { expect, test } from 'vitest';
import { drScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import type { ResourceType } from '../../../kube/cluster.ts';
import { backupRequest, copyOf, isSameWish } from './backup-request.ts';

const type = (group: string, resource: string, namespaced: boolean): ResourceType => ({
  group,
  version: 'v1',
  resource,
  kind: resource,
  namespaced,
  verbs: [],
});

const wish = (replication: object = {}, capturedAt = '2026-01-01T00:00:00.000Z') => ({
  name: 'dr-shop-1',
  scenario: { namespace: 'dr', name: 'shop', uid: 'uid-1' },
  spec: drScenarioSpec.parse({
    source: { region: 'eu-west' },
    recovery: { region: 'eu-north' },
    objectives: { rpo: '5m', rto: '10m' },
    resources: { namespaces: ['shop', 'gone'] },
    replication: { engine: 'velero', store: { s3: { bucket: 'points' } }, ...replication },
  }),
  settings: {
    namespace: 'velero',
    storageLocation: 'default',
    bucket: 'points',
    prefix: 'velero',
    sourceRegion: 'eu-west',
    recoveryRegion: 'eu-north',
  },
  namespaces: ['shop'],
  types: [
    type('apps', 'deployments', true),
    type('', 'secrets', true),
    type('', 'secrets', true),
    type('rbac.authorization.k8s.io', 'clusterroles', false),
  ],
  capturedAt,
});

test('names whole kinds, each once, by their scope', () => {
  expect(backupRequest(wish())['spec']).toMatchObject({
    includedNamespaces: ['shop'],
    includedNamespaceScopedResources: ['deployments.apps', 'secrets'],
    includedClusterScopedResources: ['clusterroles.rbac.authorization.k8s.io'],
    storageLocation: 'default',
    csiSnapshotTimeout: '5m',
  });
});

test('moves data only when data is wanted and moving is asked for', () => {
  const moving = { velero: { snapshotMoveData: true, dataMover: 'ours' } };
  const excluded = { ...moving, volumes: { strategy: 'Exclude' } };

  expect(backupRequest(wish())['spec']).not.toHaveProperty('snapshotMoveData');
  expect(backupRequest(wish(moving))['spec']).toMatchObject({ snapshotMoveData: true, datamover: 'ours' });
  expect(backupRequest(wish(excluded))['spec']).toMatchObject({ snapshotVolumes: false });
  expect(backupRequest(wish(excluded))['spec']).not.toHaveProperty('snapshotMoveData');
});

test('tells Velero the snapshot class to use for its driver, and is another wish with it', () => {
  const snapshotClass = { name: 'fast', driver: 'EBS.csi.example.com' };
  const request = backupRequest({ ...wish(), snapshotClass });

  expect(request.metadata.annotations).toMatchObject({
    'velero.io/csi-volumesnapshot-class_ebs.csi.example.com': 'fast',
  });
  expect(isSameWish(request, backupRequest(wish()))).toBe(false);
});

test('is the same wish at another time, and another one with other settings', () => {
  const before = backupRequest(wish());

  expect(isSameWish(before, backupRequest(wish({}, '2026-01-02T00:00:00.000Z')))).toBe(true);
  expect(isSameWish(before, backupRequest(wish({ volumes: { strategy: 'Exclude' } })))).toBe(false);
  expect(isSameWish({ ...before, metadata: { name: 'x' } }, before)).toBe(false);
});

test('a copy is Completed, whatever the original was, and bears nothing of its cluster', () => {
  const request = backupRequest(wish());
  const original = {
    ...request,
    metadata: { ...request.metadata, uid: 'u', resourceVersion: '5', finalizers: ['x'] },
    status: { phase: 'PartiallyFailed', expiration: '2036-01-01T00:00:00Z' },
  };

  const copy = copyOf(original);

  expect(Object.keys(copy.metadata).toSorted()).toEqual(['annotations', 'labels', 'name', 'namespace']);
  expect(copy).toMatchObject({
    spec: request['spec'],
    status: { phase: 'Completed', expiration: '2036-01-01T00:00:00Z' },
  });
});
