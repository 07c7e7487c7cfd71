import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { drScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import { instant, millis, minutes } from '../../domain/time.ts';
import type { Cluster } from '../../kube/cluster.ts';
import type { Store } from '../../store/store.ts';
import { directoryStore } from '../../store/testing/directory-store.ts';
import { type ManualClock, manualClock } from '../../testing/manual-clock.ts';
import { memoryCluster } from '../../testing/memory-cluster.ts';
import { anObject } from '../../testing/objects.ts';
import { silent } from '../../testing/silent-log.ts';
import { nativeEngine } from './engine.ts';

const signal = new AbortController().signal;
const shop = { namespace: 'dr', name: 'shop', uid: 'uid-1' };
const KEEP = 3;
const spec = drScenarioSpec.parse({
  source: { region: 'eu-west' },
  recovery: { region: 'eu-north' },
  objectives: { rpo: '5m', rto: '10m' },
  resources: { namespaces: ['shop'] },
  replication: { store: { filesystem: { path: '/points' } } },
});
const policy = { keep: KEEP, hourly: 0, daily: 0, weekly: 0, monthly: 0, maxAge: undefined };

let root: string;
let clock: ManualClock;
let store: Store;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'antipode-ahead-'));
  clock = manualClock();
  store = directoryStore(root);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const served = (kind: string, namespaced: boolean) => ({
  group: '',
  version: 'v1',
  resource: `${kind.toLowerCase()}s`,
  kind,
  namespaced,
  verbs: ['get', 'list', 'create'],
});

function source(): Cluster {
  const memory = memoryCluster('eu-west', {});
  memory.put(anObject('Namespace', 'shop'), anObject('ConfigMap', 'shop/settings', { data: { a: 'b' } }));
  return { ...memory.cluster, discover: async () => [served('Namespace', false), served('ConfigMap', true)] };
}

/** One capture and prune by a replica that has just begun to lead; all points have passed their proof. */
async function cycle(offered: readonly string[]) {
  const engine = nativeEngine({ store, clock, log: silent, objective: 'cluster-1' });
  const result = await engine.capture(shop, spec, { source: source(), recovery: undefined }, signal);
  if (result.kind !== 'captured') throw new Error(JSON.stringify(result));
  const { name } = result.point.manifest;
  const request = {
    policy,
    listed: [],
    verified: new Set([...offered, name]),
    proven: name,
    use: async () => ({ inUse: new Map(), offered: new Set(offered), undecided: undefined }),
  };
  const { kept } = await engine.prune(shop, request, signal);
  await clock.advance(minutes(1));
  return { made: name, listed: kept.map((point) => point.name) };
}

test('points that are made after a clock was found to be ahead are the newest, and push out those of that clock', async () => {
  const ahead = minutes(30);
  clock.setWall(instant(clock.now() + ahead));
  let listed: readonly string[] = [];
  for (let run = 0; run <= KEEP; run += 1) ({ listed } = await cycle(listed));
  clock.setWall(instant(clock.now() - ahead));

  const made: string[] = [];
  for (let run = 0; run < KEEP; run += 1) {
    const next = await cycle(listed);
    made.unshift(next.made);
    expect(next.listed.slice(0, made.length)).toEqual(made);
    ({ listed } = next);
  }
  expect(listed).toEqual(made);
});

test('a point that was proven in this very run is kept, though the store tells of a higher count', async () => {
  const before = await cycle([]);
  const engine = nativeEngine({ store, clock, log: silent, objective: 'cluster-1' });
  for (let run = 1; run < KEEP; run += 1) await cycle([]);
  const request = {
    policy: { ...policy, keep: 1, maxAge: millis(1) },
    listed: [],
    verified: new Set<string>(),
    proven: before.made,
    use: async () => ({ inUse: new Map(), offered: new Set<string>(), undecided: undefined }),
  };
  const { kept } = await engine.prune(shop, request, signal);
  expect(kept.map(({ name }) => name)).toContain(before.made);
});
