/**
 * Copies by VolSync, whose part the test plays: it answers what Antipode asks
 * for as VolSync does, and makes the image from a snapshot of its own. VolSync
 * itself does not run in the lab, as its movers are Pods.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADD_ON_TIMEOUT_MS } from '../../../hack/harness/add-on.ts';
import { aClaim, applyTo, aSnapshot, untilBound, untilReady } from '../../../hack/harness/csi-claims.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import type { LabCluster } from '../../../hack/lab/types.ts';
import { at, textAt } from '../../../src/api/fields.ts';
import { getLab } from '../lab.ts';
import {
  capture,
  claims,
  restore,
  scenarioOf,
  signal,
  specOf,
  untilEvidence,
  type VolumesWorld,
  volumesWorld,
} from './support.ts';
import { VOLSYNC_KINDS } from './volsync-kinds.ts';

const VOLSYNC = { volumes: { strategy: 'VolSync', snapshotTimeout: '5m' } };
const CRDS = ['crd/replicationsources.volsync.backube', 'crd/replicationdestinations.volsync.backube'];

let world: VolumesWorld;
beforeAll(async () => {
  world = await volumesWorld(await getLab(), { backend: 'separate' });
  const { lab, source, recovery } = world;
  for (const cluster of [lab.source, lab.recovery]) {
    await applyTo(cluster, VOLSYNC_KINDS);
    await cluster.kubectl(['wait', '--for=condition=Established', '--timeout=120s', ...CRDS]);
  }
  await Promise.all([source, recovery].map((cluster) => cluster.discover(signal, { refresh: true })));
}, ADD_ON_TIMEOUT_MS);
afterAll(async () => {
  // Other tests must not find them.
  const away = ['delete', ...CRDS, '--ignore-not-found', '--timeout=120s'];
  if (world !== undefined)
    await Promise.all([world.lab.source, world.lab.recovery].map((one) => one.kubectl(away)));
  await world?.end();
});

test('each point is a sync of its own, whose image is kept and restored from', async () => {
  const namespace = await world.namespace();
  await claims(world, namespace, ['db']);
  const spec = specOf(world, namespace, VOLSYNC);

  const capturing = capture(world, world.engine, spec);
  const mover = await playMover(namespace, 'received by the mover');
  const result = await capturing;

  if (result.kind !== 'captured') throw new Error(JSON.stringify(result));
  const { manifest } = result.point;
  expect(mover.trigger).toBe(manifest.name);
  expect(mover.key).toBe('c2VjcmV0');
  expect(manifest.volumes).toMatchObject([
    { strategy: 'VolSync', image: `${namespace}/image`, instant: expect.any(String) },
  ]);
  expect(Date.parse(manifest.volumes?.[0]?.instant ?? '')).toBeGreaterThanOrEqual(
    Date.parse(manifest.capturedAt),
  );
  const kept = await read(world.lab.recovery, namespace, 'volumesnapshot', 'image');
  expect(at(kept, 'metadata', 'labels', 'volsync.backube/do-not-delete')).toBe('true');
  expect(await world.engine.verify(result.point, spec, world, signal)).toMatchObject({ kind: 'verified' });

  const { point } = await restore(world, manifest.name, scenarioOf(namespace));
  await untilEvidence(world, point, `PersistentVolumeClaim/${namespace}/db`, 'proven');
  expect(await contents(namespace)).toBe('received by the mover');
});

test('a VolSync that does not take up its work ends the capture, naming the claim', async () => {
  const namespace = await world.namespace();
  await claims(world, namespace, ['db']);
  const spec = specOf(world, namespace, { volumes: { strategy: 'VolSync', snapshotTimeout: '2s' } });

  const result = await capture(world, world.engine, spec);

  expect(result).toMatchObject({
    kind: 'incomplete',
    messages: [
      expect.stringMatching(
        new RegExp(`^PersistentVolumeClaim/${namespace}/db: VolSync in .* gives no address`),
      ),
    ],
  });
});

/** Answers as VolSync does, for one sync. */
async function playMover(namespace: string, received: string) {
  const { lab, csi } = world;
  const destination = await seen(lab.recovery, namespace, 'replicationdestination', 'antipode-db');
  const key = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace, name: 'key' },
    data: { 'psk.txt': 'c2VjcmV0' },
  };
  await applyTo(lab.recovery, [key, aClaim({ namespace, name: 'volsync-dst' })]);
  const trigger = textAt(destination, 'spec', 'trigger', 'manual') ?? '';
  const listening = { rsyncTLS: { address: '192.0.2.1', keySecret: 'key' } };
  await setStatus(lab.recovery, namespace, 'replicationdestination', listening);
  const origin = await seen(lab.source, namespace, 'replicationsource', 'antipode-db');
  const secret = await seen(
    lab.source,
    namespace,
    'secret',
    textAt(origin, 'spec', 'rsyncTLS', 'keySecret') ?? '',
  );
  await untilBound(lab.recovery, { namespace, name: 'volsync-dst' });
  await writeFile(join(await csi.recovery.volumePath(namespace, 'volsync-dst'), 'file'), received);
  await applyTo(lab.recovery, [aSnapshot({ namespace, name: 'image' }, 'volsync-dst')]);
  await untilReady(lab.recovery, { namespace, name: 'image' });
  await setStatus(lab.source, namespace, 'replicationsource', { lastManualSync: trigger });
  const latestImage = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'image' };
  await setStatus(lab.recovery, namespace, 'replicationdestination', {
    lastManualSync: trigger,
    latestImage,
  });
  return { trigger, key: textAt(secret, 'data', 'psk.txt') };
}

function seen(cluster: LabCluster, namespace: string, kind: string, name: string): Promise<unknown> {
  return waitFor({ what: `${kind} ${name}`, seconds: 120 }, () => read(cluster, namespace, kind, name));
}

async function read(cluster: LabCluster, namespace: string, kind: string, name: string): Promise<unknown> {
  return JSON.parse(await cluster.kubectl(['-n', namespace, 'get', kind, name, '-o', 'json']));
}

async function setStatus(
  cluster: LabCluster,
  namespace: string,
  kind: string,
  status: object,
): Promise<void> {
  const patch = ['--subresource=status', '--type=merge', '-p', JSON.stringify({ status })];
  await cluster.kubectl(['-n', namespace, 'patch', kind, 'antipode-db', ...patch]);
}

async function contents(namespace: string): Promise<string> {
  return readFile(join(await world.csi.recovery.volumePath(namespace, 'db'), 'file'), 'utf8');
}
