/** Volumes and snapshots of the lab through real sidecars: what the tests of recovery take for granted. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ADD_ON_TIMEOUT_MS } from '../../../hack/harness/add-on.ts';
import { ensureCsi, type LabCsi } from '../../../hack/harness/csi.ts';
import {
  aClaim,
  aGroupSnapshot,
  anImportedSnapshot,
  applyTo,
  aSnapshot,
  untilBound,
  untilGroupReady,
  untilReady,
} from '../../../hack/harness/csi-claims.ts';
import { STORAGE_CLASS_WFFC } from '../../../hack/harness/csi-objects.ts';
import { readRows, startWriter, type Writer } from '../../../hack/harness/writer.ts';
import { type Acknowledged, lossOf } from '../../../hack/harness/writer-rows.ts';
import type { Lab } from '../../../hack/lab/types.ts';
import { getLab } from '../lab.ts';

/** Unique, as an attached lab remembers earlier runs. */
const namespace = `csi-${Date.now().toString(36)}`;
const key = (name: string) => ({ namespace, name });
const aNamespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };

let lab: Lab;
let csi: LabCsi;
let writers: readonly Writer[] = [];
beforeAll(async () => {
  lab = await getLab();
  csi = await ensureCsi(lab, { backend: 'shared', progress: (line) => console.log(`lab: ${line}`) });
  await Promise.all([applyTo(lab.source, [aNamespace]), applyTo(lab.recovery, [aNamespace])]);
}, ADD_ON_TIMEOUT_MS);
afterEach(async () => {
  await Promise.all(writers.map((writer) => writer.stop()));
  writers = [];
});
afterAll(async () => {
  const away = ['delete', 'namespace', namespace, '--wait=false', '--ignore-not-found'];
  await Promise.all([lab.source.kubectl(away), lab.recovery.kubectl(away)]);
});

test('a claim made from a snapshot has the bytes of the first one', async () => {
  await applyTo(lab.source, [aClaim(key('data'))]);
  await untilBound(lab.source, key('data'));
  const original = await csi.source.volumePath(namespace, 'data');
  const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
  await mkdir(join(original, 'deep/er'), { recursive: true });
  await writeFile(join(original, 'deep/er/file'), bytes);
  await writeFile(join(original, 'empty'), '');

  await applyTo(lab.source, [aSnapshot(key('snap'), 'data')]);
  await untilReady(lab.source, key('snap'));
  await writeFile(join(original, 'empty'), 'not any more');
  await applyTo(lab.source, [aClaim(key('copy'), { snapshot: 'snap' })]);
  await untilBound(lab.source, key('copy'));

  const copy = await csi.source.volumePath(namespace, 'copy');
  expect(copy).not.toBe(original);
  expect(await readFile(join(copy, 'deep/er/file'))).toEqual(bytes);
  expect(await readFile(join(copy, 'empty'), 'utf8')).toBe('');
});

test('a snapshot holds every row that was acknowledged before its instant, and is read in the other region', async () => {
  await applyTo(lab.source, [aClaim(key('db'))]);
  await untilBound(lab.source, key('db'));
  const writer = await write(await csi.source.volumePath(namespace, 'db'));
  await writer.reached(50);

  await applyTo(lab.source, [aSnapshot(key('db'), 'db')]);
  const { handle, cutAt } = await untilReady(lab.source, key('db'));
  await applyTo(lab.recovery, anImportedSnapshot(key('db'), handle));
  await untilReady(lab.recovery, key('db'));
  await applyTo(lab.recovery, [aClaim(key('db'), { snapshot: 'db' })]);
  await untilBound(lab.recovery, key('db'));
  await writer.stop();

  const found = await readRows(await csi.recovery.volumePath(namespace, 'db'));
  const before = writer.acknowledged.filter(({ acknowledgedAt }) => acknowledgedAt < cutAt);
  expect(found).toMatchObject({ corrupt: [], firstMissing: undefined });
  expect(before.length).toBeGreaterThanOrEqual(50);
  expect(lossOf(before, found)).toEqual({ rows: 0, milliseconds: 0, differs: false });
  expect(found.lastRowAt).toBeLessThanOrEqual(cutAt);
  // What came after is lost, and counted.
  const all = writer.acknowledged;
  expect(lossOf(all, found)).toMatchObject({ rows: all.length - found.rows, differs: false });
  expect(all.length).toBeGreaterThan(found.rows);
});

