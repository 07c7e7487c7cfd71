/** The whole reconcile of a scenario, against an objective in memory and an engine that answers as told. */
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import type { KubeObject } from '../../api/object.ts';
import { API_VERSION } from '../../api/v1alpha1/common.ts';
import { type DRScenarioStatus, drScenarioStatus } from '../../api/v1alpha1/dr-scenario.ts';
import { findCondition } from '../../domain/conditions.ts';
import { manifestOf } from '../../domain/execution/testing/manifest.ts';
import { seconds, toRfc3339 } from '../../domain/time.ts';
import type {
  Engine,
  KeptPoint,
  PointSummary,
  PublishedPoint,
  Rehearsal,
  ScenarioIdentity,
} from '../../engines/engine.ts';
import { orAborted } from '../../kube/deadline.ts';
import { KubeError } from '../../kube/errors.ts';
import { scenarioMetrics } from '../../metrics/scenario-metrics.ts';
import { manualClock } from '../../testing/manual-clock.ts';
import { partialCluster } from '../../testing/region.ts';
import { silent } from '../../testing/silent-log.ts';
import { createCaptures } from './capture/captures.ts';
import { runCapture } from './capture/run-capture.ts';
import { drScenarioReconciler } from './controller.ts';
import { createReviews } from './feasibility/feasible-reviews.ts';
import { createFinds } from './points/finds.ts';
import { shopSpec } from './testing/world.ts';

const key = { namespace: 'dr', name: 'shop' };
const summaryOf = ({ manifest, digest }: PublishedPoint, scenario: ScenarioIdentity): PointSummary => ({
  name: manifest.name,
  capturedAt: manifest.capturedAt,
  objects: manifest.objects.length,
  bytes: manifest.archive.bytes,
  digest,
  claimsWithData: 0,
  scenario,
  sourceRegion: manifest.sourceRegion,
});
const signal = new AbortController().signal;

const regionHealth = (name: string, verdict: string): KubeObject => ({
  apiVersion: API_VERSION,
  kind: 'RegionHealth',
  metadata: { name },
  spec: { region: `${name}-1`, clusterRef: { secretName: name } },
  status: { verdict },
});

/** What a test may change on the way. */
interface World {
  isGone: boolean;
  source: string;
  /** Before a write of the scenario's status is answered. */
  meanwhile: () => Promise<unknown>;
  /** Of the scenario's status; `lost` once, `refused` as long as it stands. */
  writes: 'taken' | 'lost' | 'refused';
  proof: 'passed' | 'failed';
  /** The API server of the source does not answer. */
  isDead: boolean;
  /** Names of points that the store has lost. */
  missing: readonly string[];
  /** What the store has of a scenario that was lost. */
  found: readonly KeptPoint[];
  /** Of the scenario's status. */
  active: { readonly activeRegion?: string };
}

