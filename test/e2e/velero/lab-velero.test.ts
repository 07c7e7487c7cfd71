/** Velero and S3 as add-ons of the lab: what the tests of engines and stores take for granted. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADD_ON_TIMEOUT_MS } from '../../../hack/harness/add-on.ts';
import { ensureS3, type LabS3 } from '../../../hack/harness/s3.ts';
import { ensureVelero, type LabVelero } from '../../../hack/harness/velero.ts';
import type { LabVeleroServer } from '../../../hack/harness/velero-server.ts';
import type { Lab } from '../../../hack/lab/types.ts';
import { getLab } from '../lab.ts';

const BUCKET = 'lab-velero';
/** Unique, as an attached lab remembers earlier runs. */
const NAME = `lab-velero-${Date.now().toString(36)}`;
const progress = (line: string): void => console.log(`lab: ${line}`);

let lab: Lab;
let velero: LabVelero;
beforeAll(async () => {
  lab = await getLab();
  velero = await ensureVelero(lab, { bucket: BUCKET, progress });
  await lab.source.kubectl(['apply', '-f', '-'], { input: application() });
}, ADD_ON_TIMEOUT_MS);
afterAll(async () => {
  const away = ['delete', 'namespace', NAME, '--ignore-not-found', '--wait=false'];
  await Promise.all([lab.source.kubectl(away), lab.recovery.kubectl(away)]);
});

test('a Backup made in the source is restored in the recovery region', async () => {
  const { source, recovery } = velero;

  await source.cli(['backup', 'create', NAME, '--include-namespaces', NAME, '--wait']);
  expect(await phaseOf(source, 'backup', NAME)).toBe('Completed');
  await handOver(NAME);
  await recovery.cli(['restore', 'create', NAME, '--from-backup', NAME, '--wait']);

  expect(await phaseOf(recovery, 'restore', NAME)).toBe('Completed');
  const value = ['-n', NAME, 'get', 'configmap/settings', '-o', 'jsonpath={.data.colour}'];
  expect(await lab.recovery.kubectl(value)).toBe('green');
  await lab.recovery.kubectl(['-n', NAME, 'rollout', 'status', 'deployment/web', '--timeout=120s']);
});

test('what Velero writes are files in the bucket, also those it says it has', async () => {
  const backup = join(velero.s3.directory, BUCKET, 'backups', NAME);

  expect(existsSync(join(backup, 'velero-backup.json'))).toBe(true);
  expect(await velero.source.cli(['backup', 'logs', NAME])).toContain('Backed up a total of');
});

test('a Backup asked for while the server is dead is made when it is back', async () => {
  await velero.source.kill();
  const backup = {
    apiVersion: 'velero.io/v1',
    kind: 'Backup',
    metadata: { name: `${NAME}-late`, namespace: velero.source.namespace },
    spec: { includedNamespaces: [NAME], storageLocation: 'default' },
  };
  await lab.source.kubectl(['apply', '-f', '-'], { input: JSON.stringify(backup) });

  await velero.source.start();

  await expect
    .poll(() => phaseOf(velero.source, 'backup', `${NAME}-late`), { timeout: 120_000 })
    .toBe('Completed');
});

test('a killed S3 server refuses, and comes back with the same objects at the same place', async () => {
  const { s3, source } = velero;
  await s3.kill();
  await expect(fetch(s3.endpoint)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });

  await s3.start();

  expect(await source.cli(['backup', 'logs', NAME])).toContain('Backed up a total of');
});

test('asked for again the servers are the same; with other options they are restarted for these', async () => {
  const before = await lab.program('velero-recovery').start();

  await ensureVelero(lab, { bucket: BUCKET });
  expect(await lab.program('velero-recovery').start()).toEqual(before);

  const other = await ensureVelero(lab, { bucket: BUCKET, prefix: 'elsewhere' });
  expect(await other.recovery.cli(['backup-location', 'get'])).toMatch(/lab-velero\/elsewhere\s+Available/);
  expect((await lab.program('velero-recovery').start()).pid).not.toBe(before.pid);
});

test('S3 is served with TLS too, to those who trust its authority', async () => {
  const plain: LabS3 = velero.s3;
  const s3 = await ensureS3(lab, { tls: true });

  await expect(fetch(s3.endpoint)).rejects.toMatchObject({
    cause: { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
  });
  const trusting = await ensureVelero(lab, { bucket: BUCKET, tls: true });

  expect(s3.endpoint).toMatch(/^https:/);
  expect(trusting.s3.endpoint).toBe(s3.endpoint);
  expect(trusting.s3.directory).not.toBe(plain.directory);
});

async function phaseOf(server: LabVeleroServer, kind: 'backup' | 'restore', name: string): Promise<string> {
  const args = ['-n', server.namespace, 'get', `${kind}.velero.io/${name}`, '-o', 'jsonpath={.status.phase}'];
  return server.cluster.kubectl(args);
}

/** Copies a Backup with its status, so that nobody waits for Velero's own sync. */
async function handOver(name: string): Promise<void> {
  const from = ['-n', velero.source.namespace, 'get', `backup.velero.io/${name}`, '-o', 'json'];
  const backup = JSON.parse(await lab.source.kubectl(from));
  const { namespace, labels, annotations } = backup.metadata;
  const copy = { ...backup, metadata: { name, namespace, labels, annotations } };
  await lab.recovery.kubectl(['create', '-f', '-'], { input: JSON.stringify(copy) });
}

function application(): string {
  const labels = { app: 'web' };
  const metadata = (name: string) => ({ name, namespace: NAME });
  const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web' }] } };
  const items = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAME } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata('settings'), data: { colour: 'green' } },
    { apiVersion: 'v1', kind: 'Secret', metadata: metadata('key'), stringData: { password: 'hidden' } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadata('web'),
      spec: { selector: labels, ports: [{ port: 80 }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: metadata('web'),
      spec: { replicas: 2, selector: { matchLabels: labels }, template },
    },
  ];
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}
