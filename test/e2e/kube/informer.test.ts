/** The informer against a real API server, through everything that made others die, stall or storm. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { LabCluster } from '../../../hack/lab/types.ts';
import { millis, seconds } from '../../../src/domain/time.ts';
import type { Cluster, Informer } from '../../../src/kube/cluster.ts';
import { DEFAULT_INFORMER_TIMING, type InformerTiming } from '../../../src/kube/informer-state.ts';
import { getLab } from '../lab.ts';
import {
  CONFIG_MAPS,
  configMap,
  directKubeconfig,
  freshNamespace,
  serverPort,
  type TestClient,
  testClient,
} from './client.ts';
import { type TcpProxy, tcpProxy } from './tcp-proxy.ts';

const PATIENCE = { timeout: 120_000, interval: 100 };
const QUICK: InformerTiming = { ...DEFAULT_INFORMER_TIMING, backoff: { base: millis(100), max: seconds(1) } };
const { signal } = new AbortController();

let server: LabCluster;
let namespace: string;
/** Goes round everything that is broken in these tests. */
let writer: Cluster;
let proxy: TcpProxy;
let client: TestClient;
let stop: AbortController;

beforeAll(async () => {
  server = (await getLab()).recovery;
  namespace = await freshNamespace(server, 'informer');
  writer = testClient(directKubeconfig(server)).cluster;
  proxy = await tcpProxy(serverPort(server));
});
afterEach(async () => {
  stop.abort();
  await client.cluster.close();
  await proxy.listen();
});
afterAll(async () => {
  await writer.close();
  await proxy.close();
});

/** An informer of the namespace's ConfigMaps over the proxy. */
function inform(
  onChange: (name: string) => void = () => undefined,
  timing: InformerTiming = QUICK,
  kubeconfig = directKubeconfig(server, proxy.port),
): Informer {
  client = testClient(kubeconfig, { informerTiming: timing, pageSize: 3 });
  stop = new AbortController();
  const options = { namespace, onChange: ({ name }: { name: string }) => onChange(name) };
  return client.cluster.informer(CONFIG_MAPS, options, stop.signal);
}
const write = (name: string, data: Record<string, string> = {}) =>
  writer.apply(configMap(namespace, name, data), { fieldManager: 'test', force: true }, signal);
const names = (informer: Informer): string[] => informer.list().map(({ metadata }) => metadata.name);
const sees = (informer: Informer, name: string) =>
  expect.poll(() => informer.get({ namespace, name })?.metadata.name, PATIENCE).toBe(name);
const count = (verb: string): number => client.calls.filter((call) => call.verb === verb).length;

test('holds everything after the first list, follows changes and deletions, and tells keys only', async () => {
  for (let index = 0; index < 7; index += 1) await write(`first-${index}`);
  const told: unknown[] = [];
  client = testClient(directKubeconfig(server), { pageSize: 3 });
  stop = new AbortController();
  const informer = client.cluster.informer(
    CONFIG_MAPS,
    { namespace, onChange: (ref) => told.push(ref) },
    stop.signal,
  );
  await informer.synced(signal);
  expect(names(informer)).toEqual(expect.arrayContaining(['first-0', 'first-6']));
  const ref = { group: '', kind: 'ConfigMap', namespace, name: 'first-3' };
  expect(told).toContainEqual(ref);

  await write('first-3', { changed: 'yes' });
  await expect
    .poll(() => informer.get({ namespace, name: 'first-3' })?.['data'], PATIENCE)
    .toEqual({ changed: 'yes' });
  const found = informer.get({ namespace, name: 'first-3' });
  expect([found?.apiVersion, found?.kind, found?.metadata['managedFields']]).toEqual([
    'v1',
    'ConfigMap',
    undefined,
  ]);
  expect(found?.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT[\d:]+Z$/);

  await writer.remove(CONFIG_MAPS, { namespace, name: 'first-3' }, signal);
  await expect.poll(() => informer.get({ namespace, name: 'first-3' }), PATIENCE).toBeUndefined();
});

test('survives a reset of its connection and goes on where it was, without another list', async () => {
  const informer = inform();
  await informer.synced(signal);
  await write('before-reset');
  await sees(informer, 'before-reset');
  const lists = count('list');
  proxy.reset();
  await write('after-reset');
  await sees(informer, 'after-reset');
  expect(count('list')).toBe(lists);
  expect(client.restarts).toContain('Unreachable');
});

test('tries again when the first list fails', async () => {
  await proxy.refuse();
  const informer = inform();
  await expect.poll(() => client.restarts.length, PATIENCE).toBeGreaterThan(1);
  expect(informer.staleness()).toBeUndefined();
  await proxy.listen();
  await informer.synced(signal);
  expect(informer.staleness()).toBeLessThan(10_000);
});

test('survives the stop and start of its API server', async () => {
  const informer = inform();
  await informer.synced(signal);
  await write('before-restart');
  await sees(informer, 'before-restart');
  await server.stopControlPlane();
  await expect.poll(() => client.restarts.length, PATIENCE).toBeGreaterThan(0);
  await server.start();
  await write('after-restart');
  await sees(informer, 'after-restart');
});

test('lists again when its resourceVersion has expired, and notices what was deleted meanwhile', async () => {
  const told: string[] = [];
  const informer = inform((name) => told.push(name));
  await write('deleted-meanwhile');
  await informer.synced(signal);
  await sees(informer, 'deleted-meanwhile');

  await proxy.refuse();
  proxy.reset();
  await writer.remove(CONFIG_MAPS, { namespace, name: 'deleted-meanwhile' }, signal);
  // A started server knows no history from before its start, and its storage has none either.
  await server.stopControlPlane();
  await server.start();
  await server.forgetHistory();
  told.length = 0;
  await proxy.listen();

  await expect.poll(() => informer.get({ namespace, name: 'deleted-meanwhile' }), PATIENCE).toBeUndefined();
  expect(client.restarts).toContain('Gone');
  expect(told).toContain('deleted-meanwhile');
  await write('after-expiry');
  await sees(informer, 'after-expiry');
});