/** @param rehearse what the recovery cluster says, or throws */
function running(rehearse: (signal: AbortSignal) => Rehearsal | Promise<Rehearsal>) {
  const clock = manualClock();
  let status: object = {};
  const world: World = {
    isGone: false,
    source: 'Healthy',
    meanwhile: async () => undefined,
    writes: 'taken',
    proof: 'passed',
    isDead: false,
    missing: [],
    found: [],
    active: {},
  };
  const scenario = (): KubeObject => ({
    apiVersion: API_VERSION,
    kind: 'DRScenario',
    metadata: { ...key, uid: 'uid-1', generation: 1 },
    spec: shopSpec,
    status: { ...status, ...world.active },
  });
  const objective = partialCluster('objective', {
    get: async ({ kind }) => (kind === 'DRScenario' && !world.isGone ? scenario() : undefined),
    list: async ({ kind }) => ({
      items:
        kind === 'RegionHealth'
          ? [regionHealth('eu-west', world.source), regionHealth('eu-north', 'Healthy')]
          : [],
      resourceVersion: '1',
    }),
    apply: async (object) => {
      const { writes, meanwhile } = world;
      await meanwhile();
      if (writes === 'refused') throw new KubeError('Invalid', 'status.x: no', { cluster: 'objective' });
      world.writes = 'taken';
      if (writes === 'lost') throw new KubeError('Unreachable', 'no answer', { cluster: 'objective' });
      if (object.kind === 'DRScenario') status = Object(JSON.parse(JSON.stringify(object['status'])));
      return object;
    },
    create: async (object) => object,
  });
  const units = ['Deployment.apps/shop/web'];
  const manifest = { ...manifestOf({ units }), capturedAt: toRfc3339(clock.now()) };
  const published = { manifest, digest: 'sha256:m' };
  /** Newest first. */
  const stored: PublishedPoint[] = [];
  let made = 0;
  const unexpected = (): never => {
    throw new Error('not part of this test');
  };
  const engine: Engine = {
    capture: async () => {
      if (world.isDead) throw new KubeError('Unreachable', 'eu-west: no answer', { cluster: 'eu-west' });
      made += 1;
      const now = toRfc3339(clock.now());
      stored.unshift({ ...published, manifest: { ...manifest, name: `p${made}`, capturedAt: now } });
      return { kind: 'captured', point: stored[0] ?? published };
    },
    verify: async () =>
      world.proof === 'passed'
        ? { kind: 'verified', at: clock.now(), compared: 1, changedSince: 0, warnings: [] }
        : { kind: 'mismatch', differences: ['Deployment/shop/web is missing'] },
    points: async () => world.found,
    prune: async (owner, { verified }) => {
      const known = stored.map((point) => summaryOf(point, owner));
      const proven = known.find(({ name }) => verified.has(name));
      const kept = known.filter(
        (point, index) => !world.missing.includes(point.name) && (index === 0 || point === proven),
      );
      const names = new Set(kept.map(({ name }) => name));
      stored.splice(0, stored.length, ...stored.filter((point) => names.has(point.manifest.name)));
      const missing = { points: world.missing, message: `lost: ${world.missing.join(', ')}` };
      return { kept, removed: [], ...(world.missing.length === 0 ? {} : { missing }) };
    },
    collectGarbage: unexpected,
    formerPoints: async () => [],
    open: async () => ({ ...published, object: () => undefined }),
    preflight: unexpected,
    restore: unexpected,
    rehearse: async (_point, _scenario, _target, _before, _budget, stop) => rehearse(stop),
    prove: unexpected,
    forget: unexpected,
  };
  const predictions: (number | undefined)[] = [];
  const events: string[] = [];
  const cleared: (string | undefined)[] = [];
  const spared = new Set<string>();
  const registry = new Registry();
  const metrics = scenarioMetrics(registry, clock);
  const ignore = (): void => undefined;
  const woken = { reviews: 0, scenarios: 0 };
  const forgotten: string[] = [];
  const common = {
    clusters: {
      objective,
      region: (name: string) => ({ kind: 'available' as const, cluster: partialCluster(name, {}) }),
    },
    engine: () => engine,
    clock,
    log: silent,
  };
  const reviews = createReviews({
    ...common,
    reviews: { add: () => void (woken.reviews += 1) },
    scenarios: { add: () => void (woken.scenarios += 1) },
  });
  const finds = createFinds({ ...common, finds: { add: ignore }, scenarios: { add: ignore } });
  const captures = createCaptures({
    captures: { add: ignore },
    scenarios: { add: () => void (ended += 1) },
    clock,
    run: (wish, stop) =>
      runCapture(
        wish,
        { ...common, objective, announcer: { announce: unexpected }, assertLeading: ignore },
        stop,
      ),
  });
  let ended = 0;
  const reconcile = drScenarioReconciler({
    ...common,
    objective,
    objectiveRegion: async () => 'us-east-1',
    announcer: { announce: unexpected },
    captures,
    events: { record: (_, type, reason) => void events.push(`${type} ${reason}`) },
    metrics: {
      ...metrics,
      scenario: (name, facts) => {
        predictions.push(facts.predictedRto);
        metrics.scenario(name, facts);
      },
    },
    reviews,
    garbage: {
      ask: (_, wish) => {
        cleared.push(wish?.point);
        for (const name of wish?.listed ?? []) spared.add(name);
        return undefined;
      },
      forget: ignore,
    },
    finds,
    standbys: { ask: () => undefined, forget: ignore },
    engines: { forget: ({ namespace, name }) => void forgotten.push(`${namespace}/${name}`) },
    assertLeading: ignore,
  });
  return {
    clock,
    predictions,
    events,
    cleared,
    spared,
    stored: () => stored.map(({ manifest: { name } }) => name),
    /** Of the scenario, by the kind it is of. */
    rpo: async (kind: 'target' | 'current') => {
      const line = new RegExp(`^antipode_rpo_seconds\\{.*kind="${kind}"\\} (\\S+)$`, 'm');
      return Number(line.exec(await registry.metrics())?.[1]);
    },
    woken,
    forgotten,
    change: (changes: Partial<typeof world>) => Object.assign(world, changes),
    review: () => reviews.reconcile(key, signal),
    look: () => finds.reconcile(key, signal),
    capture: () => captures.reconcile(key, signal),
    /** One pass of the controller, some time after the one before; a capture it starts is ended and told of. */
    pass: async (later = seconds(1)): Promise<DRScenarioStatus> => {
      await clock.advance(later);
      await reconcile(key, signal);
      const before = ended;
      await captures.reconcile(key, signal);
      if (ended > before) await reconcile(key, signal);
      return drScenarioStatus.parse(status);
    },
  };
}

