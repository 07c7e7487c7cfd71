import { describe, expect, test } from 'vitest';
import { fieldsAt } from '../../../api/fields.ts';
import { type KubeObject, objectKey } from '../../../api/object.ts';
import { manifestOf } from '../../../domain/execution/testing/manifest.ts';
import type { PointManifest } from '../../../domain/protection/point.ts';
import { memoryCluster } from '../../../testing/memory-cluster.ts';
import { anObject } from '../../../testing/objects.ts';
import { silent } from '../../../testing/silent-log.ts';
import type { OpenPoint } from '../../engine.ts';
import { restoreObjects } from './restore.ts';
import { Target } from './target.ts';

const signal = new AbortController().signal;
const shop = { namespace: 'dr', name: 'shop', uid: 'uid-1' };
const KEY = 'PersistentVolumeClaim/shop/data';
const snapshot = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'before' };
const made = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
const claim = (from?: object): KubeObject =>
  anObject('PersistentVolumeClaim', 'shop/data', {
    spec: { ...made, ...(from === undefined ? {} : { dataSource: from, dataSourceRef: from }) },
  });

function pointOf(objects: readonly KubeObject[], volumes: PointManifest['volumes'] = []): OpenPoint {
  const byKey = new Map(objects.map((object) => [objectKey(object), object]));
  const listed = [...byKey].map(([key, { apiVersion }]) => ({
    key,
    apiVersion,
    digest: key,
    resourceVersion: '1',
    bytes: 1,
  }));
  const manifest = manifestOf({ units: [...byKey.keys()], objects: listed, volumes });
  return { manifest, digest: 'sha256:m', object: (key) => byKey.get(key) };
}

/** Restores the claim into a region that has `existing` already. */
async function restored(point: OpenPoint, existing?: KubeObject) {
  const memory = memoryCluster('eu-north', { '': ['PersistentVolumeClaim', 'Namespace'] });
  memory.put(anObject('Namespace', 'shop'), ...(existing === undefined ? [] : [existing]));
  const type = {
    group: '',
    version: 'v1',
    resource: 'persistentvolumeclaims',
    kind: 'PersistentVolumeClaim',
  };
  const typeFor = async () => ({ ...type, namespaced: true, verbs: [] });
  const replay = {
    target: new Target({ ...memory.cluster, typeFor }, point),
    recreating: new Map<string, string>(),
    point,
    scenario: shop,
    options: { conflicts: 'Report' as const },
    log: silent,
  };
  const [outcome] = await restoreObjects(replay, [KEY], signal);
  return { outcome, spec: fieldsAt(memory.objects.get(KEY), 'spec'), calls: memory.calls };
}

describe('a claim of whose data the point has none', () => {
  test('is made empty when the snapshot it once came from is not there, and that is noted', async () => {
    const { outcome, spec } = await restored(pointOf([claim(snapshot)]));
    expect(spec).toEqual(made);
    expect(outcome).toMatchObject({
      kind: 'applied',
      note: 'PersistentVolumeClaim data was made without its data source VolumeSnapshot.snapshot.storage.k8s.io/shop/before, which is not in the recovery point: it is empty',
    });
  });

  test('is filled from what is part of the point, as it once was', async () => {
    const populator = { apiGroup: 'forms.example', kind: 'Form', name: 'first' };
    const form = anObject('Form', 'shop/first', { apiVersion: 'forms.example/v1' });
    const { outcome, spec } = await restored(pointOf([form, claim(populator)]));
    expect(spec).toEqual({ ...made, dataSource: populator, dataSourceRef: populator });
    expect(outcome).not.toHaveProperty('note');
  });

  test('is not filled from another claim that the point lacks, also of another namespace', async () => {
    const golden = { kind: 'PersistentVolumeClaim', name: 'data', namespace: 'images' };
    expect((await restored(pointOf([claim(golden)]))).spec).toEqual(made);
  });

  test('is left as it is when a resumed recovery has made it so', async () => {
    const point = pointOf([claim(snapshot)]);
    const first = await restored(point);
    const there = first.outcome?.kind === 'applied' ? first.outcome.object : undefined;
    const second = await restored(point, there);
    expect(second.outcome).toMatchObject({ kind: 'applied', note: expect.stringContaining('it is empty') });
    expect(second.calls.filter((call) => /^(apply|create|patch)/.test(call))).toEqual([]);
  });

  test('keeps the source it was filled from there once it has its volume, as that cannot be changed', async () => {
    const point = pointOf([claim(snapshot)]);
    const labels = { 'antipode.dev/scenario': 'dr.shop' };
    const own = { ...snapshot, name: 'data-of-an-earlier-point' };
    const bound = { ...claim(own), status: { phase: 'Bound' } };
    const { outcome, spec } = await restored(point, { ...bound, metadata: { ...bound.metadata, labels } });
    expect(spec).toEqual({ ...made, dataSource: own, dataSourceRef: own });
    expect(outcome).not.toHaveProperty('note');
  });
});

test('a claim whose data a data mover puts back is not touched', async () => {
  const volumes = [{ claim: KEY, strategy: 'VeleroDataMover' as const, reason: 'moved' }];
  expect((await restored(pointOf([claim(snapshot)], volumes))).spec).toMatchObject({ dataSource: snapshot });
});