test('the snapshots of a group are cut at one instant', async () => {
  const labels = { part: 'both' };
  await applyTo(lab.source, [aClaim(key('log'), { labels }), aClaim(key('table'), { labels })]);
  await Promise.all([untilBound(lab.source, key('log')), untilBound(lab.source, key('table'))]);
  const first = await write(await csi.source.volumePath(namespace, 'log'));
  const second = await write(await csi.source.volumePath(namespace, 'table'));
  await Promise.all([first.reached(20), second.reached(20)]);

  await applyTo(lab.source, [aGroupSnapshot(key('both'), labels)]);
  const members = await untilGroupReady(lab.source, key('both'));
  const snapshots = await Promise.all(members.map((name) => untilReady(lab.source, key(name))));
  await applyTo(
    lab.source,
    members.map((snapshot) => aClaim(key(`of-${snapshot}`), { snapshot })),
  );
  await Promise.all(members.map((snapshot) => untilBound(lab.source, key(`of-${snapshot}`))));
  await Promise.all([first.stop(), second.stop()]);

  expect(members).toHaveLength(2);
  const [cutAt = 0, other] = snapshots.map((snapshot) => snapshot.cutAt);
  expect(other).toBe(cutAt);
  const found = await Promise.all(
    members.map(async (name) => readRows(await csi.source.volumePath(namespace, `of-${name}`))),
  );
  const sorted = (counts: readonly number[]) => counts.toSorted((a, b) => a - b);
  const rowsOf = (isHeld: (row: Acknowledged) => boolean) =>
    sorted([first, second].map(({ acknowledged }) => acknowledged.filter(isHeld).length));
  const least = rowsOf(({ acknowledgedAt }) => acknowledgedAt < cutAt);
  const most = rowsOf(({ writtenAt }) => writtenAt <= cutAt);
  for (const [index, count] of sorted(found.map(({ rows }) => rows)).entries()) {
    expect(count).toBeGreaterThanOrEqual(least[index] ?? Number.NaN);
    expect(count).toBeLessThanOrEqual(most[index] ?? Number.NaN);
  }
  for (const { lastRowAt } of found) expect(lastRowAt).toBeLessThanOrEqual(cutAt);
});

test('a claim that waits for its first consumer is bound when a pod wants it', async () => {
  await applyTo(lab.recovery, [aClaim(key('late'), { storageClass: STORAGE_CLASS_WFFC })]);
  await expect(csi.recovery.volumePath(namespace, 'late')).rejects.toThrow('is not bound');

  await applyTo(lab.recovery, [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: key('app'),
      spec: {
        containers: [{ name: 'app', image: 'app', volumeMounts: [{ name: 'late', mountPath: '/data' }] }],
        volumes: [{ name: 'late', persistentVolumeClaim: { claimName: 'late' } }],
      },
    },
  ]);

  await untilBound(lab.recovery, key('late'));
  await lab.recovery.kubectl(['-n', namespace, 'wait', 'pod/app', '--for=condition=Ready', '--timeout=120s']);
});

test('a snapshot of a lost region is read in the other one, and the region comes back with its volumes', async () => {
  await applyTo(lab.source, [aClaim(key('lost'))]);
  await untilBound(lab.source, key('lost'));
  const path = await csi.source.volumePath(namespace, 'lost');
  await writeFile(join(path, 'file'), 'contents');
  await applyTo(lab.source, [aSnapshot(key('lost'), 'lost')]);
  const { handle } = await untilReady(lab.source, key('lost'));

  await Promise.all([lab.source.kill(), csi.source.kill()]);
  await applyTo(lab.recovery, [
    ...anImportedSnapshot(key('lost'), handle),
    aClaim(key('found'), { snapshot: 'lost' }),
  ]);
  await untilBound(lab.recovery, key('found'));
  const found = await csi.recovery.volumePath(namespace, 'found');
  expect(await readFile(join(found, 'file'), 'utf8')).toBe('contents');

  await lab.source.start();
  await csi.source.start();
  expect(await csi.source.volumePath(namespace, 'lost')).toBe(path);
  await applyTo(lab.source, [aClaim(key('again'), { snapshot: 'lost' })]);
  await untilBound(lab.source, key('again'));
});

async function write(directory: string): Promise<Writer> {
  const writer = await startWriter(directory, { rowsPerSecond: 200 });
  writers = [...writers, writer];
  return writer;
}
