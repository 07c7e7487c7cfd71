import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Verdict } from '../../api/v1alpha1/region-health.ts';
import { findCondition } from '../../domain/conditions.ts';
import { type Millis, millis, seconds } from '../../domain/time.ts';
import type { ClusterAccess } from '../../kube/cluster.ts';
import type { Next, Reconcile } from '../../kube/reconciler.ts';
import { type ManualClock, manualClock } from '../../testing/manual-clock.ts';
import {
  available,
  type TestObjective,
  type TestRegion,
  testObjective,
  testProber,
  testRegion,
} from '../../testing/region.ts';
import { regionHealthReconciler } from './controller.ts';

const never = new AbortController().signal;
const ZONES = ['a', 'b', 'c'];

let clock: ManualClock;
let objective: TestObjective;
let west: TestRegion;
let north: TestRegion;
let access: Map<string, ClusterAccess>;
let events: string[];
let reconcile: Reconcile;
const metrics = new Map<string, string>();

const spec = (region: string, probed: boolean) => ({
  region,
  clusterRef: { secretName: region },
  probes: probed
    ? ZONES.map((zone) => ({ name: zone, zone, tcp: { host: `${region}-${zone}`, port: 80 } }))
    : [],
  failure: { zones: 2, for: '30s', recoverAfter: '2m' },
});

/** A process that has just started on what is in the objective cluster. */
function start(): Reconcile {
  return regionHealthReconciler({
    objective: objective.cluster,
    clusters: {
      region: (name) => access.get(name) ?? { kind: 'unavailable', reason: 'RegionNotFound', message: '' },
    },
    clock,
    log: pino({ level: 'silent' }),
    events: {
      record: (object, type, reason, message) =>
        events.push(`${type} ${object.metadata.name} ${reason}: ${message}`),
    },
    probes: testProber([west, north]),
    observer: {
      region: (region, verdict) => metrics.set(region, verdict),
      zone: (region, zone, state) => metrics.set(`${region}/${zone}`, state),
      forgetRegion: (region) => {
        for (const name of metrics.keys())
          if (name === region || name.startsWith(`${region}/`)) metrics.delete(name);
      },
    },
    observerName: 'objective',
    lifetime: new AbortController().signal,
  });
}

beforeEach(() => {
  clock = manualClock();
  objective = testObjective();
  west = testRegion('west', 'west-1', ZONES);
  north = testRegion('north', 'north-1', ZONES);
  access = new Map([
    ['west', available(west)],
    ['north', available(north)],
  ]);
  events = [];
  metrics.clear();
  objective.put('west', spec('west-1', true));
  objective.put('north', spec('north-1', true));
  reconcile = start();
});

/** Runs both regions, each when it asked for it, for so long. */
async function run(time: Millis): Promise<void> {
  const end = clock.tick() + time;
  const due = new Map<string, number>([
    ['west', clock.tick()],
    ['north', clock.tick()],
  ]);
  while (clock.tick() < end) {
    for (const [name, at] of due) {
      if (at > clock.tick()) continue;
      const next = await reconcileNow(name);
      due.set(name, next.kind === 'after' ? clock.tick() + next.delay : Number.POSITIVE_INFINITY);
    }
    const soonest = Math.min(end, ...due.values());
    await clock.advance(millis(Math.max(0, soonest - clock.tick())));
  }
}

/** One reconcile; lets time pass while it waits for something. */
async function reconcileNow(name: string): Promise<Next> {
  const progress = { ended: false };
  const running = reconcile({ name }, never).finally(() => {
    progress.ended = true;
  });
  running.catch(() => undefined);
  await clock.advance(millis(0));
  while (!progress.ended) await clock.advance(millis(100));
  return running;
}

/** Runs until the verdict of a region, and answers how long that took in seconds. */
async function timeTo(verdict: Verdict, name = 'west', limit = 400): Promise<number> {
  const begin = clock.tick();
  while (objective.status(name).verdict !== verdict) {
    if (clock.tick() - begin > limit * 1000)
      throw new Error(`not ${verdict} within ${limit} s but ${objective.status(name).message}`);
    await run(millis(500));
  }
  return (clock.tick() - begin) / 1000;
}

function lose(region: TestRegion, provider: string): void {
  region.controlPlane = 'dead';
  for (const zone of ZONES) region.refusing.add(`${provider}-${zone}`);
}

function restore(region: TestRegion): void {
  region.controlPlane = 'up';
  region.refusing.clear();
  for (const zone of ZONES) region.ready.set(zone, 3);
}

