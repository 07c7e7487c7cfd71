/**
 * Hooks through a real API server: to a node whose kubelet answers, to nodes
 * that have none (as all others of the lab), with and without the right to exec.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitFor } from '../../../hack/harness/wait.ts';
import type { LabCluster } from '../../../hack/lab/types.ts';
import { type HookSpec, hooks as hooksSchema } from '../../../src/api/v1alpha1/dr-scenario-volumes.ts';
import { seconds } from '../../../src/domain/time.ts';
import { runHooks } from '../../../src/engines/hooks/run-hooks.ts';
import type { Cluster } from '../../../src/kube/cluster.ts';
import { KubeError } from '../../../src/kube/errors.ts';
import { directKubeconfig, freshNamespace, testClient, withParts } from '../kube/client.ts';
import { getLab } from '../lab.ts';
import { type Kubelet, startKubelet } from './kubelet.ts';
import { addNode, addRunningPod } from './node.ts';

let server: LabCluster;
let cluster: Cluster;
let kubelet: Kubelet;
let namespace: string;
const node = `kubelet-${process.pid}`;
const { signal } = new AbortController();

const labels = { app: 'db' };

async function apply(...objects: readonly object[]): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  await server.kubectl(['apply', '--server-side', '-f', '-'], { input: JSON.stringify(list) });
}

beforeAll(async () => {
  const lab = await getLab();
  server = lab.source;
  cluster = testClient(directKubeconfig(server), { name: 'eu-west' }).cluster;
  kubelet = await startKubelet();
  namespace = await freshNamespace(server, 'hooks');
  await waitFor({ what: 'the default ServiceAccount', seconds: 120 }, async () => {
    await server.kubectl(['get', 'serviceaccount', 'default', '-n', namespace]);
    return true;
  });
  await addNode(server, node, kubelet.port);
  for (const name of ['db-0', 'db-1']) await addRunningPod(server, { namespace, name, labels, node });
});

afterAll(async () => {
  await server.kubectl(['delete', 'namespace', namespace, '--wait=false', '--ignore-not-found']);
  await server.kubectl(['delete', 'node', node, '--ignore-not-found']);
  await cluster.close();
  await kubelet.stop();
});

const hook = (...command: readonly string[]): HookSpec[] =>
  hooksSchema.parse([
    { name: 'freeze', when: 'BeforeCapture', namespace, podSelector: labels, command, timeout: '60s' },
  ]);
const run = (hooks: readonly HookSpec[], where = cluster) => runHooks('BeforeCapture', hooks, where, signal);

describe('exec in a Pod', () => {
  const place = () => ({ namespace, name: 'db-0' });
  const request = (...command: readonly string[]) => ({ container: 'db', command, timeout: seconds(60) });

  test('tells the exit code and the last words, whatever the arguments are', async () => {
    const words = 'a b+c&d=é "x" %20';
    expect(await cluster.exec(place(), request('succeed', words), signal)).toEqual({
      kind: 'exited',
      code: 0,
      output: words,
    });
    expect(kubelet.asked).toContain(`${namespace}/db-0/db: succeed ${words}`);
    const failed = await cluster.exec(place(), request('fail', 'disk full'), signal);
    expect(failed).toMatchObject({
      kind: 'exited',
      code: 3,
      output: expect.stringMatching(/noise disk full$/),
    });
  });

  test('tells that the program could not be started', async () => {
    expect(await cluster.exec(place(), request('missing'), signal)).toMatchObject({
      kind: 'not-started',
      message: 'executable file not found in $PATH',
    });
  });

  test('gives up in time, with what was said until then', async () => {
    // The time that it takes to start the program counts too.
    const result = await cluster.exec(place(), { ...request('run'), timeout: seconds(10) }, signal);
    expect(result).toEqual({ kind: 'timed-out', output: 'working' });
  });

  test('ends with the reason of the caller who gives up', async () => {
    const stop = new AbortController();
    const running = cluster.exec(place(), request('run', 'until stopped'), stop.signal);
    await expect
      .poll(() => kubelet.asked.some((asked) => asked.endsWith('until stopped')), { timeout: 120_000 })
      .toBe(true);
    stop.abort(new Error('stopped'));
    await expect(running).rejects.toThrow('stopped');
  });

  test('is an error when the connection breaks before the end', async () => {
    const broken = cluster.exec(place(), request('vanish'), signal);
    await expect(broken).rejects.toThrow(
      `eu-west: cannot exec Pod ${namespace}/db-0: the connection ended before the program did`,
    );
    await expect(broken).rejects.toBeInstanceOf(KubeError);
  });

  test('leaves the client fit for other calls', async () => {
    await expect(cluster.raw('/readyz', signal)).resolves.toBe('ok');
  });
});

describe('a hook', () => {
  test('runs in all Pods with the labels', async () => {
    expect(await run(hook('succeed', 'both'))).toEqual([
      { kind: 'succeeded', message: 'hook freeze: done in 2 Pods' },
    ]);
    expect(kubelet.asked.filter((asked) => asked.endsWith('succeed both')).toSorted()).toEqual([
      `${namespace}/db-0/db: succeed both`,
      `${namespace}/db-1/db: succeed both`,
    ]);
  });

  test('says which Pod it failed in, and with which words', async () => {
    const [outcome] = await run(hook('fail', 'disk full'));
    expect(outcome).toMatchObject({ kind: 'failed', again: false });
    expect(outcome?.message).toMatch(
      /^hook freeze: ended with exit code 3 in Pod db-[01], container db: .*disk full/,
    );
  });

  test('says that exec is not possible where no kubelet answers', async () => {
    // Not before it is needed: a Pod whose node does not exist is deleted after a while.
    await addRunningPod(server, {
      namespace,
      name: 'elsewhere',
      labels: { app: 'elsewhere' },
      node: `${node}-gone`,
    });
    const [outcome] = await run(
      hook('succeed').map((one) => ({ ...one, podSelector: { app: 'elsewhere' } })),
    );
    expect(outcome).toMatchObject({ kind: 'failed' });
    expect(outcome?.message).toMatch(
      /^hook freeze: exec is not possible: eu-west: cannot exec Pod .*\/elsewhere: ./,
    );
  });

  test('says which Pods it did not find', async () => {
    const [outcome] = await run(hook('succeed').map((one) => ({ ...one, podSelector: { app: 'none' } })));
    expect(outcome?.message).toBe(
      `hook freeze: no Pod in namespace ${namespace} of eu-west has the labels app=none: correct its podSelector or namespace, or remove the hook`,
    );
  });
});

describe('an account', () => {
  const account = async (name: string, verbs: readonly string[]): Promise<Cluster> => {
    const metadata = { name, namespace };
    const exec = verbs.length === 0 ? [] : [{ apiGroups: [''], resources: ['pods/exec'], verbs }];
    await apply(
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'Role',
        metadata,
        rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }, ...exec],
      },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
        subjects: [{ kind: 'ServiceAccount', name, namespace }],
      },
    );
    const token = (await server.kubectl(['create', 'token', name, '-n', namespace])).trim();
    return testClient(withParts(directKubeconfig(server), { user: { token } }), { name: 'eu-west' }).cluster;
  };

  test('with the rights that the chart gives runs hooks', async () => {
    const allowed = await account('allowed', ['get', 'create']);
    // Rights take a moment to reach the API server's own cache.
    await expect
      .poll(async () => (await run(hook('succeed'), allowed))[0]?.kind, { timeout: 120_000 })
      .toBe('succeeded');
    await allowed.close();
  });

  test.each([
    ['none', []],
    ['only-create', ['create']],
    ['only-get', ['get']],
  ] as const)('without them (%s) is told how to get them', async (name, verbs) => {
    const denied = await account(name, verbs);
    const message = async () => (await run(hook('succeed'), denied))[0]?.message ?? '';
    await expect
      .poll(message, { timeout: 120_000 })
      .toMatch(
        /^hook freeze: exec is not allowed: .*forbidden.*Set hooks\.enabled=true in the chart's release in eu-west/,
      );
    await denied.close();
  });
});
