/** Events on a real API server: written once, counted when repeated, never in the way. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LabCluster } from '../../../hack/lab/types.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import { systemClock } from '../../../src/clock.ts';
import { createEventRecorder } from '../../../src/kube/event-recorder.ts';
import { recordingLog } from '../../../src/kube/testing/recording-log.ts';
import { getLab } from '../lab.ts';
import {
  configMap,
  directKubeconfig,
  freshNamespace,
  type TestClient,
  testClient,
  withParts,
} from './client.ts';

const PATIENCE = { timeout: 120_000, interval: 100 };
const { signal } = new AbortController();
const stop = new AbortController();
let server: LabCluster;
let namespace: string;
let client: TestClient;
let regarding: KubeObject;

beforeAll(async () => {
  server = (await getLab()).objective;
  namespace = await freshNamespace(server, 'events');
  client = testClient(directKubeconfig(server));
  regarding = await client.cluster.create(configMap(namespace, 'told-of'), signal);
});
afterAll(async () => {
  stop.abort();
  await client.cluster.close();
});

interface EventItem {
  readonly reason: string;
  readonly message: string;
  readonly type: string;
  readonly count: number;
}
async function events(): Promise<EventItem[]> {
  const output = await server.kubectl(['-n', namespace, 'get', 'events', '-o', 'json']);
  const { items } = JSON.parse(output) as { items: EventItem[] };
  return items.map(({ reason, message, type, count }) => ({ reason, message, type, count }));
}
function recorder(cluster = client.cluster) {
  const failed: number[] = [];
  const log = recordingLog();
  const deps = { cluster, clock: systemClock, log, identity: 'test-0', onFailed: () => failed.push(1) };
  return { events: createEventRecorder(deps, stop.signal), failed, log };
}

test('what is said again raises a count, what is different is an Event of its own, and describe shows them', async () => {
  const { events: recorded } = recorder();
  for (let index = 0; index < 3; index += 1)
    recorded.record(regarding, 'Warning', 'Lost', 'the region is lost');
  recorded.record(regarding, 'Normal', 'Found', 'the region is back');
  recorded.record(regarding, 'Normal', 'Long', 'ü'.repeat(2000));
  await expect.poll(events, PATIENCE).toEqual(
    expect.arrayContaining([
      { reason: 'Lost', message: 'the region is lost', type: 'Warning', count: 3 },
      { reason: 'Found', message: 'the region is back', type: 'Normal', count: 1 },
      { reason: 'Long', message: expect.stringMatching(/^ü{500,}…$/), type: 'Normal', count: 1 },
    ]),
  );
  expect((await events()).length).toBe(3);
  expect(await server.kubectl(['-n', namespace, 'describe', 'configmap', 'told-of'])).toContain(
    'the region is lost',
  );
});

test('an object that says too much is held to a rate, and what is dropped is counted', async () => {
  const { events: recorded, failed } = recorder();
  const noisy = await client.cluster.create(configMap(namespace, 'noisy'), signal);
  for (let index = 0; index < 60; index += 1) recorded.record(noisy, 'Normal', 'Noise', `line ${index}`);
  const written = async () => (await events()).filter(({ reason }) => reason === 'Noise').length;
  await expect.poll(written, PATIENCE).toBe(25);
  expect(failed.length).toBe(35);
});

test('an Event that cannot be written is logged and counted, and nothing is thrown', async () => {
  const nobody = testClient(withParts(directKubeconfig(server), { user: { token: 'wrong' } }));
  const { events: recorded, failed, log } = recorder(nobody.cluster);
  recorded.record(regarding, 'Normal', 'Lost', 'never arrives');
  await expect.poll(() => failed.length, PATIENCE).toBe(1);
  expect(log.lines).toMatchObject([{ level: 'warn', message: 'an Event was not written' }]);
  await nobody.cluster.close();
});

test('an Event of a cluster-scoped object is written where describe looks for it', async () => {
  const { events: recorded } = recorder();
  const type = await client.cluster.typeFor({ kind: 'Namespace' }, signal);
  const found = type && (await client.cluster.get(type, { name: namespace }, signal));
  expect(found).toBeDefined();
  if (found !== undefined) recorded.record(found, 'Normal', 'Seen', 'a namespace was seen');
  const described = () => server.kubectl(['describe', 'namespace', namespace]);
  await expect
    .poll(
      async () => `${await server.kubectl(['-n', 'default', 'get', 'events'])}${await described()}`,
      PATIENCE,
    )
    .toContain('a namespace was seen');
});