describe('a region', () => {
  test('that is well is Healthy, with its zones, nodes and probes in the status', async () => {
    await run(seconds(1));
    expect(objective.status('west')).toMatchObject({
      verdict: 'Healthy',
      message: '3 of 3 zones healthy',
      zonesHealthy: '3/3',
      zonesTotal: 3,
      zonesFailed: 0,
      zones: [
        {
          name: 'a',
          state: 'Healthy',
          nodesReady: 3,
          nodesTotal: 3,
          probesPassed: 1,
          probesTotal: 1,
          latencyMillis: 10,
        },
        { name: 'b' },
        { name: 'c' },
      ],
      observations: [{ observer: 'objective', sequence: 1, verdict: 'Healthy', controlPlaneReachable: true }],
    });
    expect(events).toContain('Normal west RegionHealthy: 3 of 3 zones healthy');
    expect(metrics.get('west/a')).toBe('Healthy');
  });

  test('fails zone by zone, and is Failed only when enough are', async () => {
    objective.put('west', spec('west-1', false));
    await run(seconds(10));
    west.ready.set('a', 0);
    await run(seconds(60));
    expect(objective.status('west')).toMatchObject({
      verdict: 'Degraded',
      zonesFailed: 1,
      zonesHealthy: '2/3',
    });
    west.ready.set('b', 1);
    await run(seconds(20));
    const { verdict, message } = objective.status('west');
    expect(verdict).toBe('Degraded');
    expect(message).toMatch(/^2 of 3 zones failed \(2 needed\): .*; for 1\ds, Failed after 30s$/);
    expect(await timeTo('Failed')).toBeLessThan(20);
    expect(objective.status('north').verdict).toBe('Healthy');
    expect(events.filter((event) => event.includes('RegionFailed'))).toHaveLength(1);
  });

  test('that is lost is Failed within the configured time and ten seconds', async () => {
    await run(seconds(12));
    lose(west, 'west-1');
    const took = await timeTo('Failed');
    expect(took).toBeGreaterThanOrEqual(30);
    expect(took).toBeLessThan(40);
  });

  test('that is lost in a black hole is Failed within the configured time and ten seconds', async () => {
    await run(seconds(12));
    lose(west, 'west-1');
    west.controlPlane = 'black-hole';
    expect(await timeTo('Failed')).toBeLessThan(40);
    expect(west.inFlight).toBe(0);
  });

  test('that looks lost is looked at more often, so that a short time is not stretched by the interval', async () => {
    const { failure } = spec('west-1', true);
    objective.put('west', { ...spec('west-1', true), failure: { ...failure, for: '5s' } });
    await run(seconds(1));
    lose(west, 'west-1');
    expect(await timeTo('Failed')).toBeLessThan(12);
  });

  test('whose API server alone is lost is Unreachable for as long as its probes pass', async () => {
    await run(seconds(12));
    west.controlPlane = 'dead';
    await run(seconds(200));
    const status = objective.status('west');
    expect(status).toMatchObject({ verdict: 'Unreachable', zonesTotal: 3, zonesFailed: 0 });
    expect(findCondition(status.conditions ?? [], 'Reachable')).toMatchObject({
      status: 'False',
      reason: 'NoAnswer',
    });
    expect(status.zones?.[0]).not.toHaveProperty('nodesReady');
  });

  test('without probes is never Failed while unreachable, and says what to do', async () => {
    objective.put('west', spec('west-1', false));
    await run(seconds(12));
    west.controlPlane = 'dead';
    await run(seconds(200));
    expect(objective.status('west').verdict).toBe('Unreachable');
    expect(objective.status('west').message).toContain('add probes');
  });

  test('recovers after the quiet time, with one event, and a relapse starts it anew', async () => {
    await run(seconds(12));
    lose(west, 'west-1');
    await timeTo('Failed');
    restore(west);
    await run(seconds(100));
    for (const zone of ['a', 'b']) west.refusing.add(`west-1-${zone}`);
    await run(seconds(10));
    restore(west);
    const took = await timeTo('Healthy');
    expect(took).toBeGreaterThanOrEqual(115);
    expect(took).toBeLessThan(130);
    expect(events.filter((event) => event.includes('RegionRecovered'))).toHaveLength(1);
  });
});

