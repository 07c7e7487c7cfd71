import { describe, expect, test } from 'vitest';
import { drScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { manifestOf } from '../../../domain/execution/testing/manifest.ts';
import type { PointObject } from '../../../domain/protection/point.ts';
import { tick } from '../../../domain/time.ts';
import { hasCopiedData, isSameContent, type Memory, markVerified, questionText } from './remembered.ts';

const object = (changes: Partial<PointObject> = {}): PointObject => ({
  key: 'Secret/shop/db',
  apiVersion: 'v1',
  digest: 'd1',
  resourceVersion: '7',
  bytes: 10,
  ...changes,
});
const manifest = { ...manifestOf(), objects: [object()] };
const spec = drScenarioSpec.parse({
  source: { region: 'eu-west' },
  recovery: { region: 'eu-north' },
  objectives: { rpo: '5m', rto: '10m' },
  resources: { namespaces: ['shop'] },
});

describe('a point has the same content', () => {
  test('whatever its name, its time, and the state and versions of its objects', () => {
    const later = {
      ...manifest,
      name: 'another',
      capturedAt: '2027-01-01T00:00:00Z',
      finishedAt: '2027-01-01T00:00:00Z',
      resourceVersions: { 'Secret/shop': '99' },
      objects: [object({ resourceVersion: '99', bytes: 11 })],
      leftOut: [{ key: 'Pod/shop/web-1', reason: 'GeneratedByController' }],
    };
    expect(isSameContent(manifest, later)).toBe(true);
  });

  test.each(
    Object.entries({
      'an object has another digest': { objects: [object({ digest: 'd2' })] },
      'an object is read through another version': { objects: [object({ apiVersion: 'v2' })] },
      'an object is there for another reason': {
        objects: [object({ why: { by: 'Pod/shop/a', rule: 'env', field: 'spec' } })],
      },
      'an object is gone': { objects: [] },
      'an object is new': { objects: [object(), object({ key: 'Secret/shop/new' })] },
      'the order is another': { units: [{ id: 'x', objects: [] }] },
      'a namespace is missing': { missingNamespaces: ['mail'] },
      'there is something to be told': { warnings: ['a doubt'] },
      'data of another claim is not in it': { volumesWithoutData: ['PersistentVolumeClaim/shop/new'] },
    }),
  )('but not when %s', (_what, changes) => {
    expect(isSameContent(manifest, { ...manifest, ...changes })).toBe(false);
  });
});

test('a point is told anew when an object has become ready since, not when it no longer is', () => {
  const ready = { ...manifest, objects: [object({ shown: ['Ready'] })] };

  expect(isSameContent(ready, manifest)).toBe(false);
  expect(isSameContent(ready, ready)).toBe(true);
  expect(isSameContent(manifest, ready)).toBe(true);
});

test('data that is copied changes unseen; that of a claim which is left out does not count', () => {
  const volume = { claim: 'PersistentVolumeClaim/shop/a', reason: 'as asked' };
  expect(hasCopiedData({ volumes: [{ ...volume, strategy: 'Exclude' }] })).toBe(false);
  expect(hasCopiedData({ volumes: [{ ...volume, strategy: 'SnapshotHandle' }] })).toBe(true);
  expect(hasCopiedData({})).toBe(false);
});

test('what is asked of the source is another question for another selection or other kinds, not for another store', () => {
  const question = questionText(spec, 'kinds');
  expect(questionText({ ...spec, resources: { namespaces: ['mail'] } }, 'kinds')).not.toBe(question);
  expect(questionText(spec, 'other kinds')).not.toBe(question);
  expect(questionText({ ...spec, replication: { ...spec.replication, keep: 99 } }, 'kinds')).toBe(question);
});

test('only the very point that was proven counts as verified', () => {
  const point = { manifest, digest: 'sha256:m' };
  const seen = { included: new Map(), chosen: new Set<string>() };
  const { namespace, name } = manifest.scenario;
  const key = `${namespace}/${name}`;
  const memory: Memory = new Map([[key, { point, question: '', reads: [], seen, provenAt: undefined }]]);
  markVerified(memory, { ...point, digest: 'sha256:other' }, tick(7));
  expect(memory.get(key)).toMatchObject({ provenAt: undefined, seen });
  markVerified(memory, point, tick(7));
  expect(memory.get(key)).toMatchObject({ provenAt: 7, seen: undefined });
});
