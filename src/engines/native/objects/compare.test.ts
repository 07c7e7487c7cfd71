import { expect, test } from 'vitest';
import type { KubeObject } from '../../../api/object.ts';
import { objectKey } from '../../../api/object.ts';
import type { PointManifest } from '../../../domain/protection/point.ts';
import { compare, differingFields } from './compare.ts';
import { objectDigest } from './digest.ts';

const secret = (name: string, resourceVersion: string, value: string, metadata: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name,
    namespace: 'shop',
    resourceVersion,
    creationTimestamp: '2026-11-23T10:00:00Z',
    ...metadata,
  },
  data: { value },
});
const key = (object: KubeObject): string => objectKey(object);

function manifestOf(objects: readonly KubeObject[], leftOut: readonly string[] = []): PointManifest {
  return {
    formatVersion: 1,
    name: 'dr-shop-1',
    scenario: { namespace: 'dr', name: 'shop', uid: 'u1' },
    sourceRegion: 'eu-west',
    capturedAt: '2026-11-23T12:00:00.000Z',
    finishedAt: '2026-11-23T12:00:01.000Z',
    resourceVersions: {},
    objects: objects.map((object) => ({
      key: key(object),
      apiVersion: object.apiVersion,
      digest: objectDigest(object),
      resourceVersion: object.metadata.resourceVersion ?? '',
      bytes: 1,
    })),
    leftOut: leftOut.map((left) => ({ key: left, reason: 'Completed' })),
    units: [],
    edges: [],
    longestPath: [],
    volumesWithoutData: [],
    archive: { sha256: '', bytes: 0 },
  };
}

const now = (...objects: readonly KubeObject[]) => ({
  included: new Map(objects.map((object) => [key(object), { object }])),
  chosen: new Set(objects.map(key)),
});

test('a source that has not changed is equal', () => {
  const objects = [secret('a', '1', 'x'), secret('b', '2', 'y')];
  expect(compare(manifestOf(objects), now(...objects))).toEqual({
    differences: [],
    compared: 2,
    changedSince: 0,
  });
});

test('what was changed, deleted or made since is counted and no difference', () => {
  const manifest = manifestOf([secret('changed', '1', 'x'), secret('deleted', '2', 'y')]);
  const made = secret('made', '9', 'z', { creationTimestamp: '2026-11-23T12:00:02Z' });
  expect(compare(manifest, now(secret('changed', '8', 'X'), made))).toEqual({
    differences: [],
    compared: 2,
    changedSince: 3,
  });
});

test('another value under the same resourceVersion is a difference, and the value is not shown', () => {
  const { differences } = compare(manifestOf([secret('a', '1', 'copied')]), now(secret('a', '1', 'hunter2')));
  expect(differences).toEqual(['Secret/shop/a differs from the source although it has not changed there']);
});

test('an object that was there before the capture and is not in the copy is a difference', () => {
  const missed = secret('missed', '3', 'x');
  expect(compare(manifestOf([]), now(missed)).differences).toEqual([
    'Secret/shop/missed was in the source and is missing from the copy',
  ]);
});

test('an old object that was changed after the capture may have been selected only then', () => {
  const labelled = secret('late', '9', 'x', { managedFields: [{ time: '2026-11-23T12:00:05Z' }] });
  expect(compare(manifestOf([]), now(labelled))).toMatchObject({ differences: [], changedSince: 1 });
});

test('a change of status after the capture does not hide that an object was missed', () => {
  const busy = secret('busy', '9', 'x', {
    managedFields: [
      { time: '2026-11-23T10:00:05Z' },
      { time: '2026-11-23T12:00:05Z', subresource: 'status' },
    ],
  });
  expect(compare(manifestOf([]), now(busy)).differences).toHaveLength(1);
});

test('what was left out on purpose, or merely supports the selection, is not missed', () => {
  const left = secret('left', '3', 'x');
  expect(compare(manifestOf([], [key(left)]), now(left)).differences).toEqual([]);
  expect(compare(manifestOf([]), { ...now(left), chosen: new Set() }).differences).toEqual([]);
});

test('a clock of the source that is half a minute behind makes no false alarm', () => {
  const made = secret('made', '9', 'z', { creationTimestamp: '2026-11-23T11:59:30Z' });
  expect(compare(manifestOf([]), now(made)).differences).toEqual([]);
});

test('an object that is no newer than the list of its kind was there, whatever the clocks say', () => {
  const young = secret('young', '41', 'x', { creationTimestamp: '2026-11-23T12:00:30Z' });
  const manifest = (listed: string) => ({ ...manifestOf([]), resourceVersions: { 'Secret/shop': listed } });
  expect(compare(manifest('41'), now(young)).differences).toHaveLength(1);
  expect(compare(manifest('40'), now(young))).toMatchObject({ differences: [], changedSince: 1 });
});

test('an object that is newer than the list of its kind was made since, though a clock of the source is minutes behind', () => {
  const made = secret('made', '105', 'x', { creationTimestamp: '2026-11-23T11:58:05Z' });
  const manifest = { ...manifestOf([]), resourceVersions: { 'Secret/shop': '100' } };
  expect(compare(manifest, now(made))).toMatchObject({ differences: [], changedSince: 1 });
});

test('dates decide where versions have no order', () => {
  const missed = secret('missed', 'opaque', 'x');
  const manifest = { ...manifestOf([]), resourceVersions: { 'Secret/shop': '100' } };
  expect(compare(manifest, now(missed)).differences).toHaveLength(1);
});

test('a difference names the fields that are known to differ, and not all of many', () => {
  const fields = new Map([['Secret/shop/a', ['data.a', 'data.b', 'data.c', 'data.d', 'data.e', 'data.f']]]);
  const { differences } = compare(manifestOf([secret('a', '1', 'x')]), now(secret('a', '1', 'y')), fields);
  expect(differences).toEqual([
    'Secret/shop/a differs from the source although it has not changed there: data.a, data.b, data.c, data.d, data.e and 1 more',
  ]);
});

test('differing fields are told by their deepest path, never by their value', () => {
  const before = { spec: { ports: [{ port: 80 }, { port: 81 }], selector: { a: 'b' } }, kind: 'X' };
  const after = { spec: { ports: [{ port: 80 }, { port: 82 }], type: 'secret' }, kind: 'X' };
  expect(differingFields(before, after)).toEqual(['spec.ports[1].port', 'spec.selector', 'spec.type']);
  expect(differingFields(before, { ...before, spec: { ...before.spec, ports: [] } })).toEqual(['spec.ports']);
  expect(differingFields(before, { ...before })).toEqual([]);
});
