import type { ServerResponse } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { instant } from '../domain/time.ts';
import { silent } from '../testing/silent-log.ts';
import type { ResourceType } from './cluster.ts';
import { createCluster } from './cluster-client.ts';
import type { Connection } from './kubeconfig.ts';
import { unobservedClient } from './observers.ts';
import type { RenewableCluster } from './renewable-cluster.ts';
import { connectionFrom, kubeconfigOf, startServer, type TestServer } from './testing/api-server.ts';
import { CERTIFICATE, KEY_OF_CERTIFICATE } from './testing/certificates.ts';

const IN_2026 = instant(Date.parse('2026-06-01T00:00:00Z'));
const never = new AbortController().signal;
const PODS: ResourceType = {
  group: '',
  version: 'v1',
  resource: 'pods',
  kind: 'Pod',
  namespaced: true,
  verbs: ['list', 'watch'],
};

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function server(answer: Parameters<typeof startServer>[0]): Promise<TestServer> {
  const started = await startServer(answer);
  cleanups.push(() => started.close());
  return started;
}

const withUser = (user: object, { port }: TestServer): Connection =>
  connectionFrom(kubeconfigOf(`https://localhost:${port}`, user), IN_2026);
const withToken = (token: string, api: TestServer): Connection => withUser({ token }, api);
const withCertificate = (api: TestServer): Connection =>
  withUser(
    {
      'client-certificate-data': Buffer.from(CERTIFICATE).toString('base64'),
      'client-key-data': Buffer.from(KEY_OF_CERTIFICATE).toString('base64'),
    },
    api,
  );

function clientWith(connection: Connection): RenewableCluster {
  const options = { name: 'west', clock: systemClock, random: () => 0, log: silent };
  const cluster = createCluster(connection, { ...options, observer: unobservedClient });
  cleanups.push(() => cluster.close());
  return cluster;
}

interface Held {
  readonly token: string;
  readonly response: ServerResponse;
}

/** A server that says with which token it was asked, but holds back its first answer under `/held`. */
async function holding() {
  let arrive: (held: Held) => void = () => undefined;
  const held = new Promise<Held>((resolve) => {
    arrive = resolve;
  });
  let isFirst = true;
  const api = await server((token, { url }, response) => {
    if (url === '/held' && isFirst) arrive({ token, response });
    else response.end(token);
    isFirst &&= url !== '/held';
  });
  return { api, held };
}

test('new credentials are used from the next request on, over the connections that there are', async () => {
  const api = await server((token, _, response) => response.end(token));
  const cluster = clientWith(withToken('0', api));
  for (const token of ['1', '2', '3', '4', '5', '6']) {
    cluster.renew(withToken(token, api));
    expect(await cluster.raw('/readyz', never)).toBe(token);
  }
  // A call may begin before the connection of the last one is free again.
  expect(api.opened()).toBeLessThanOrEqual(2);
});

test.each([
  ['another token', (api: TestServer) => withToken('two', api), 'two'],
  ['a certificate', withCertificate, ''],
])(
  'a call that is under way when %s takes the place of its token goes on to its answer',
  async (_, renewed, next) => {
    const { api, held } = await holding();
    const cluster = clientWith(withToken('one', api));
    const answer = cluster.raw('/held', never);
    const { token, response } = await held;
    cluster.renew(renewed(api));
    expect(await cluster.raw('/readyz', never)).toBe(next);
    response.end(token);
    expect(await answer).toBe('one');
  },
);

test('a call that is refused because its credentials were replaced while it was on its way is sent again with the new ones', async () => {
  const { api, held } = await holding();
  const cluster = clientWith(withToken('one', api));
  const answer = cluster.raw('/held', never);
  const { response } = await held;
  cluster.renew(withToken('two', api));
  response.writeHead(401).end();
  expect(await answer).toBe('two');
});

test('a call that is refused with the credentials of now is not sent again', async () => {
  let asked = 0;
  const api = await server((_token, _request, response) => {
    asked += 1;
    response.writeHead(401).end();
  });
  const cluster = clientWith(withToken('one', api));
  cluster.renew(withToken('two', api));
  await expect(cluster.raw('/readyz', never)).rejects.toMatchObject({ code: 'Unauthorized' });
  expect(asked).toBe(1);
});

test('a watch goes on when the credentials change, and its cache is not filled anew', async () => {
  const requests: string[] = [];
  let watch: ServerResponse | undefined;
  const api = await server((token, { url = '' }, response) => {
    if (url === '/readyz') return response.end(token);
    const isWatch = url.includes('watch=');
    requests.push(isWatch ? 'watch' : 'list');
    if (!isWatch) return response.end(JSON.stringify({ metadata: { resourceVersion: '1' }, items: [] }));
    watch = response;
    return response.writeHead(200).flushHeaders();
  });
  const cluster = clientWith(withToken('one', api));
  const pods = cluster.informer(PODS, {}, never);
  await expect.poll(() => watch).toBeDefined();
  cluster.renew(withCertificate(api));
  expect(await cluster.raw('/readyz', never)).toBe('');
  const metadata = { name: 'late', namespace: 'shop', resourceVersion: '2' };
  watch?.write(`${JSON.stringify({ type: 'ADDED', object: { kind: 'Pod', apiVersion: 'v1', metadata } })}\n`);
  await expect.poll(() => pods.list().length).toBe(1);
  expect(requests).toEqual(['list', 'watch']);
});

test('however often the credentials change, no more connections stay open than are in use', async () => {
  const api = await server((token, _, response) => response.end(token));
  const cluster = clientWith(withToken('one', api));
  for (let round = 0; round < 10; round += 1) {
    cluster.renew(withCertificate(api));
    await cluster.raw('/readyz', never);
    cluster.renew(withToken('two', api));
    await cluster.raw('/readyz', never);
  }
  await expect.poll(() => api.connections()).toBe(1);
});

test('a client that was closed stays closed whatever credentials it gets', async () => {
  const api = await server((token, _, response) => response.end(token));
  const cluster = clientWith(withToken('one', api));
  await cluster.close();
  cluster.renew(withToken('two', api));
  await expect(cluster.raw('/readyz', never)).rejects.toMatchObject({
    message: expect.stringContaining('closed'),
  });
});
