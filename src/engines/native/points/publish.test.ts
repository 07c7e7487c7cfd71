import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { KubeObject } from '../../../api/object.ts';
import { objectKey } from '../../../api/object.ts';
import { instant, toRfc3339 } from '../../../domain/time.ts';
import { type Store, StoreError } from '../../../store/store.ts';
import { directoryStore } from '../../../store/testing/directory-store.ts';
import { silent } from '../../../testing/silent-log.ts';
import { PointDamagedError, type PointSummary, type PublishedPoint } from '../../engine.ts';
import { objectDigest } from '../objects/digest.ts';
import { archiveKey, backupKey, claimKey, manifestKey } from './layout.ts';
import { collectHalfWritten, HALF_WRITTEN_AGE, newestPoint, openPoint } from './points.ts';
import { freeName, type Publication, publish } from './publish.ts';
import { nothingKnown, survey } from './survey.ts';

const START = instant(Date.parse('2026-11-23T12:00:00.000Z'));
const signal = new AbortController().signal;
const shop = { namespace: 'dr', name: 'shop', uid: 'u1' };
const nobody: ReadonlySet<string> = new Set();

let root: string;
let store: Store;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'antipode-points-'));
  store = directoryStore(root);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const secret = (name: string, value: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'shop', uid: 'x', resourceVersion: '7' },
  data: { value },
});

function publication(name: string, objects: readonly KubeObject[], minute = 0): Publication {
  const at = toRfc3339(instant(START + minute * 60_000));
  return {
    namespaces: ['shop'],
    objects: objects.map((object) => ({ object, type: { resource: 'secrets', version: 'v1' } })),
    draft: {
      formatVersion: 1,
      name,
      scenario: shop,
      sourceRegion: 'eu-west',
      capturedAt: at,
      finishedAt: at,
      resourceVersions: {},
      objects: objects.map((object) => ({
        key: objectKey(object),
        apiVersion: object.apiVersion,
        digest: objectDigest(object),
        resourceVersion: '7',
        bytes: 1,
      })),
      leftOut: [],
      units: [],
      edges: [],
      longestPath: [],
      volumesWithoutData: [],
    },
  };
}

const publishIn = (into: Store, name: string, value: string, minute = 0): Promise<PublishedPoint> =>
  publish(publication(name, [secret('db', value)], minute), into, silent, signal);

const listed = async (scenario = shop): Promise<readonly PointSummary[]> =>
  (await survey(store, scenario, nothingKnown(), silent, signal)).points;
const names = async (): Promise<readonly string[]> => (await listed()).map(({ name }) => name);

/** Fails at its n-th change; a dead one at every call after it too, as when the process is killed. */
function failingAt(n: number, mode: 'once' | 'dead'): Store {
  let changes = 0;
  let failed = false;
  const change = async (work: () => Promise<void>): Promise<void> => {
    changes += 1;
    if (changes === n || (failed && mode === 'dead')) {
      failed = true;
      throw new StoreError('StoreFull', 'store directory has no space left');
    }
    await work();
  };
  return {
    location: store.location,
    get: (key, s) => store.get(key, s),
    list: (prefix, s) =>
      failed && mode === 'dead' ? Promise.reject(new Error('dead')) : store.list(prefix, s),
    put: (key, body, s) => change(() => store.put(key, body, s)),
    create: async (key, body, s) => {
      let created = false;
      await change(async () => {
        created = await store.create(key, body, s);
      });
      return created;
    },
    copy: (from, to, s) => store.copy(from, to, s),
    remove: (key, s) => change(() => store.remove(key, s)),
  };
}

const WRITES = 7;

test('a published point is listed with its digest and opens with its objects unchanged', async () => {
  const published = await publishIn(store, 'dr-shop-1', 'aHVudGVyMg==');
  expect(await listed()).toMatchObject([{ name: 'dr-shop-1', objects: 1, digest: published.digest }]);
  expect(await newestPoint(store, shop, nothingKnown(), silent, signal)).toEqual(published);
  const open = await openPoint(store, 'dr-shop-1', signal, published.digest);
  expect(open.digest).toBe(published.digest);
  expect(open.object('Secret/shop/db')).toEqual(secret('db', 'aHVudGVyMg=='));
});

test("a published point is a finished backup in Velero's layout", async () => {
  await publishIn(store, 'dr-shop-1', 'eA==');
  expect(await store.list('velero/', signal)).toEqual([
    'velero/backups/dr-shop-1/dr-shop-1-logs.gz',
    'velero/backups/dr-shop-1/dr-shop-1-resource-list.json.gz',
    'velero/backups/dr-shop-1/dr-shop-1-results.gz',
    'velero/backups/dr-shop-1/dr-shop-1.tar.gz',
    'velero/backups/dr-shop-1/velero-backup.json',
  ]);
  const backup: unknown = JSON.parse(
    Buffer.from((await store.get(backupKey('dr-shop-1'), signal)) ?? []).toString(),
  );
  expect(backup).toMatchObject({
    apiVersion: 'velero.io/v1',
    kind: 'Backup',
    metadata: { name: 'dr-shop-1' },
    status: { phase: 'Completed', formatVersion: '1.1.0', expiration: '2036-11-20T12:00:00.000Z' },
  });
  const list = await store.get('velero/backups/dr-shop-1/dr-shop-1-resource-list.json.gz', signal);
  expect(JSON.parse(gunzipSync(list ?? Buffer.alloc(0)).toString())).toEqual({ 'v1/Secret': ['shop/db'] });
});

const nothing = { removed: [], problems: [] };

