/** A cluster behind a dead link must cost the others nothing. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lab } from '../../../hack/lab/types.ts';
import { systemClock } from '../../../src/clock.ts';
import { between, millis, seconds } from '../../../src/domain/time.ts';
import { runController } from '../../../src/kube/controller-loop.ts';
import { unobservedReconciles } from '../../../src/kube/observers.ts';
import { after, type Key } from '../../../src/kube/reconciler.ts';
import { recordingLog } from '../../../src/kube/testing/recording-log.ts';
import { createWorkQueue } from '../../../src/kube/work-queue.ts';
import { getLab } from '../lab.ts';
import { CONFIG_MAPS, core, type TestClient, testClient } from './client.ts';

/** Keys per cluster; more of the dead one than there are workers. */
const KEYS = 20;
const WORKERS = 4;
/** Time between two reconciles of a key. */
const PERIOD = millis(500);
/** Reconciles of the living cluster in one measurement: fifteen rounds of all its keys. */
const SAMPLES = 300;
/** A machine that halts delays one round as a whole: three may be so, and not a fourth. */
const SHARE = 0.8;
/** What other work may add at any time. Whoever waits for the dead cluster waits for its deadline. */
const BUSY = seconds(1);

let lab: Lab;
let dead: TestClient;
let alive: TestClient;

beforeAll(async () => {
  lab = await getLab();
  dead = testClient(await lab.source.linkedKubeconfig(), { callDeadline: seconds(5) });
  alive = testClient(await lab.recovery.linkedKubeconfig(), { callDeadline: seconds(5) });
});
afterAll(async () => {
  await lab.source.link.heal();
  await Promise.all([dead.cluster.close(), alive.cluster.close()]);
});

test('with one of two clusters black-holed, the reconciles of the other are as fast as before', async () => {
  const stop = new AbortController();
  const clock = systemClock;
  const added = new Map<string, number>();
  let latencies: number[] = [];
  const queue = createWorkQueue({ name: 'test', clock, random: Math.random, observer: unobservedReconciles });
  const reconcile = async ({ namespace, name }: Key, signal: AbortSignal) => {
    const { cluster } = namespace === 'dead' ? dead : alive;
    await cluster.get(core('namespaces', 'Namespace', false), { name: 'default' }, signal);
    await cluster.get(CONFIG_MAPS, { namespace: 'default', name: 'kube-root-ca.crt' }, signal);
    const key = `${namespace}/${name}`;
    if (namespace === 'alive') latencies.push(clock.tick() - (added.get(key) ?? 0));
    added.set(key, clock.tick() + PERIOD);
    return after(PERIOD);
  };
  const running = runController(
    {
      name: 'test',
      queue,
      workers: WORKERS,
      reconcile,
      clock,
      log: recordingLog(),
      observer: unobservedReconciles,
    },
    stop.signal,
  );
  for (let index = 0; index < KEYS; index += 1)
    for (const cluster of ['dead', 'alive']) {
      added.set(`${cluster}/${index}`, clock.tick());
      queue.add(`${cluster}/${index}`);
    }
  /** From the moment a key is due to the end of its reconcile. */
  const latency = async (): Promise<number> => {
    latencies = [];
    await expect.poll(() => latencies.length, { timeout: 120_000 }).toBeGreaterThan(SAMPLES);
    return latencies.toSorted((a, b) => a - b)[Math.floor(latencies.length * SHARE)] ?? Number.NaN;
  };

  await latency();
  const before = await latency();
  const failedBefore = dead.calls.filter(({ code }) => code === 'Unreachable').length;
  await lab.source.link.cut();
  const since = clock.tick();
  const during = await latency();
  // Still so when calls to the dead cluster have begun to fail.
  await expect
    .poll(() => dead.calls.filter(({ code }) => code === 'Unreachable').length, { timeout: 120_000 })
    .toBeGreaterThan(failedBefore);
  const later = await latency();
  console.log({ before, during, later, cutForMillis: between(since, clock.tick()) });

  const limit = before * 2 + BUSY;
  expect(during).toBeLessThan(limit);
  expect(later).toBeLessThan(limit);
  stop.abort();
  await running;
});
