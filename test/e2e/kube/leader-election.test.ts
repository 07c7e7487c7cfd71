/** Leader election on a real Lease, with a link that is cut. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LabCluster } from '../../../hack/lab/types.ts';
import { systemClock } from '../../../src/clock.ts';
import { millis, seconds } from '../../../src/domain/time.ts';
import { orAborted } from '../../../src/kube/deadline.ts';
import { type ElectionTiming, type Leadership, runAsLeader } from '../../../src/kube/leader-election.ts';
import { leaseLock } from '../../../src/kube/lease-lock.ts';
import { recordingLog } from '../../../src/kube/testing/recording-log.ts';
import { getLab } from '../lab.ts';
import { directKubeconfig, freshNamespace, testClient } from './client.ts';

const PATIENCE = { timeout: 120_000, interval: 50 };
const TIMING: ElectionTiming = {
  leaseDuration: seconds(15),
  renewDeadline: seconds(10),
  retryPeriod: millis(500),
};

let server: LabCluster;
let namespace: string;

beforeAll(async () => {
  server = (await getLab()).objective;
  namespace = await freshNamespace(server, 'lease');
});
afterAll(() => server.link.heal());

function replica(identity: string, kubeconfig: string) {
  const { cluster } = testClient(kubeconfig);
  const stop = new AbortController();
  const state: { leadership: Leadership | undefined } = { leadership: undefined };
  const deps = {
    lock: leaseLock(cluster, { namespace, name: 'antipode' }),
    identity,
    clock: systemClock,
    random: Math.random,
    log: recordingLog(),
    timing: TIMING,
  };
  const lead = async (leadership: Leadership): Promise<void> => {
    state.leadership = leadership;
    await orAborted(new Promise<never>(() => undefined), leadership.signal).catch(() => undefined);
  };
  const run = async () => {
    const end = await runAsLeader(deps, lead, stop.signal);
    await cluster.close();
    return end;
  };
  const ended = run();
  return { stop, ended, leads: () => state.leadership?.isLeading() === true, state };
}

test('the second replica leads at once when the first stops, and after the lease when the first is cut off', async () => {
  const first = replica('first', await server.linkedKubeconfig());
  await expect.poll(first.leads, PATIENCE).toBe(true);
  const second = replica('second', directKubeconfig(server));

  await server.link.cut();
  const both: boolean[] = [];
  await expect
    .poll(() => {
      both.push(first.leads() && second.leads());
      return second.leads();
    }, PATIENCE)
    .toBe(true);
  expect(both).not.toContain(true);
  expect(() => first.state.leadership?.assertLeading()).toThrow('not leading');
  expect(await first.ended).toBe('lost');
  await server.link.heal();

  const third = replica('third', await server.linkedKubeconfig());
  const handedOver = systemClock.tick();
  second.stop.abort();
  expect(await second.ended).toBe('stopped');
  await expect.poll(third.leads, PATIENCE).toBe(true);
  expect(systemClock.tick() - handedOver).toBeLessThan(TIMING.leaseDuration);
  const lease = await server.kubectl(['-n', namespace, 'get', 'lease', 'antipode', '-o', 'jsonpath={.spec}']);
  expect(JSON.parse(lease)).toMatchObject({
    holderIdentity: 'third',
    leaseDurationSeconds: 15,
    leaseTransitions: 2,
  });
  third.stop.abort();
  expect(await third.ended).toBe('stopped');
});