describe('a restart of the operator', () => {
  test('keeps a region failed, and the moment it became so', async () => {
    await run(seconds(12));
    lose(west, 'west-1');
    await timeTo('Failed');
    const { verdictSince } = objective.status('west');
    reconcile = start();
    await run(seconds(20));
    expect(objective.status('west')).toMatchObject({ verdict: 'Failed', verdictSince });
  });

  test('remembers the zones of a region that cannot be asked any more, and can still judge it', async () => {
    await run(seconds(12));
    lose(west, 'west-1');
    reconcile = start();
    expect(await timeTo('Failed')).toBeGreaterThanOrEqual(30);
    expect(objective.status('west').zonesTotal).toBe(3);
  });

  test('goes on with the sequence', async () => {
    await run(seconds(12));
    const before = objective.status('west').observations?.[0]?.sequence ?? 0;
    reconcile = start();
    await run(seconds(1));
    expect(objective.status('west').observations?.[0]?.sequence).toBeGreaterThan(before);
  });
});

describe('an observer that loses sight of every region', () => {
  test('concludes nothing and says so', async () => {
    await run(seconds(12));
    lose(west, 'west-1');
    lose(north, 'north-1');
    await run(seconds(300));
    for (const name of ['west', 'north']) {
      const status = objective.status(name);
      expect(status.verdict).toBe('Unknown');
      expect(status.message).toContain('this observer is probably cut off');
      expect(findCondition(status.conditions ?? [], 'Healthy')?.reason).toBe('ObserverIsolated');
    }
    expect(events.some((event) => event.includes('RegionFailed'))).toBe(false);
  });

  test('counts anew once it sees again', async () => {
    await run(seconds(12));
    lose(west, 'west-1');
    lose(north, 'north-1');
    await run(seconds(300));
    restore(north);
    expect(await timeTo('Failed')).toBeGreaterThanOrEqual(25);
    expect(objective.status('north').verdict).toBe('Healthy');
  });

  test('leaves a region failed that had failed before', async () => {
    await run(seconds(12));
    lose(west, 'west-1');
    await timeTo('Failed');
    lose(north, 'north-1');
    await run(seconds(120));
    expect(objective.status('west').verdict).toBe('Failed');
    expect(objective.status('north').verdict).toBe('Unknown');
  });
});

describe('publishing', () => {
  test('writes a status that tells nothing new only every thirty seconds', async () => {
    await run(seconds(5));
    const before = objective.writes;
    await run(seconds(300));
    expect(objective.writes - before).toBeLessThanOrEqual(2 * 11);
    expect(objective.writes - before).toBeGreaterThanOrEqual(2 * 8);
  });

  test('a wake-up before it is time neither looks nor writes', async () => {
    await run(seconds(1));
    const before = objective.status('west').observations?.[0]?.sequence;
    const next = await reconcileNow('west');
    expect(next).toMatchObject({ kind: 'after' });
    expect(objective.status('west').observations?.[0]?.sequence).toBe(before);
  });

  test('a change of the spec is looked at once', async () => {
    await run(seconds(1));
    objective.put('west', { ...spec('west-1', true), failure: { zones: 1 } });
    await reconcileNow('west');
    expect(objective.status('west').observedGeneration).toBe(2);
  });

  test('an objective cluster that cannot be written to loses no observation', async () => {
    await run(seconds(12));
    const refused: unknown[] = [];
    objective.broken = true;
    lose(west, 'west-1');
    for (let round = 0; round < 40; round += 1) {
      for (const name of ['west', 'north'])
        await reconcileNow(name).catch((error: unknown) => refused.push(error));
      await clock.advance(seconds(1));
    }
    expect(refused.length).toBeGreaterThan(0);
    objective.broken = false;
    expect(await timeTo('Failed')).toBeLessThan(10);
  });
});

