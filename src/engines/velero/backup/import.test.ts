import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../api/object.ts';
import { anObject } from '../../../testing/objects.ts';
import { writeArchive } from '../../native/points/archive.ts';
import { archiveKey, backupKey, extraKey } from '../../native/points/layout.ts';
import { shop, specWith, type VeleroWorld, veleroWorld } from '../testing/world.ts';
import { typeOf } from './archive-sight.ts';
import { importVeleroBackup } from './import.ts';

const { signal } = new AbortController();
const NAME = 'nightly';
let world: VeleroWorld;
beforeEach(async () => {
  world = await veleroWorld();
});
afterEach(() => world.remove());

const application: readonly KubeObject[] = [
  anObject('Namespace', 'shop'),
  anObject('ConfigMap', 'shop/settings', { data: { colour: 'green' } }),
  anObject('ConfigMap', 'shop/kube-root-ca.crt'),
  anObject('Deployment', 'shop/web', {
    spec: {
      template: {
        spec: {
          priorityClassName: 'urgent',
          containers: [{ name: 'web', image: 'a:1', envFrom: [{ configMapRef: { name: 'settings' } }] }],
        },
      },
    },
  }),
];

/** @param errors as in the results of a backup */
async function imported(status: object, errors: object | undefined, log = '') {
  const { store, clock } = world;
  const startTimestamp = '2026-01-02T03:04:05Z';
  const record = { kind: 'Backup', metadata: { name: NAME }, status: { startTimestamp, ...status } };
  const archived = application.map((object) => ({ object, type: typeOf(object) }));
  await store.put(backupKey(NAME), Buffer.from(JSON.stringify(record)), signal);
  await store.put(archiveKey(NAME), await writeArchive(archived), signal);
  await store.put(extraKey(NAME, 'logs.gz'), gzipSync(log), signal);
  if (errors !== undefined)
    await store.put(extraKey(NAME, 'results.gz'), gzipSync(JSON.stringify({ errors })), signal);
  return importVeleroBackup({ store, clock }, NAME, shop, specWith(), signal);
}

const of = (resource: string, name: string) =>
  ` resource: /${resource} name: /${name} message: /Error backing up item error: /${name} timed out`;

describe('a backup that is PartiallyFailed', () => {
  const status = { phase: 'PartiallyFailed', errors: 2 };

  test.each([
    ['in another namespace', { namespaces: { other: [of('secrets', 'key')] } }],
    ['in an object that is never copied', { namespaces: { shop: [of('configmaps', 'kube-root-ca.crt')] } }],
    [
      'in a cluster-scoped object that nothing selected needs',
      { cluster: [of('persistentvolumes', 'pv-7')] },
    ],
  ])('%s is restored from, and says so in a warning', async (_, errors) => {
    expect(await imported(status, errors)).toMatchObject({
      kind: 'imported',
      point: {
        manifest: { warnings: [expect.stringMatching(/PartiallyFailed with 2 errors.*timed out/)] },
      },
    });
  });

  test.each([
    ['in a selected object', { namespaces: { shop: [of('deployments.apps', 'web')] } }, 'web timed out'],
    [
      'in one of the namespace that is not in it',
      { namespaces: { shop: [of('secrets', 'a')] } },
      'a timed out',
    ],
    [
      'in one that a selected one refers to',
      { cluster: [of('priorityclasses.scheduling.k8s.io', 'urgent')] },
      'urgent timed out',
    ],
    [
      'in a binding that may be for a selected account',
      { cluster: [of('clusterrolebindings.rbac.authorization.k8s.io', 'reader')] },
      'reader timed out',
    ],
    ['in no object', { velero: [' message: /Error listing items error: /busy'] }, 'listing items: busy'],
  ])('%s is not restored from, and the error is told', async (_, errors, told) => {
    expect(await imported(status, errors)).toEqual({
      kind: 'unusable',
      message: expect.stringMatching(new RegExp(`PartiallyFailed in what the scenario selects: .*${told}$`)),
    });
  });

  test('without a word on what failed is not restored from', async () => {
    expect(await imported(status, undefined)).toMatchObject({
      kind: 'unusable',
      message: expect.stringContaining('what failed is not in'),
    });
  });
});

test('a backup that is Failed is told with the last errors of its log', async () => {
  const log = 'time="2026-01-02T03:04:05Z" level=error msg="no space left"\n';

  expect(await imported({ phase: 'Failed' }, undefined, log)).toMatchObject({
    kind: 'unusable',
    message: expect.stringMatching(/is Failed.*the last errors of its log: no space left$/),
  });
});

test('a backup that is Completed is imported without a warning of it', async () => {
  const result = await imported({ phase: 'Completed' }, undefined);

  expect(result).toMatchObject({ kind: 'imported', point: { manifest: { name: NAME } } });
});
