/** Clusters of regions on a real objective cluster: kubeconfig Secrets appear, rotate, break and are mended. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lab } from '../../../hack/lab/types.ts';
import { systemClock } from '../../../src/clock.ts';
import type { Cluster, ClusterAccess } from '../../../src/kube/cluster.ts';
import { createCluster } from '../../../src/kube/cluster-client.ts';
import { unobservedClient } from '../../../src/kube/observers.ts';
import { type RegionClusters, startRegionClusters } from '../../../src/kube/region-clusters.ts';
import { recordingLog } from '../../../src/kube/testing/recording-log.ts';
import { getLab } from '../lab.ts';
import { directKubeconfig, freshNamespace, SECRETS, testClient, withParts } from './client.ts';

const PATIENCE = { timeout: 120_000, interval: 100 };
const { signal } = new AbortController();
const stop = new AbortController();
const REGION = `rotating-${Date.now().toString(36)}`;
const changes: string[] = [];

let lab: Lab;
let namespace: string;
let objective: Cluster;
let clusters: RegionClusters;

beforeAll(async () => {
  lab = await getLab();
  await lab.objective.kubectl(['apply', '--server-side', '--force-conflicts', '-f', 'crds/']);
  await lab.objective.kubectl([
    'wait',
    '--for=condition=Established',
    '--timeout=120s',
    'crd/regionhealths.antipode.dev',
  ]);
  namespace = await freshNamespace(lab.objective, 'operator');
  objective = testClient(directKubeconfig(lab.objective)).cluster;
  const log = recordingLog();
  clusters = startRegionClusters(
    {
      objective,
      namespace,
      clock: systemClock,
      log,
      connect: (connection, name) =>
        createCluster(connection, {
          name,
          clock: systemClock,
          random: Math.random,
          log,
          observer: unobservedClient,
        }),
      onChange: (region) => changes.push(region),
    },
    stop.signal,
  );
  await clusters.synced(signal);
});
afterAll(async () => {
  stop.abort();
  await lab.objective.kubectl(['delete', 'regionhealth', REGION, '--ignore-not-found']);
  await objective.close();
});

const access = (): ClusterAccess => clusters.region(REGION);
const reason = (): string => {
  const found = access();
  return found.kind === 'available' ? 'available' : found.reason;
};
const message = (): string => {
  const found = access();
  return found.kind === 'available' ? '' : found.message;
};

async function putSecret(data: Record<string, string>): Promise<void> {
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name: 'region' } };
  const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
  const body = { ...secret, data: Object.fromEntries(encoded) };
  await objective.apply(body, { fieldManager: 'test', force: true }, signal);
}

async function withClientCertificate(user: string, validFor: number): Promise<string> {
  const { certificate, key } = await lab.source.clientCertificate(user, [], validFor);
  return withParts(directKubeconfig(lab.source), {
    user: {
      'client-certificate-data': Buffer.from(certificate).toString('base64'),
      'client-key-data': Buffer.from(key).toString('base64'),
    },
  });
}

/** The user as whom the server knows this client: it may list no Secrets, and is told so by name. */
async function whoAmI(cluster: Cluster): Promise<string> {
  return cluster.list(SECRETS, {}, signal).then(
    () => 'an administrator',
    (error: Error) => error.message,
  );
}

test('a region is followed from nothing to usable, through rotation, mistakes and expiry', async () => {
  expect(reason()).toBe('RegionNotFound');

  const region = {
    apiVersion: 'antipode.dev/v1alpha1',
    kind: 'RegionHealth',
    metadata: { name: REGION },
    spec: { region: 'eu-west', clusterRef: { secretName: 'region' } },
  };
  await objective.apply(region, { fieldManager: 'test' }, signal);
  await expect.poll(reason, PATIENCE).toBe('KubeconfigSecretNotFound');
  expect(message()).toContain(`Secret ${namespace}/region`);
  expect(changes).toContain(REGION);

  await putSecret({ wrong: 'hunter2' });
  await expect.poll(message, PATIENCE).toContain('has no key kubeconfig (it has wrong)');

  await putSecret({ kubeconfig: 'hunter2: [' });
  await expect.poll(message, PATIENCE).toContain('not valid YAML');
  expect(message()).not.toContain('hunter2');

  await putSecret({ kubeconfig: await withClientCertificate('late', -60) });
  await expect.poll(message, PATIENCE).toContain('the client certificate expired at');

  await putSecret({ kubeconfig: await withClientCertificate('first', 3600) });
  await expect.poll(reason, PATIENCE).toBe('available');
  const first = access();
  expect(first.kind === 'available' && (await whoAmI(first.cluster))).toContain('User "first"');
  // The same bytes keep their client.
  expect(access()).toMatchObject({ cluster: first.kind === 'available' ? first.cluster : undefined });

  changes.length = 0;
  await putSecret({ kubeconfig: await withClientCertificate('second', 3600) });
  const user = async (): Promise<unknown> => {
    const found = access();
    return found.kind === 'available' ? whoAmI(found.cluster) : found.message;
  };
  await expect.poll(user, PATIENCE).toContain('User "second"');
  expect(changes).toContain(REGION);

  await putSecret({ kubeconfig: await withClientCertificate('short', 4) });
  await expect.poll(reason, PATIENCE).toBe('KubeconfigInvalid');
  expect(message()).toContain('expired at');

  await lab.objective.kubectl(['delete', 'regionhealth', REGION]);
  await expect.poll(reason, PATIENCE).toBe('RegionNotFound');
});
