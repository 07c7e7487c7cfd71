import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { at } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import { anObject } from '../../../testing/objects.ts';
import { partialCluster } from '../../../testing/region.ts';
import { restoreFile, waveName } from '../settings.ts';
import { judgeMoved, noteClaims, unfilled } from './moved-claims.ts';

const POINT = 'dr-shop-20260102030405';
const KEY = 'PersistentVolumeClaim/shop/data';

function aClaim(annotations: Readonly<Record<string, string>>, phase = 'Bound', isMovers = true): KubeObject {
  const selector = { matchLabels: { 'velero.io/dynamic-pv-restore': 'shop.data.x' } };
  return {
    ...anObject('PersistentVolumeClaim', 'shop/data', {
      metadata: { annotations, labels: { 'velero.io/restore-name': 'r' } },
    }),
    spec: isMovers ? { selector } : {},
    status: { phase },
  };
}

const filled = { 'antipode.dev/data-of': `velero/${POINT}` };

test.each([
  ['it was filled from this point', aClaim(filled), 'proven'],
  ['it was filled, and its volume is on the way', aClaim(filled, 'Pending'), 'pending'],
  ['it is bound, and nobody says that it was filled', aClaim({}), 'pending'],
  ['it was filled from another point', aClaim({ 'antipode.dev/data-of': 'velero/older' }), 'refuted'],
  ['it was there before', aClaim({}, 'Bound', false), 'refuted'],
  ['its volume is lost', aClaim(filled, 'Lost'), 'refuted'],
  ['it is bound, and was not filled', aClaim({ 'antipode.dev/data-not-moved': 'no route' }), 'refuted'],
  ['it is gone', undefined, 'pending'],
])('a claim is judged by what was noted on it: %s', (_, claim, kind) => {
  expect(judgeMoved(claim, POINT).kind).toBe(kind);
});

test('a claim that was not filled is told with the reason and what to do', () => {
  const claims = new Map([
    [KEY, aClaim({ 'antipode.dev/data-not-moved': 'no route' })],
    ['PersistentVolumeClaim/shop/other', aClaim(filled)],
  ]);

  expect([...unfilled(claims)]).toEqual([
    [KEY, 'its data was not brought back: no route. Delete it, with what uses it, and it is made anew'],
  ]);
});

const claims = {
  group: '',
  version: 'v1',
  resource: 'persistentvolumeclaims',
  kind: 'PersistentVolumeClaim',
  namespaced: true,
  verbs: [],
};

/** @returns what is noted on a claim once a Restore has ended of which Velero tells `status` */
async function noted(claim: KubeObject, status: object | undefined): Promise<unknown> {
  const restore = waveName(POINT, [KEY]);
  const resourceIdentifier = { Group: '', Resource: claims.resource, Namespace: 'shop', Name: 'data' };
  const file = gzipSync(JSON.stringify([{ spec: { resourceIdentifier }, status }]));
  const patches: unknown[] = [];
  const target = partialCluster('eu-north', {
    discover: async () => [claims],
    list: async (_type, { labelSelector }) => ({
      items: labelSelector === `velero.io/restore-name=${restore}` ? [claim] : [],
      resourceVersion: '1',
    }),
    mergePatch: async (_type, _key, patch) => {
      patches.push(patch);
      return claim;
    },
  });
  const get = async (key: string) =>
    key === restoreFile(restore, 'itemoperations.json.gz') && status !== undefined ? file : undefined;
  await noteClaims(restore, target, { get }, new AbortController().signal);
  return patches.map((patch) => at(patch, 'metadata', 'annotations'));
}

test.each([
  ['was moved', { phase: 'Completed' }, filled],
  ['was not', { phase: 'Failed', error: 'no route' }, { 'antipode.dev/data-not-moved': 'no route' }],
  ['is not told of', undefined, { 'antipode.dev/data-not-moved': 'Velero does not say that it was' }],
])('what Velero says is noted on a claim whose data %s', async (_, status, note) => {
  expect(await noted(aClaim({}), status)).toEqual([note]);
});

test('a claim that is noted, or that no data mover was to fill, is left alone', async () => {
  expect(await noted(aClaim(filled), { phase: 'Failed' })).toEqual([]);
  expect(await noted(aClaim({}, 'Bound', false), { phase: 'Failed' })).toEqual([]);
});