const everything: Rehearsal = {
  done: 1,
  total: 1,
  accepted: 1,
  notRehearsed: new Map(),
  findings: [],
  added: [],
};

const feasible = ({ conditions = [] }: DRScenarioStatus) => findCondition(conditions, 'Feasible');
const silence = (stop: AbortSignal): Promise<never> => orAborted(new Promise<never>(() => undefined), stop);

it('captures first, has the recovery cluster asked, and says in a later pass what was answered', async () => {
  const { pass, review, predictions, woken } = running(() => everything);

  const captured = await pass();
  expect(captured.phase).toBe('Protected');
  expect(feasible(captured)?.status).toBe('Unknown');
  expect(woken).toEqual({ reviews: 1, scenarios: 0 });

  expect(await review()).toEqual({ kind: 'done' });
  expect(woken.scenarios).toBe(1);
  const reviewed = await pass();
  expect(feasible(reviewed)).toMatchObject({ status: 'True', reason: 'Feasible' });
  expect(reviewed.rto).toMatchObject({ basis: 'prior' });
  expect(predictions.at(-1)).toBe(reviewed.rto?.predictedP50Millis);

  // Nothing new to say, so the scenario is not woken again.
  await review();
  expect(woken.scenarios).toBe(1);
});

it('stays protected, with feasibility unknown, when the recovery cluster cannot be asked', async () => {
  const { pass, review } = running(() => {
    throw new KubeError('Unreachable', 'eu-north: no answer', { cluster: 'eu-north' });
  });

  await pass();
  await review();
  const status = await pass();

  expect(status.phase).toBe('Protected');
  expect(findCondition(status.conditions ?? [], 'Replicated')?.status).toBe('True');
  expect(feasible(status)).toMatchObject({
    status: 'Unknown',
    reason: 'NotRehearsed',
    message: expect.stringContaining('eu-north: no answer'),
  });
});

it('goes on asking in the next reviews until all is rehearsed', async () => {
  const answers = [{ ...everything, total: 3 }, { ...everything, done: 2, total: 3 }, everything];
  const { pass, review } = running(() => answers.shift() ?? everything);

  await pass();
  const seen: (readonly [string, string | undefined])[] = [];
  for (const _ of [1, 2, 3]) seen.push([(await review()).kind, feasible(await pass())?.reason]);

  expect(seen).toEqual([
    ['after', 'NotRehearsed'],
    ['after', 'NotRehearsed'],
    ['done', 'Feasible'],
  ]);
});

it('reconciles without delay while a review is stuck at a recovery cluster that swallows everything', async () => {
  const { pass, review, clock } = running(silence);
  await pass();
  const stuck = review();

  // The clock goes one second a pass and not further: a pass that waited for the review would never end.
  for (const _ of [1, 2, 3]) expect((await pass()).phase).toBe('Protected');
  expect(feasible(await pass())?.reason).toBe('NotRehearsed');

  await clock.advance(seconds(10));
  await stuck;
  expect(feasible(await pass())?.message).toContain('eu-north did not answer in time');
});

it.each([
  ['the source may be lost', { source: 'Unreachable' }],
  ['the scenario is gone', { isGone: true }],
])('breaks off a review that is under way when %s', async (_, change) => {
  const { pass, review, change: changeWorld, woken } = running(silence);
  await pass();
  const stuck = review();

  changeWorld(change);
  await pass();

  expect(await stuck).toEqual({ kind: 'done' });
  expect(await review()).toEqual({ kind: 'done' });
  expect(woken.scenarios).toBe(0);
});

it.each([
  ['it is gone', { isGone: true }],
  ['it is failed over', { active: { activeRegion: 'eu-north' } }],
])('has what is remembered for the next capture of a scenario forgotten when %s', async (_, change) => {
  const { pass, change: changeWorld, forgotten } = running(() => everything);
  await pass();
  expect(forgotten).toEqual([]);

  changeWorld(change);
  await pass();

  expect(new Set(forgotten)).toEqual(new Set(['dr/shop']));
});

it('tells of a point in the next pass when the first one could not write the status', async () => {
  const { pass, change, stored } = running(() => everything);
  await pass();
  change({ writes: 'lost' });

  await expect(pass(seconds(60))).rejects.toThrow('no answer');
  const status = await pass();

  expect(status.recoveryPoint?.name).toBe('p2');
  expect(status.replication?.consecutiveFailures).toBe(0);
  expect(stored()).toEqual(['p2']);
});

it('tells of a capture that begins and ends while the status is being written', async () => {
  const { pass, change, capture, stored } = running(() => everything);
  change({ meanwhile: capture });

  await pass();
  const status = await pass();

  expect(status.recoveryPoint?.name).toBe('p1');
  expect(stored()).toEqual(['p1']);
});