test.each(Array.from({ length: WRITES }, (_, index) => index + 1))(
  'killed at write %i, a capture leaves no visible point and the former one intact; the rest is collected later',
  async (n) => {
    const former = await publishIn(store, 'dr-shop-1', 'eA==');

    await expect(publishIn(failingAt(n, 'dead'), 'dr-shop-2', 'eQ==', 1)).rejects.toThrow(StoreError);

    expect((await listed()).map(({ digest }) => digest)).toEqual([former.digest]);
    await expect(openPoint(store, 'dr-shop-1', signal, former.digest)).resolves.toBeDefined();
    await expect(openPoint(store, 'dr-shop-2', signal)).rejects.toThrow(PointDamagedError);
    const tooSoon = instant(START + 60_000 + HALF_WRITTEN_AGE);
    expect(await collectHalfWritten(store, shop, () => false, tooSoon, signal)).toEqual(nothing);
    const later = instant(tooSoon + 1);
    await collectHalfWritten(store, shop, () => false, later, signal);
    expect((await store.list('', signal)).filter((key) => key.includes('dr-shop-2'))).toEqual([]);
    expect(await names()).toEqual(['dr-shop-1']);
  },
);

test('one write more than those is never made', async () => {
  await publishIn(failingAt(WRITES + 1, 'dead'), 'dr-shop-1', 'eA==');
  expect(await names()).toEqual(['dr-shop-1']);
});

test.each(Array.from({ length: WRITES }, (_, index) => index + 1))(
  'refused at write %i, a capture removes what it had written at once',
  async (n) => {
    await publishIn(store, 'dr-shop-1', 'eA==');
    const before = await store.list('', signal);
    await expect(publishIn(failingAt(n, 'once'), 'dr-shop-2', 'eQ==', 1)).rejects.toThrow('no space left');
    expect(await store.list('', signal)).toEqual(before);
  },
);

test('points are listed newest first, those of other scenarios never', async () => {
  await publishIn(store, 'dr-shop-20261123120000', 'eA==', 0);
  await publishIn(store, 'dr-shop-20261123120200', 'eA==', 2);
  await publishIn(store, 'dr-shop-20261123120100', 'eA==', 1);
  const other = publication('dr-shop-web-20261123120300', [secret('a', 'eA==')], 3);
  await publish(
    { ...other, draft: { ...other.draft, scenario: { ...shop, name: 'shop-web' } } },
    store,
    silent,
    signal,
  );
  expect(await names()).toEqual([
    'dr-shop-20261123120200',
    'dr-shop-20261123120100',
    'dr-shop-20261123120000',
  ]);
});

test('a scenario that was created anew finds the points of its former self', async () => {
  await publishIn(store, 'dr-shop-1', 'eA==');
  expect(await listed({ ...shop, uid: 'another' })).toHaveLength(1);
});

test('what this process is writing is not collected, however old its claim', async () => {
  await publishIn(failingAt(3, 'dead'), 'dr-shop-1', 'eA==').catch(() => undefined);
  const later = instant(START + 10 * HALF_WRITTEN_AGE);
  expect(await collectHalfWritten(store, shop, (name) => name === 'dr-shop-1', later, signal)).toEqual(
    nothing,
  );
  expect(await store.get(claimKey('dr-shop-1'), signal)).toBeDefined();
});

test.each([
  ['the archive', archiveKey('dr-shop-1')],
  ['the manifest', manifestKey('dr-shop-1')],
])('a point with one changed byte in %s is damaged and never opened', async (_, key) => {
  const published = await publishIn(store, 'dr-shop-1', 'aHVudGVyMg==');
  const body = Buffer.from((await store.get(key, signal)) ?? []);
  for (const position of [0, Math.floor(body.length / 2), body.length - 2]) {
    const changed = Buffer.from(body);
    changed[position] = (changed[position] ?? 0) ^ 1;
    await store.put(key, changed, signal);
    const error: unknown = await openPoint(store, 'dr-shop-1', signal, published.digest).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(PointDamagedError);
    expect(String(error)).toContain('dr-shop-1');
    expect(String(error)).not.toContain('aHVudGVyMg');
  }
});

test('a point without its archive is damaged', async () => {
  await publishIn(store, 'dr-shop-1', 'eA==');
  await store.remove(archiveKey('dr-shop-1'), signal);
  await expect(openPoint(store, 'dr-shop-1', signal)).rejects.toThrow('its archive is not there');
});

test('a name that is taken gets a counter, also when its point was never published', async () => {
  const at = '2026-11-23T13:05:59.123Z';
  expect(await freeName(store, shop, at, nobody, signal)).toBe('dr-shop-20261123130559');
  await publishIn(store, 'dr-shop-20261123130559', 'eA==');
  await publishIn(failingAt(2, 'dead'), 'dr-shop-20261123130559-2', 'eA==').catch(() => undefined);
  expect(await freeName(store, shop, at, nobody, signal)).toBe('dr-shop-20261123130559-3');
});

const longNamed = (end: string) => ({
  namespace: 'n'.repeat(63),
  name: `${'s'.repeat(250)}${end}`,
  uid: 'u',
});

test('names of scenarios with the longest names stay valid and apart', async () => {
  const [one, other] = await Promise.all(
    ['a', 'b'].map((end) => freeName(store, longNamed(end), '2026-11-23T13:05:59Z', nobody, signal)),
  );
  expect(one).not.toBe(other);
  expect(`${one}-resource-list.json.gz`.length).toBeLessThan(255);
  expect(one).toMatch(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);
});