describe('what cannot be observed', () => {
  test('a kubeconfig that is taken away does not turn an outage of the application into a lost region', async () => {
    const shop = { name: 'shop', tcp: { host: 'shop', port: 80 } };
    objective.put('west', { ...spec('west-1', false), probes: [shop] });
    west.refusing.add('shop');
    await run(seconds(60));
    expect(objective.status('west').verdict).toBe('Degraded');
    access.set('west', { kind: 'unavailable', reason: 'KubeconfigInvalid', message: 'expired' });
    await run(seconds(120));
    expect(objective.status('west').verdict).toBe('Unreachable');
    expect(objective.status('west').message).toContain('only probes of its zones can make it Failed');
  });

  test('a kubeconfig that cannot be used is told with its reason, and taken up once it is mended', async () => {
    access.set('west', {
      kind: 'unavailable',
      reason: 'KubeconfigSecretNotFound',
      message: 'Secret dr/west does not exist',
    });
    await run(seconds(5));
    const status = objective.status('west');
    expect(findCondition(status.conditions ?? [], 'Accepted')).toMatchObject({
      status: 'False',
      reason: 'KubeconfigSecretNotFound',
      message: 'Secret dr/west does not exist',
    });
    expect(findCondition(status.conditions ?? [], 'Reachable')).toMatchObject({
      status: 'Unknown',
      reason: 'NotAsked',
    });
    expect(events).toContain('Warning west KubeconfigSecretNotFound: Secret dr/west does not exist');
    access.set('west', available(west));
    await reconcileNow('west');
    expect(objective.status('west').verdict).toBe('Healthy');
  });

  test('a region that was never seen is not failed by probes that fail', async () => {
    access.set('west', { kind: 'unavailable', reason: 'KubeconfigInvalid', message: 'not YAML' });
    lose(west, 'west-1');
    await run(seconds(300));
    expect(objective.status('west').verdict).toBe('Unreachable');
    expect(objective.status('west').message).toContain('its zones were never seen');
  });

  test('a spec that cannot be understood is refused with the field, and observed again once corrected', async () => {
    await run(seconds(1));
    objective.put('west', { ...spec('west-1', true), failure: { zones: '200%' } });
    expect(await reconcileNow('west')).toEqual({ kind: 'done' });
    const status = objective.status('west');
    expect(findCondition(status.conditions ?? [], 'Accepted')).toMatchObject({
      status: 'False',
      reason: 'InvalidSpec',
    });
    expect(status.message).toContain('spec.failure.zones');
    expect(status.verdict).toBe('Unknown');
    objective.put('west', spec('west-1', true));
    await reconcileNow('west');
    expect(objective.status('west').verdict).toBe('Healthy');
  });

  test('a RegionHealth that is gone is forgotten', async () => {
    await run(seconds(1));
    objective.remove('west');
    expect(await reconcileNow('west')).toEqual({ kind: 'done' });
    expect([...metrics.keys()].some((name) => name.startsWith('west'))).toBe(false);
  });
});

describe('a kubeconfig that leads to another cluster', () => {
  beforeEach(async () => {
    await run(seconds(12));
    access.set('west', available(north));
    await run(seconds(120));
  });

  test('fails no region that its probes show alive, and says what to do, also after a restart', async () => {
    for (const told of ['at once', 'after a restart']) {
      const { verdict, message, conditions, zonesTotal } = objective.status('west');
      expect({ told, verdict, zonesTotal }).toEqual({ told, verdict: 'Unknown', zonesTotal: 3 });
      expect(message).toContain('leads to another cluster');
      expect(message).toContain('put the right kubeconfig back');
      expect(findCondition(conditions ?? [], 'Discovered')).toMatchObject({
        status: 'False',
        reason: 'AnotherCluster',
      });
      reconcile = start();
      await run(seconds(60));
    }
    expect(events.filter((event) => event.includes('RegionFailed'))).toEqual([]);
  });

  test('fails no region without probes either', async () => {
    objective.put('west', spec('west-1', false));
    await run(seconds(120));
    expect(objective.status('west')).toMatchObject({ verdict: 'Unknown', zonesTotal: 0 });
  });

  test('is forgiven as soon as it is put right', async () => {
    access.set('west', available(west));
    await reconcileNow('west');
    expect(objective.status('west')).toMatchObject({ verdict: 'Healthy', clusterUid: 'cluster-west' });
  });
});

describe('a zone', () => {
  test('that has no nodes any more while others have is forgotten', async () => {
    await run(seconds(1));
    objective.put('west', spec('west-1', false));
    west.ready.delete('a');
    await run(seconds(10));
    expect(objective.status('west')).toMatchObject({ verdict: 'Healthy', zonesTotal: 2 });
    expect(metrics.has('west/a')).toBe(false);
  });

  test('is failed when the whole region has no nodes any more', async () => {
    objective.put('west', spec('west-1', false));
    await run(seconds(1));
    west.ready.clear();
    await timeTo('Failed');
    expect(objective.status('west').message).toContain('none of its nodes is left');
  });

  test.each(['kubeconfig', 'process'])(
    'is failed so also when there is a new %s for the same cluster',
    async (what) => {
      objective.put('west', spec('west-1', false));
      await run(seconds(1));
      west.ready.clear();
      if (what === 'process') reconcile = start();
      else access.set('west', { kind: 'available', cluster: { ...west.cluster } });
      await timeTo('Failed');
      expect(objective.status('west').message).toContain('none of its nodes is left');
    },
  );
});
