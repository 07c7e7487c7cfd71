import { expect, test } from 'vitest';
import { type KubeObject, objectKey } from '../../../api/object.ts';
import { manifestOf } from '../../../domain/execution/testing/manifest.ts';
import { seconds, tick } from '../../../domain/time.ts';
import type { Cluster, ResourceType } from '../../../kube/cluster.ts';
import { KubeError } from '../../../kube/errors.ts';
import { memoryCluster } from '../../../testing/memory-cluster.ts';
import { anObject } from '../../../testing/objects.ts';
import { partialCluster } from '../../../testing/region.ts';
import type { OpenPoint } from '../../engine.ts';
import { SNAPSHOT } from '../../volumes/kinds.ts';
import { SERVED } from '../../volumes/testing/served.ts';
import { sessions } from './sessions.ts';

const signal = new AbortController().signal;
const configMaps: ResourceType = {
  group: '',
  version: 'v1',
  resource: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
  verbs: [],
};
const configMap = (name: string) => anObject('ConfigMap', `shop/${name}`);

function pointOf(...objects: readonly KubeObject[]): OpenPoint {
  const byKey = new Map(objects.map((object) => [objectKey(object), object]));
  const listed = [...byKey].map(([key, { apiVersion }]) => ({
    key,
    apiVersion,
    digest: key,
    resourceVersion: '1',
    bytes: 1,
  }));
  const manifest = manifestOf({ units: [...byKey.keys()], objects: listed });
  return { manifest, digest: 'sha256:m', object: (key) => byKey.get(key) };
}

function counting(present: readonly KubeObject[]) {
  const state = { lists: 0, gets: 0, now: 0 };
  const cluster = partialCluster('eu-north', {
    typeFor: async () => configMaps,
    list: async () => {
      state.lists += 1;
      return { items: present, resourceVersion: '1' };
    },
    get: async (_type, { name }) => {
      state.gets += 1;
      return present.find(({ metadata }) => metadata.name === name);
    },
  });
  return { cluster, state, known: sessions({ tick: () => tick(state.now) }) };
}

const many = ['a', 'b', 'c', 'd', 'e'].map(configMap);

test('many objects of a kind and namespace are looked for by one list, however many ask', async () => {
  const { cluster, state, known } = counting([configMap('a')]);
  const point = pointOf(...many);
  const absent = await Promise.all(
    many.map((object) =>
      known.of(point, cluster).target.presence.isAbsent(objectKey(object), configMaps, object, signal),
    ),
  );
  expect(absent).toEqual([false, true, true, true, true]);
  expect(state.lists).toBe(1);
});

test('what was written since is not taken for absent', async () => {
  const { cluster, known } = counting([]);
  const { presence } = known.of(pointOf(...many), cluster).target;
  const b = configMap('b');
  expect(await presence.isAbsent('ConfigMap/shop/b', configMaps, b, signal)).toBe(true);
  await presence.appeared('ConfigMap/shop/b', 'b');
  expect(await presence.isAbsent('ConfigMap/shop/b', configMaps, b, signal)).toBe(false);
});

test('what is known of a target is forgotten after a while, and never shared between points', async () => {
  const { cluster, state, known } = counting([]);
  const [point, other] = [pointOf(...many), pointOf(...many)];
  const { target } = known.of(point, cluster);
  expect(known.of(point, cluster).target).toBe(target);
  expect(known.of(other, cluster).target).not.toBe(target);
  state.now = seconds(30);
  expect(known.of(point, cluster).target).not.toBe(target);
});

test('an owner is asked for once, and known under a new uid once it was made anew', async () => {
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'parent', uid: 'source' };
  const child = anObject('ConfigMap', 'shop/child', { metadata: { ownerReferences: [owner] } });
  const parent = anObject('ConfigMap', 'shop/parent', { metadata: { uid: 'first' } });
  const { cluster, state, known } = counting([parent]);
  const { owners } = known.of(pointOf(child), cluster).target;
  const found = await Promise.all([owners.of(child, signal), owners.of(child, signal)]);
  expect(found.flat().map(({ uid }) => uid)).toEqual(['first', 'first']);
  expect(state.gets).toBe(1);
  owners.learn({ ...parent, metadata: { ...parent.metadata, uid: 'second' } });
  expect((await owners.of(child, signal))[0]?.uid).toBe('second');
});

test('an object whose owner comes after it is known to be owned later', () => {
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'parent', uid: 'source' };
  const child = anObject('ConfigMap', 'shop/child', { metadata: { ownerReferences: [owner] } });
  const parent = configMap('parent');
  const { cluster, known } = counting([]);
  const circle = known.of(pointOf(child, parent), cluster).target.owners;
  expect(circle.ownedBefore('ConfigMap/shop/parent')).toEqual(['ConfigMap/shop/child']);
  expect(circle.isStillToCome(child, owner)).toBe(true);
  const usual = known.of(pointOf(parent, child), cluster).target.owners;
  expect(usual.ownedBefore('ConfigMap/shop/parent')).toEqual([]);
});

test('what claims are filled from is looked for once for all units of a point, and anew when that failed', async () => {
  const region = memoryCluster('eu-north', SERVED);
  const known = sessions({ tick: () => tick(0) });
  const volume = {
    strategy: 'SnapshotHandle' as const,
    reason: 'read by their handle',
    snapshot: { driver: 'csi.example.com', handle: 'snap-1', name: 'shop/db' },
  };
  const keys = ['a', 'b', 'c'].map((name) => `PersistentVolumeClaim/shop/${name}`);
  const manifest = { ...manifestOf(), volumes: keys.map((claim) => ({ ...volume, claim })) };
  const point = { ...pointOf(), manifest };
  const maker = { owner: manifest.scenario, store: 'file:///points' };
  let isAway = true;
  const cluster: Cluster = {
    ...region.cluster,
    discover: async (stop) => {
      if (isAway) throw new KubeError('Unreachable', 'no answer', { cluster: 'eu-north' });
      return region.cluster.discover(stop);
    },
  };
  const provide = (key: string) => known.of(point, cluster).claims(maker).provide(key, signal);

  await expect(provide(keys[0] ?? '')).rejects.toThrow('no answer');
  isAway = false;
  await Promise.all(keys.map(provide));

  expect(region.all(SNAPSHOT)).toHaveLength(3);
  expect(region.calls.filter((call) => call.startsWith('list'))).toHaveLength(3);
});
