/** The client against a real API server: connections, pages, patches, deadlines, refusals. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Lab, LabCluster } from '../../../hack/lab/types.ts';
import { systemClock } from '../../../src/clock.ts';
import { seconds } from '../../../src/domain/time.ts';
import type { Cluster } from '../../../src/kube/cluster.ts';
import { createCluster } from '../../../src/kube/cluster-client.ts';
import { discoverAll } from '../../../src/kube/discovery.ts';
import { KubeError } from '../../../src/kube/errors.ts';
import { inClusterConnection } from '../../../src/kube/kubeconfig.ts';
import { unobservedClient } from '../../../src/kube/observers.ts';
import { recordingLog } from '../../../src/kube/testing/recording-log.ts';
import { createTransport } from '../../../src/kube/transport.ts';
import { getLab } from '../lab.ts';
import {
  CONFIG_MAPS,
  configMap,
  connectionOf,
  core,
  directKubeconfig,
  freshNamespace,
  SECRETS,
  serverPort,
  testClient,
  withParts,
} from './client.ts';
import { tcpProxy } from './tcp-proxy.ts';

let lab: Lab;
let server: LabCluster;
let namespace: string;
let cluster: Cluster;
const { signal } = new AbortController();
const PATIENCE = { timeout: 60_000, interval: 100 };

beforeAll(async () => {
  lab = await getLab();
  server = lab.source;
  namespace = await freshNamespace(server, 'client');
  cluster = testClient(directKubeconfig(server)).cluster;
});
afterAll(() => cluster.close());

async function refusal(work: Promise<unknown>): Promise<KubeError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(KubeError);
  return error as KubeError;
}

test('hundreds of requests share a few connections, as many as are allowed', async () => {
  const proxy = await tcpProxy(serverPort(server));
  const client = testClient(directKubeconfig(server, proxy.port), { maxConnections: 8 });
  await client.cluster.apply(configMap(namespace, 'pooled'), { fieldManager: 'test' }, signal);
  const get = () => client.cluster.get(CONFIG_MAPS, { namespace, name: 'pooled' }, signal);
  const found = await Promise.all(Array.from({ length: 400 }, get));
  expect(found.every((object) => object?.metadata.name === 'pooled')).toBe(true);
  expect(proxy.accepted()).toBeLessThanOrEqual(8);
  await client.cluster.close();
  await proxy.close();
});

test('a list is read in pages, complete, typed, and with dates as the server wrote them', async () => {
  const names = Array.from({ length: 23 }, (_, index) => `page-${String(index).padStart(2, '0')}`);
  await Promise.all(
    names.map((name) => cluster.apply(configMap(namespace, name), { fieldManager: 'test' }, signal)),
  );
  const client = testClient(directKubeconfig(server), { pageSize: 5 });
  const list = await client.cluster.list(CONFIG_MAPS, { namespace, labelSelector: 'part=test' }, signal);
  const listed = list.items.map(({ metadata }) => metadata.name).filter((name) => name.startsWith('page-'));
  expect(listed.toSorted()).toEqual(names);
  expect(list.resourceVersion).toMatch(/^\d+$/);
  for (const { apiVersion, kind, metadata } of list.items)
    expect([apiVersion, kind, metadata.creationTimestamp]).toEqual([
      'v1',
      'ConfigMap',
      expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]+Z$/),
    ]);
  expect(client.calls.filter(({ verb }) => verb === 'list').length).toBeGreaterThanOrEqual(5);
  await client.cluster.close();
});

describe('writing', () => {
  test('server-side apply goes out as such: a field of another manager is a conflict, and can be taken', async () => {
    const mine = { fieldManager: 'mine' };
    await cluster.apply(configMap(namespace, 'owned', { a: '1' }), { fieldManager: 'theirs' }, signal);
    const error = await refusal(cluster.apply(configMap(namespace, 'owned', { a: '2' }), mine, signal));
    expect(error).toMatchObject({ code: 'Conflict', retry: 'backoff', status: 409 });
    const taken = await cluster.apply(
      configMap(namespace, 'owned', { a: '2' }),
      { ...mine, force: true },
      signal,
    );
    expect(taken['data']).toEqual({ a: '2' });
  });

  test('applying to the status subresource changes the status and nothing else', async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { namespace, name: 'status' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
        storageClassName: 'none',
      },
    };
    await cluster.apply(pod, { fieldManager: 'test' }, signal);
    const status = { conditions: [{ type: 'Resizing', status: 'True' }] };
    const { spec: _, ...rest } = pod;
    const body = { ...rest, metadata: { ...pod.metadata, labels: { not: 'taken' } }, status };
    const written = await cluster.apply(body, { fieldManager: 'status', subresource: 'status' }, signal);
    expect(written['status']).toMatchObject(status);
    expect(written['spec']).toMatchObject({ storageClassName: 'none' });
  });

  test('scaling through the scale subresource changes the replicas', async () => {
    const labels = { app: 'scaled' };
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { namespace, name: 'scaled' },
      spec: {
        replicas: 0,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'a', image: 'a' }] } },
      },
    };
    await cluster.create(deployment, signal);
    const wanted = { ...deployment, spec: { replicas: 2 } };
    await cluster.apply(wanted, { fieldManager: 'test', force: true, subresource: 'scale' }, signal);
    const type = await cluster.typeFor(deployment, signal);
    expect(type).toMatchObject({ group: 'apps', version: 'v1', resource: 'deployments' });
    const found = type && (await cluster.get(type, { namespace, name: 'scaled' }, signal));
    expect(found?.['spec']).toMatchObject({ replicas: 2 });
  });

  test('a dry run changes nothing', async () => {
    await cluster.apply(configMap(namespace, 'dry'), { fieldManager: 'test', dryRun: true }, signal);
    expect(await cluster.get(CONFIG_MAPS, { namespace, name: 'dry' }, signal)).toBeUndefined();
  });

  test('create, replace, patch and remove do what they say once, and say so the second time', async () => {
    const created = await cluster.create(configMap(namespace, 'life', { a: '1', b: '2' }), signal);
    expect((await refusal(cluster.create(configMap(namespace, 'life'), signal))).code).toBe('AlreadyExists');
    const replaced = await cluster.replace({ ...created, data: { a: '2', b: '2' } }, signal);
    expect((await refusal(cluster.replace({ ...created, data: {} }, signal))).code).toBe('Conflict');
    const key = { namespace, name: 'life' };
    const patched = await cluster.mergePatch(CONFIG_MAPS, key, { data: { b: null } }, signal);
    expect([replaced['data'], patched['data']]).toEqual([{ a: '2', b: '2' }, { a: '2' }]);
    expect(await cluster.remove(CONFIG_MAPS, key, signal, { uid: 'another' })).toBe(false);
    expect(await cluster.remove(CONFIG_MAPS, key, signal, { uid: created.metadata.uid ?? '' })).toBe(true);
    expect(await cluster.remove(CONFIG_MAPS, key, signal)).toBe(false);
    expect((await refusal(cluster.mergePatch(CONFIG_MAPS, key, {}, signal))).code).toBe('NotFound');
  });
});

describe('discovery', () => {
  test('finds the same kinds through the aggregated documents as group by group', async () => {
    const options = { cluster: 'test', clock: systemClock, random: Math.random, observer: unobservedClient };
    const transport = createTransport(connectionOf(directKubeconfig(server)), options);
    const { types: aggregated } = await discoverAll(transport, recordingLog(), signal);
    const { types: single } = await discoverAll(transport, recordingLog(), signal, 'application/json');
    const names = (types: typeof single): string[] =>
      types.map(({ group, version, resource, kind, namespaced }) =>
        [group, version, resource, kind, namespaced].join(' '),
      );
    expect(names(aggregated).toSorted()).toEqual(names(single).toSorted());
    expect(names(single)).toContain('apps v1 deployments Deployment true');
    await transport.close();
  });

  test('a kind installed since is found when it is asked for', async () => {
    await cluster.discover(signal);
    const name = `w${Date.now().toString(36)}`;
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${name}s.test.example` },
      spec: {
        group: 'test.example',
        scope: 'Namespaced',
        names: { plural: `${name}s`, singular: name, kind: `Kind${name}` },
        versions: [
          { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
        ],
      },
    };
    await cluster.create(definition, signal);
    await server.kubectl([
      'wait',
      '--for=condition=Established',
      '--timeout=120s',
      `crd/${name}s.test.example`,
    ]);
    const wanted = { apiVersion: 'test.example/v1', kind: `Kind${name}` };
    await expect
      .poll(() => cluster.typeFor(wanted, signal), PATIENCE)
      .toMatchObject({ resource: `${name}s` });
    await server.kubectl(['delete', `crd/${name}s.test.example`]);
  });
});

describe('refusals', () => {
  const hidden = 'hunter2-very-secret';

  test.each([
    ['a value that is no base64', { data: { password: `${hidden}!` } }],
    ['a value of the wrong type', { data: { password: { [hidden]: 1 } } }],
    [
      'content that its type does not allow',
      { type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': hidden } },
    ],
  ])('of a Secret with %s never repeat the value', async (_, content) => {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name: 'bad' }, ...content };
    const error = await refusal(cluster.apply(secret, { fieldManager: 'test' }, signal));
    expect(error).toMatchObject({ code: 'Invalid', retry: 'never' });
    expect(JSON.stringify([error.message, error.cause, error.stack])).not.toContain(hidden);
  });

  test('of credentials say so without the token', async () => {
    const client = testClient(withParts(directKubeconfig(server), { user: { token: hidden } }));
    const error = await refusal(client.cluster.get(SECRETS, { namespace, name: 'x' }, signal));
    expect(error).toMatchObject({ code: 'Unauthorized', retry: 'never' });
    expect(JSON.stringify([error.message, error.cause, error.stack, client.lines])).not.toContain(hidden);
  });

  test('by RBAC, quota and a terminating namespace are told apart, with the words of the server', async () => {
    const { certificate, key } = await server.clientCertificate('nobody', [], 3600);
    const user = {
      'client-certificate-data': Buffer.from(certificate).toString('base64'),
      'client-key-data': Buffer.from(key).toString('base64'),
    };
    const nobody = testClient(withParts(directKubeconfig(server), { user })).cluster;
    const rbac = await refusal(nobody.list(SECRETS, { namespace }, signal));
    expect(rbac).toMatchObject({ code: 'Forbidden', denial: 'rbac' });
    expect(rbac.message).toContain('User "nobody" cannot list resource "secrets"');

    const full = await freshNamespace(server, 'full');
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { namespace: full, name: 'q' } };
    await cluster.create({ ...quota, spec: { hard: { 'count/configmaps': '0' } } }, signal);
    await expect
      .poll(
        async () =>
          (
            await refusal(
              cluster
                .create(configMap(full, 'one'), signal)
                .then(() => cluster.remove(CONFIG_MAPS, { namespace: full, name: 'one' }, signal)),
            )
          ).denial,
        PATIENCE,
      )
      .toBe('quota');

    const going = await freshNamespace(server, 'going');
    const kept = { namespace: going, name: 'kept', finalizers: ['test.example/keep'] };
    await cluster.apply({ ...configMap(going, 'kept'), metadata: kept }, { fieldManager: 'test' }, signal);
    await server.kubectl(['delete', 'namespace', going, '--wait=false']);
    const ending = await refusal(cluster.create(configMap(going, 'late'), signal));
    expect(ending).toMatchObject({ code: 'Forbidden', denial: 'admission' });
    expect(ending.message).toContain('because it is being terminated');
    await cluster.mergePatch(
      CONFIG_MAPS,
      { namespace: going, name: 'kept' },
      { metadata: { finalizers: null } },
      signal,
    );
    await nobody.close();
  });

  test("of the server's certificate are told in plain words", async () => {
    const other = connectionOf(directKubeconfig(lab.recovery)).kubeConfig.getCurrentCluster();
    const wrong = testClient(
      withParts(directKubeconfig(server), { cluster: { 'certificate-authority-data': other?.caData } }),
    );
    const error = await refusal(wrong.cluster.raw('/readyz', signal));
    expect(error).toMatchObject({ code: 'UntrustedCertificate', retry: 'never' });
    expect(error.message).toContain("not signed by the kubeconfig's certificate authority");
    await wrong.cluster.close();
  });

  test('for too many requests are waited out and the calls succeed', async () => {
    const level = {
      apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
      kind: 'PriorityLevelConfiguration',
      metadata: { name: 'test-closed' },
      spec: {
        type: 'Limited',
        limited: { nominalConcurrencyShares: 0, borrowingLimitPercent: 0, limitResponse: { type: 'Reject' } },
      },
    };
    const schema = {
      apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
      kind: 'FlowSchema',
      metadata: { name: 'test-closed' },
      spec: {
        priorityLevelConfiguration: { name: 'test-closed' },
        matchingPrecedence: 2,
        rules: [
          {
            subjects: [{ kind: 'User', user: { name: 'slowed' } }],
            nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
          },
        ],
      },
    };
    await cluster.apply(level, { fieldManager: 'test' }, signal);
    await cluster.apply(schema, { fieldManager: 'test' }, signal);
    const { certificate, key } = await server.clientCertificate('slowed', [], 3600);
    const user = {
      'client-certificate-data': Buffer.from(certificate).toString('base64'),
      'client-key-data': Buffer.from(key).toString('base64'),
    };
    const slowed = testClient(withParts(directKubeconfig(server), { user }), { callDeadline: seconds(60) });
    const rejected = async (): Promise<number> => {
      const metrics = await cluster.raw('/metrics', signal);
      const lines = metrics.matchAll(
        /^apiserver_flowcontrol_rejected_requests_total\{.*test-closed.*\} (\d+)$/gm,
      );
      return [...lines].reduce((total, line) => total + Number(line[1]), 0);
    };
    // Of calls at the same time the server takes one and refuses the others, once the rules are in force.
    const round = () => Promise.all(Array.from({ length: 8 }, () => slowed.cluster.raw('/version', signal)));
    const answers: string[] = [];
    await expect
      .poll(
        async () => {
          answers.push(...(await round()));
          return rejected();
        },
        { timeout: 120_000 },
      )
      .toBeGreaterThan(0);
    expect(answers.every((answer) => answer.includes('gitVersion'))).toBe(true);
    await server.kubectl(['delete', 'flowschema/test-closed', 'prioritylevelconfiguration/test-closed']);
    await slowed.cluster.close();
  });
});

describe('a link that swallows everything', () => {
  beforeEach(() => server.link.heal());
  afterAll(() => server.link.heal());

  test('costs a call its deadline and no more, and the next call after healing opens a new connection', async () => {
    const callDeadline = seconds(8);
    const client = testClient(await server.linkedKubeconfig(), { callDeadline });
    expect(await client.cluster.raw('/readyz', signal)).toBe('ok');
    await server.link.cut();
    const error = await refusal(client.cluster.raw('/readyz', signal));
    expect(error).toMatchObject({ code: 'Unreachable', retry: 'backoff' });
    expect(error.message).toContain('no answer within');
    // A second try would cost it once more.
    expect(client.calls.at(-1)?.millis).toBeLessThan(2 * callDeadline);
    await server.link.heal();
    expect(await client.cluster.raw('/readyz', signal)).toBe('ok');
    await client.cluster.close();
  });

  test('is left at once by a caller that gives up', async () => {
    const client = testClient(await server.linkedKubeconfig());
    await server.link.cut();
    const stop = new AbortController();
    const call = client.cluster.raw('/readyz', stop.signal);
    stop.abort(new Error('not interested any more'));
    await expect(call).rejects.toThrow('not interested any more');
    await client.cluster.close();
  });
});

test('a Pod reaches its own cluster with the token and authority of its ServiceAccount', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'antipode-service-account-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const authority = connectionOf(directKubeconfig(server)).kubeConfig.getCurrentCluster()?.caData ?? '';
  const token = await server.kubectl(['-n', namespace, 'create', 'token', 'default']);
  writeFileSync(join(directory, 'ca.crt'), Buffer.from(authority, 'base64'));
  // With the newline that some tools write and no header may hold.
  writeFileSync(join(directory, 'token'), `${token.trim()}\n`);
  const connection = inClusterConnection({ host: '127.0.0.1', port: String(serverPort(server)), directory });
  const pod = createCluster(connection, {
    name: 'objective',
    clock: systemClock,
    random: Math.random,
    log: recordingLog(),
    observer: unobservedClient,
  });
  const error = await refusal(pod.list(SECRETS, {}, signal));
  expect(error.message).toContain(`User "system:serviceaccount:${namespace}:default"`);
  await pod.close();
});

test('a closed client refuses every call', async () => {
  const client = testClient(directKubeconfig(server));
  await client.cluster.list(core('namespaces', 'Namespace', false), {}, signal);
  await client.cluster.close();
  expect((await refusal(client.cluster.raw('/readyz', signal))).message).toContain('the client was closed');
});