it('goes on capturing, and says so in an Event, while the API server refuses its status', async () => {
  const { pass, change, stored, events } = running(() => everything);
  await pass();
  change({ writes: 'refused' });

  await pass(seconds(60));
  await pass(seconds(60));
  expect(stored()[0]).toBe('p3');
  expect(events).toContain('Warning StatusRefused');

  change({ writes: 'taken' });
  const status = await pass(seconds(60));
  expect(status.recoveryPoint?.name).toBe('p4');
});

it('prunes points that fail their proof, has what they leave removed, and keeps the newest verified one', async () => {
  const { pass, change, stored, cleared } = running(() => everything);
  await pass();
  change({ proof: 'failed' });

  const names = new Set<string | undefined>();
  for (const _ of [1, 2, 3, 4]) names.add((await pass(seconds(60))).recoveryPoint?.name);

  expect([...names]).toEqual(['p1']);
  expect(stored()).toEqual(['p5', 'p1']);
  expect(cleared).toEqual(expect.arrayContaining(['p1', 'p2', 'p3', 'p4', 'p5']));
});

it('keeps what is left of points that the store has lost, and says so: in status, and once as an Event', async () => {
  const { pass, change, events, spared } = running(() => everything);
  await pass();
  spared.clear();
  change({ missing: ['p1'] });

  const statuses = [await pass(seconds(60)), await pass(seconds(60))];

  for (const { missingPoints, recoveryPoints, replication } of statuses) {
    expect(missingPoints).toMatchObject([{ name: 'p1', verifiedAt: expect.any(String) }]);
    expect(recoveryPoints?.map(({ name }) => name)).not.toContain('p1');
    expect(replication?.lastMessage).toMatch(/; lost: p1$/);
  }
  expect([...spared].toSorted()).toEqual(['p1', 'p2', 'p3']);
  expect(events.filter((event) => event === 'Warning RecoveryPointsMissing')).toHaveLength(1);
});

it('says that the RPO is broken in condition, Event and metric, goes on trying, and says when it holds again', async () => {
  const { pass, change, events, rpo } = running(() => everything);
  const breaches = () => events.filter((event) => event === 'Warning RecoveryPointTooOld').length;
  const protection = ({ conditions = [] }: DRScenarioStatus) => findCondition(conditions, 'Protected');
  expect(protection(await pass())?.status).toBe('True');
  change({ isDead: true });

  const failing = await pass(seconds(50));
  expect(protection(failing)?.status).toBe('True');
  expect(await rpo('current')).toBeLessThan(await rpo('target'));
  expect(breaches()).toBe(0);

  const broken = await pass(seconds(20));
  expect(broken.phase).toBe('AtRisk');
  expect(protection(broken)).toMatchObject({ status: 'False', reason: 'RecoveryPointTooOld' });
  expect(breaches()).toBe(1);
  expect(await rpo('current')).toBeGreaterThan(await rpo('target'));
  const later = await pass(seconds(40));
  expect(later.replication?.consecutiveFailures).toBeGreaterThan(
    broken.replication?.consecutiveFailures ?? 0,
  );
  // Once only, however long it lasts.
  expect(breaches()).toBe(1);

  change({ isDead: false });
  events.length = 0;
  expect(protection(await pass(seconds(40)))?.status).toBe('True');
  expect(events).toContain('Normal RecoveryPointVerified');
  expect(await rpo('current')).toBeLessThan(await rpo('target'));
});

it('lists what the store has of a scenario that was made anew while its source is down, and says what that is good for', async () => {
  const { pass, look, change } = running(() => everything);
  const found = {
    name: 'of-lost',
    capturedAt: '2026-01-01T00:00:00.000Z',
    objects: 1,
    bytes: 1,
    digest: 'sha256:of-lost',
    claimsWithData: 0,
    scenario: { ...key, uid: 'lost' },
    sourceRegion: 'eu-west',
    foreign: true as const,
  };
  change({ source: 'Failed', isDead: true, found: [found] });

  await pass();
  await look();
  const status = await pass();

  expect(status).toMatchObject({ phase: 'Protecting', recoveryPoints: [{ name: 'of-lost', foreign: true }] });
  expect(status.recoveryPoint).toBeUndefined();
  expect(findCondition(status.conditions ?? [], 'Protected')).toMatchObject({
    status: 'False',
    reason: 'NoRecoveryPoint',
    message: expect.stringMatching(/the store has of-lost of 2026-01-01.* created by hand takes/),
  });

  change({ source: 'Healthy', isDead: false, found: [] });
  expect(await pass(seconds(60))).toMatchObject({ phase: 'Protected', recoveryPoint: { name: 'p1' } });
});
