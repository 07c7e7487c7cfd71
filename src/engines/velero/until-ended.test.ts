import { expect, test } from 'vitest';
import type { KubeObject } from '../../api/object.ts';
import { millis, minutes, seconds } from '../../domain/time.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { manualClock } from '../../testing/manual-clock.ts';
import { partialCluster } from '../../testing/region.ts';
import { silent } from '../../testing/silent-log.ts';
import { untilEnded } from './until-ended.ts';

const { signal } = new AbortController();
const type = {
  group: 'velero.io',
  version: 'v1',
  resource: 'backups',
  kind: 'Backup',
  namespaced: true,
  verbs: [],
};

function following(look: () => object | undefined, atMost?: number, calls: Partial<Cluster> = {}) {
  const clock = manualClock();
  const object = (status: object): KubeObject => ({
    apiVersion: 'velero.io/v1',
    kind: 'Backup',
    metadata: { name: 'b', namespace: 'velero' },
    status,
  });
  const cluster = partialCluster('eu-west', {
    get: async () => {
      const status = look();
      return status && object(status);
    },
    ...calls,
  });
  const patience = { snapshots: minutes(5), ...(atMost === undefined ? {} : { atMost: millis(atMost) }) };
  const followed = { cluster, type, namespace: 'velero', name: 'b' };
  const end = untilEnded(followed, patience, { clock, log: silent }, signal);
  return { clock, end: end.catch((error: unknown) => error) };
}

test('a backup is followed until Velero is done with it', async () => {
  let phase = 'InProgress';
  const { clock, end } = following(() => ({ phase }));
  await clock.advance(seconds(30));
  phase = 'Completed';
  await clock.advance(seconds(5));

  expect(await end).toMatchObject({ stage: { kind: 'completed' } });
});

test('one that nobody takes up for a minute means that no server runs', async () => {
  const { clock, end } = following(() => ({}));
  await clock.advance(seconds(70));

  expect(await end).toMatchObject({ code: 'Silent', message: expect.stringContaining('see that it runs') });
});

test('one that moves is waited for, however long it takes', async () => {
  let done = 0;
  const { clock, end } = following(() => ({
    phase: done < 5 ? 'InProgress' : 'Completed',
    progress: { itemsBackedUp: done, totalItems: 5 },
  }));
  for (; done < 5; done += 1) await clock.advance(minutes(14));
  await clock.advance(seconds(5));

  expect(await end).toMatchObject({ stage: { kind: 'completed' } });
});

test('one that stands still is given up, with where it stands', async () => {
  const { clock, end } = following(() => ({
    phase: 'InProgress',
    progress: { itemsBackedUp: 3, totalItems: 9 },
  }));
  await clock.advance(minutes(16));

  expect(await end).toMatchObject({ code: 'Stalled', message: expect.stringContaining('3 of 9 objects') });
});

const anUpload = (backup: string, datamover: string | undefined, phase: string | undefined): KubeObject => ({
  apiVersion: 'velero.io/v2alpha1',
  kind: 'DataUpload',
  metadata: { name: `${backup}-x`, namespace: 'velero', labels: { 'velero.io/backup-name': backup } },
  spec: { sourceNamespace: 'shop', sourcePVC: 'data', ...(datamover === undefined ? {} : { datamover }) },
  status: phase === undefined ? {} : { phase },
});

function withUploads(...items: readonly KubeObject[]) {
  return following(() => ({ phase: 'WaitingForPluginOperations' }), 20 * 60_000, {
    typeFor: async () => ({ ...type, version: 'v2alpha1', resource: 'datauploads', kind: 'DataUpload' }),
    list: async () => ({ items, resourceVersion: '1' }),
  });
}

test('data that no data mover takes up within minutes is told with its claim and the mover', async () => {
  const { clock, end } = withUploads(
    anUpload('b', 'ours', undefined),
    anUpload('other', 'velero', 'InProgress'),
  );
  await clock.advance(minutes(6));

  expect(await end).toMatchObject({
    code: 'Silent',
    message:
      'Backup velero/b in eu-west waits: PersistentVolumeClaim/shop/data is not taken up by the data mover ours: see that it runs',
  });
});

test.each([
  ['with its data', [anUpload('b', undefined, 'InProgress')]],
  ['with other data first', [anUpload('b', undefined, 'New'), anUpload('other', '', 'Prepared')]],
  ['with nothing that can be seen', []],
])('a data mover that is busy %s is waited for', async (_, uploads) => {
  const { clock, end } = withUploads(...uploads);
  await clock.advance(minutes(21));

  expect(await end).toMatchObject({ stage: { kind: 'running', part: 'volumes' } });
});

test('one that is deleted has failed', async () => {
  const { end } = following(() => undefined);

  expect(await end).toMatchObject({ code: 'Failed', message: expect.stringContaining('was deleted') });
});

test('a turn ends with the stage it is in', async () => {
  const { clock, end } = following(() => ({ phase: 'InProgress' }), 15_000);
  await clock.advance(seconds(20));

  expect(await end).toMatchObject({ stage: { kind: 'running' } });
});