test('a handler that throws or rejects is logged, and stops neither the informer nor its progress', async () => {
  let calls = 0;
  const throwing = (): void => {
    calls += 1;
    if (calls % 2 === 0) throw new Error('handler failed');
    return Promise.reject(new Error('handler rejected')) as never;
  };
  client = testClient(directKubeconfig(server, proxy.port), { informerTiming: QUICK });
  stop = new AbortController();
  const informer = client.cluster.informer(CONFIG_MAPS, { namespace, onChange: throwing }, stop.signal);
  await informer.synced(signal);
  await write('thrown-1');
  await sees(informer, 'thrown-1');
  const afterFirst = calls;
  proxy.reset();
  await write('thrown-2');
  await sees(informer, 'thrown-2');
  // The new watch began behind the first event: only the second object was told of.
  expect(calls).toBe(afterFirst + 1);
  const said = client.lines.filter(({ message }) => message === 'a change handler threw');
  expect(said.length).toBe(calls);
});

test('stopped during its first list, it never opens a watch', async () => {
  await server.link.delay(300);
  const informer = inform(undefined, QUICK, await server.linkedKubeconfig());
  const synced = informer.synced(signal);
  stop.abort(new Error('stopped by the test'));
  await expect(synced).rejects.toThrow('stopped by the test');
  await expect
    .poll(() => client.calls.map(({ verb, code }) => [verb, code]), PATIENCE)
    .toEqual([['list', 'Cancelled']]);
  await server.link.delay(0);
  // The time in which a watch would be opened, measured in calls over the same link.
  for (let index = 0; index < 5; index += 1) await client.cluster.raw('/readyz', signal);
  expect(count('watch')).toBe(0);
});

test('a watch that ends as planned is opened again where it was; one that ends at once is not opened in a storm', async () => {
  const timing = { ...QUICK, watchFrom: seconds(1), watchTo: seconds(1), healthyAfter: seconds(60) };
  const informer = inform(undefined, timing);
  await informer.synced(signal);
  const lists = count('list');
  await expect.poll(() => client.restarts.length, PATIENCE).toBeGreaterThanOrEqual(4);
  expect(new Set(client.restarts)).toEqual(new Set(['TimedOut']));
  await write('after-timeouts');
  await sees(informer, 'after-timeouts');
  expect(count('list')).toBe(lists);
  // Ends are a second apart, and each is followed by a growing pause.
  expect(client.lines.filter(({ message }) => message === 'a watch starts anew').length).toBe(
    client.restarts.length,
  );
});

test('bookmarks, about one a minute, keep a watch fresh while only others of its kind change', async () => {
  const changes: string[] = [];
  const informer = inform((name) => changes.push(name), DEFAULT_INFORMER_TIMING);
  await informer.synced(signal);
  await expect.poll(() => count('watch'), PATIENCE).toBe(1);
  const elsewhere = await freshNamespace(server, 'elsewhere');
  await writer.create(configMap(elsewhere, 'not-watched'), signal);
  const told = changes.length;
  const ages: number[] = [];
  // Nothing is told, yet something is heard: the age falls back.
  const heard = (): boolean => {
    ages.push(informer.staleness() ?? 0);
    return ages.some((age, index) => age < (ages[index - 1] ?? 0) - 1000);
  };
  await expect.poll(heard, { timeout: 200_000, interval: 500 }).toBe(true);
  expect([changes.length, client.restarts]).toEqual([told, []]);
});

test('a quiet kind on which nothing at all is heard is watched on, and listed only every second time', async () => {
  const timing = { ...QUICK, silence: seconds(2), healthyAfter: seconds(1) };
  const informer = inform(undefined, timing);
  await informer.synced(signal);
  const first = count('list');
  await expect.poll(() => client.restarts.length, PATIENCE).toBeGreaterThanOrEqual(4);
  expect(new Set(client.restarts)).toEqual(new Set(['Silent']));
  // There is a moment between a silence and the list that it asks for.
  const due = () => first * (1 + Math.floor(client.restarts.length / 2));
  await expect.poll(() => count('list') - due(), PATIENCE).toBe(0);
  await write('after-silence');
  await sees(informer, 'after-silence');
});

test('a half-open connection is noticed by its silence, and replaced', async () => {
  const timing = { ...QUICK, silence: seconds(3) };
  client = testClient(await server.linkedKubeconfig(), {
    informerTiming: timing,
    callDeadline: seconds(2),
    listDeadline: seconds(2),
  });
  stop = new AbortController();
  const informer = client.cluster.informer(CONFIG_MAPS, { namespace }, stop.signal);
  await informer.synced(signal);
  await expect.poll(() => count('watch'), PATIENCE).toBeGreaterThan(0);
  await server.link.cut();
  await expect.poll(() => client.restarts, PATIENCE).toContain('Silent');
  await write('while-cut');
  expect(informer.get({ namespace, name: 'while-cut' })).toBeUndefined();
  await server.link.heal();
  await sees(informer, 'while-cut');
});

test('a closed client ends its informers', async () => {
  const informer = inform();
  await informer.synced(signal);
  await client.cluster.close();
  await expect.poll(() => proxy.open(), PATIENCE).toBe(0);
  await write('after-close');
  expect(informer.get({ namespace, name: 'after-close' })).toBeUndefined();
});
