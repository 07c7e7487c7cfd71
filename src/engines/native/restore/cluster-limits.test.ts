import { describe, expect, test } from 'vitest';
import { tick } from '../../../domain/time.ts';
import type { Cluster, ResourceType } from '../../../kube/cluster.ts';
import { partialCluster } from '../../../testing/region.ts';
import { clusterLimits } from './cluster-limits.ts';
import { FIRST_PACE, MOST, slots } from './pace.ts';

const configMaps: ResourceType = {
  group: '',
  version: 'v1',
  resource: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
  verbs: [],
};
const never = new AbortController().signal;
const FIRST = slots(FIRST_PACE);

/** A cluster that answers when the test says so, and asks for less as often as it says. */
function slowCluster() {
  const open: (() => void)[] = [];
  const state = { refusals: 0, now: 0, most: 0 };
  const cluster = partialCluster('eu-north', {
    refusals: () => state.refusals,
    get: () =>
      new Promise((resolve) => {
        open.push(() => resolve(undefined));
        state.most = Math.max(state.most, open.length);
      }),
  });
  return { cluster, open, state, clock: { tick: () => tick(state.now) } };
}

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};
const ask = (cluster: Cluster, signal = never) => cluster.get(configMaps, { name: 'a' }, signal);

/** Answers what is under way, as it was at that moment. */
async function answer(open: (() => void)[]): Promise<number> {
  const now = open.splice(0);
  for (const done of now) done();
  await settled();
  return now.length;
}

describe('a cluster seen through its limit', () => {
  test('is the same for all who send to it, and has one limit', async () => {
    const { cluster, open, clock } = slowCluster();
    const limits = clusterLimits(clock);
    const [one, other] = [limits.paced(cluster), limits.paced(cluster)];
    expect(limits.paced(one)).toBe(one);
    const calls = Array.from({ length: 40 }, (_, index) => ask(index % 2 === 0 ? one : other));
    await settled();
    expect(open).toHaveLength(FIRST);
    while ((await answer(open)) > 0);
    await Promise.all(calls);
  });

  test('gets more at once while it answers well, and never more than the most', async () => {
    const { cluster, open, state, clock } = slowCluster();
    const paced = clusterLimits(clock).paced(cluster);
    const calls = Array.from({ length: 400 }, () => ask(paced));
    await settled();
    do state.now += 10;
    while ((await answer(open)) > 0);
    await Promise.all(calls);
    expect(state.most).toBe(MOST);
  });

  test('gets less at once from the moment it asks for it, and less only once for what was under way', async () => {
    const { cluster, open, state, clock } = slowCluster();
    const paced = clusterLimits(clock).paced(cluster);
    const calls = Array.from({ length: 200 }, () => ask(paced));
    await settled();
    for (let round = 0; round < 4; round += 1) await answer(open);
    expect(open).toHaveLength(MOST);
    state.refusals += MOST;
    await answer(open);
    expect(open).toHaveLength(MOST / 2);
    while ((await answer(open)) > 0) state.now += 10;
    await Promise.all(calls);
  });

  test('who gives up while waiting leaves the place to others', async () => {
    const { cluster, open, clock } = slowCluster();
    const paced = clusterLimits(clock).paced(cluster);
    const calls = Array.from({ length: FIRST }, () => ask(paced));
    const impatient = new AbortController();
    const given = ask(paced, impatient.signal);
    const patient = ask(paced);
    await settled();
    impatient.abort(new Error('no longer'));
    await expect(given).rejects.toThrow('no longer');
    await answer(open);
    expect(open).toHaveLength(1);
    await answer(open);
    await Promise.all([...calls, patient]);
  });

  test('a call that fails gives its place back', async () => {
    const { clock } = slowCluster();
    const broken = partialCluster('eu-north', { get: () => Promise.reject(new Error('no answer')) });
    const paced = clusterLimits(clock).paced(broken);
    const calls = await Promise.allSettled(Array.from({ length: 3 * FIRST }, () => ask(paced)));
    expect(calls.every(({ status }) => status === 'rejected')).toBe(true);
  });
});
