import { describe, expect, it } from 'vitest';
import { manifestOf } from '../../domain/execution/testing/manifest.ts';
import { millis, minutes, seconds, type Tick } from '../../domain/time.ts';
import type { Engine, OpenPoint, Rehearsal } from '../../engines/engine.ts';
import { KubeError } from '../../kube/errors.ts';
import { StoreError } from '../../store/store.ts';
import { manualClock } from '../../testing/manual-clock.ts';
import { partialCluster } from '../../testing/region.ts';
import type { CaptureOutcome } from './act.ts';
import { decide } from './decide.ts';
import { type FeasibilityMemory, isUnderWay, noteCapture, review } from './feasible.ts';
import { feasibilityStatus, feasibilityView, feasibleCondition } from './feasible-view.ts';
import { aRegion, aWorld, shopSpec } from './testing/world.ts';
import { emptyMemory, type ScenarioWorld } from './world.ts';

const signal = new AbortController().signal;
const pointStatus = (name: string) => ({
  name,
  capturedAt: '2026-03-01T11:59:50Z',
  verifiedAt: '2026-03-01T11:59:52Z',
  objects: 1,
  bytes: 1,
  digest: 'd',
});
const protectedBy = (name: string, changes: Partial<ScenarioWorld> = {}): ScenarioWorld =>
  aWorld({ status: { recoveryPoint: pointStatus(name), acceptedSpec: shopSpec }, ...changes });

const aPoint = (name: string, digest = 'same'): OpenPoint => ({
  manifest: manifestOf({
    name,
    units: ['ConfigMap/shop/a'],
    objects: [{ key: 'ConfigMap/shop/a', apiVersion: 'v1', digest, resourceVersion: '1', bytes: 1 }],
  }),
  digest: `sha256:${name}`,
  object: () => undefined,
});

const complete: Rehearsal = {
  done: 1,
  total: 1,
  accepted: 1,
  notRehearsed: new Map([['namespace does not exist yet', 2]]),
  findings: [],
  added: [],
};

/** Points by name; answers of successive rehearsals, the last one again and again. */
function setting(
  points: readonly OpenPoint[],
  answers: readonly (Rehearsal | Error | 'silence')[] = [complete],
) {
  const clock = manualClock();
  const rehearsed: { point: string; before: Rehearsal | undefined }[] = [];
  const warnings: string[] = [];
  const silence = (stop: AbortSignal): Promise<never> =>
    new Promise((_, reject) => {
      const aborted = (): void => reject(new Error('aborted', { cause: stop.reason }));
      if (stop.aborted) aborted();
      else stop.addEventListener('abort', aborted);
    });
  const unexpected = (): never => {
    throw new Error('not part of this test');
  };
  const engine: Engine = {
    capture: unexpected,
    verify: unexpected,
    points: unexpected,
    prune: unexpected,
    preflight: unexpected,
    restore: unexpected,
    open: async (name) => {
      const point = points.find(({ manifest }) => manifest.name === name);
      if (point === undefined) throw new StoreError('StoreNotFound', `no point ${name}`);
      return point;
    },
    rehearse: async (point, _scenario, _target, before, _budget, stop) => {
      const answer = answers[Math.min(rehearsed.length, answers.length - 1)] ?? complete;
      rehearsed.push({ point: point.manifest.name, before });
      if (answer === 'silence') return silence(stop);
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  const cluster = partialCluster('eu-north', {});
  const deps = {
    clock,
    engine: () => engine,
    clusters: { objective: cluster, region: () => ({ kind: 'available' as const, cluster }) },
    log: {
      debug: () => undefined,
      info: () => undefined,
      warn: (_: object, message: string) => void warnings.push(message),
      error: () => undefined,
    },
  };
  // Just captured, so the next capture is not due yet.
  const decisionFor = (world: ScenarioWorld) => {
    const now = clock.tick();
    const memory = { ...emptyMemory, lastCaptureStartedAt: now, lastCaptureEndedAt: now };
    return decide(world, memory, { tick: now, instant: clock.now() });
  };
  const pass = (world: ScenarioWorld, memory: FeasibilityMemory | undefined) =>
    review(world, decisionFor(world), memory, deps, signal);
  return { clock, rehearsed, warnings, deps, decisionFor, pass };
}

const captureOf = (point: OpenPoint): CaptureOutcome => ({
  kind: 'succeeded',
  point: { manifest: point.manifest, digest: point.digest },
  verifiedAt: 0 as never,
  points: [],
  startedAt: 0 as Tick,
  took: millis(10),
});

describe('reviewing feasibility', () => {
  it.each(['Unreachable', 'Failed'] as const)(
    'asks nothing while the source is %s: a failover may be near',
    async (verdict) => {
      const { pass, rehearsed } = setting([aPoint('p1')]);
      const regions = new Map(aWorld().regions).set('eu-west', aRegion('eu-west-1', { verdict }));

      expect(await pass(protectedBy('p1', { regions }), undefined)).toBeUndefined();

      expect(rehearsed).toEqual([]);
    },
  );

  it('asks about the newest point, and then not again while nothing changes', async () => {
    const { pass, rehearsed, clock } = setting([aPoint('p1')]);
    const world = protectedBy('p1');

    const memory = await pass(world, undefined);
    expect(memory?.answer).toMatchObject({ kind: 'rehearsed', accepted: 1 });
    await clock.advance(minutes(9));
    expect(await pass(world, memory)).toBe(memory);
    expect(rehearsed).toHaveLength(1);
  });

  it('asks again after ten minutes, for the cluster may have changed', async () => {
    const { pass, rehearsed, clock } = setting([aPoint('p1')]);
    const memory = await pass(protectedBy('p1'), undefined);

    await clock.advance(minutes(10));
    await pass(protectedBy('p1'), memory);
    expect(rehearsed).toHaveLength(2);
  });

  it('does not ask about a new point that holds the same, whoever captured it', async () => {
    const { pass, rehearsed, clock } = setting([aPoint('p1'), aPoint('p2'), aPoint('p3')]);
    const first = await pass(protectedBy('p1'), undefined);

    const noted = noteCapture(first, captureOf(aPoint('p2')));
    expect(noted?.point).toBe('p2');
    await clock.advance(minutes(1));
    const opened = await pass(protectedBy('p3'), noted);
    expect(opened?.point).toBe('p3');
    expect(rehearsed).toHaveLength(1);
  });

  it('asks about a point that holds something else, but not more often than every half minute', async () => {
    const { pass, rehearsed, clock } = setting([aPoint('p1'), aPoint('p2', 'other')]);
    const first = await pass(protectedBy('p1'), undefined);

    const noted = noteCapture(first, captureOf(aPoint('p2', 'other')));
    expect(await pass(protectedBy('p2'), noted)).toBe(noted);
    await clock.advance(seconds(30));
    await pass(protectedBy('p2'), noted);
    expect(rehearsed.map(({ point }) => point)).toEqual(['p1', 'p2']);
  });

  it('asks at once when another generation of the spec is in force', async () => {
    const { pass, rehearsed } = setting([aPoint('p1')]);
    const memory = await pass(protectedBy('p1'), undefined);

    const older = memory === undefined ? undefined : { ...memory, generation: 1 };
    await pass(protectedBy('p1'), older);
    expect(rehearsed).toHaveLength(2);
  });

  it('goes on where it stopped, also when there is a newer point by then, and keeps the last answer meanwhile', async () => {
    const half = { ...complete, done: 1, total: 2 };
    const { pass, rehearsed, decisionFor } = setting([aPoint('p1'), aPoint('p2', 'x')], [half, complete]);

    const first = await pass(protectedBy('p1'), undefined);
    expect(isUnderWay(first, decisionFor(protectedBy('p1')))).toBe(true);
    expect(first?.answer.kind).toBe('not-rehearsed');
    const second = await pass(protectedBy('p2'), first);
    expect(rehearsed.map(({ point, before }) => [point, before])).toEqual([
      ['p1', undefined],
      ['p1', half],
    ]);
    expect(second?.answer.kind).toBe('rehearsed');
    expect(isUnderWay(second, decisionFor(protectedBy('p2')))).toBe(false);
  });

  it.each([
    [
      'an unreachable cluster',
      new KubeError('Unreachable', 'no answer', { cluster: 'eu-north' }),
      'no answer',
    ],
    ['a mistake of ours', new TypeError('oops'), 'internal error'],
  ])('turns %s into an unknown answer, and tries again half a minute later', async (_, error, message) => {
    const { pass, rehearsed, warnings, clock } = setting([aPoint('p1')], [error, complete]);

    const memory = await pass(protectedBy('p1'), undefined);
    expect(memory?.answer).toMatchObject({
      kind: 'not-rehearsed',
      message: expect.stringContaining(message),
    });
    expect(warnings).toHaveLength(1);
    expect(await pass(protectedBy('p1'), memory)).toBe(memory);
    await clock.advance(seconds(30));
    expect((await pass(protectedBy('p1'), memory))?.answer.kind).toBe('rehearsed');
    expect(rehearsed).toHaveLength(2);
  });

  it('does not wait for a cluster that says nothing', async () => {
    const { pass, clock } = setting([aPoint('p1')], ['silence']);

    const waiting = pass(protectedBy('p1'), undefined);
    await clock.advance(seconds(15));
    expect((await waiting)?.answer).toMatchObject({ message: 'eu-north did not answer in time' });
  });

  it('does not ask a region that is known to be away', async () => {
    const { pass, rehearsed } = setting([aPoint('p1')]);
    const regions = new Map([
      ['eu-west', aRegion('eu-west-1')],
      ['eu-north', aRegion('eu-north-1', { verdict: 'Unreachable', message: 'no answer' })],
    ]);

    const memory = await pass(protectedBy('p1', { regions }), undefined);
    expect(memory?.answer).toMatchObject({ message: 'eu-north is Unreachable: no answer' });
    expect(memory?.graph?.units).toHaveLength(1);
    expect(rehearsed).toEqual([]);
  });

  it('says that a point cannot be read', async () => {
    const { pass } = setting([]);

    expect((await pass(protectedBy('p1'), undefined))?.answer).toMatchObject({ message: 'no point p1' });
  });

  it('does nothing before the first point, when a capture is due, or when the operator stops', async () => {
    const { pass, deps, rehearsed, clock } = setting([aPoint('p1')], ['silence']);
    expect(await pass(aWorld(), undefined)).toBeUndefined();

    const due = decide(protectedBy('p1'), emptyMemory, { tick: clock.tick(), instant: clock.now() });
    expect(await review(protectedBy('p1'), due, undefined, deps, signal)).toBeUndefined();
    expect(rehearsed).toEqual([]);

    const { decisionFor } = setting([]);
    const stop = new AbortController();
    const world = protectedBy('p1');
    const waiting = review(world, decisionFor(world), undefined, deps, stop.signal);
    stop.abort(new Error('the lease is lost'));
    await expect(waiting).rejects.toThrow('the lease is lost');
  });
});

describe('what is said of feasibility', () => {
  const viewOf = (world: ScenarioWorld, memory: FeasibilityMemory | undefined, captures = [millis(100)]) =>
    feasibilityView(
      world,
      decide(world, emptyMemory, { tick: 0 as Tick, instant: 0 as never }),
      captures,
      memory,
    );

  it('is Unknown before the first recovery point', () => {
    const view = viewOf(aWorld({ status: { acceptedSpec: shopSpec } }), undefined);

    expect(view && feasibleCondition(view)).toMatchObject({
      type: 'Feasible',
      status: 'Unknown',
      reason: 'NotRehearsed',
    });
  });

  it('has counts and predictions in status, and keeps what was achieved', async () => {
    const { pass } = setting([aPoint('p1')]);
    const world = protectedBy('p1');
    const view = viewOf(world, await pass(world, undefined));

    const status = feasibilityStatus({ rto: { achievedMillis: 5 } }, view);
    expect(status.feasibility).toEqual({ accepted: 1, notRehearsed: 2, findings: [] });
    expect(status.rto).toMatchObject({ achievedMillis: 5, basis: 'prior' });
    expect(status.rto?.predictedP95Millis).toBeGreaterThan(status.rto?.predictedP50Millis ?? 0);
    expect(view && feasibleCondition(view)).toMatchObject({ status: 'True', reason: 'Feasible' });
  });

  it('says which RPO is too short by the captures of this process, or by the last of an earlier one', () => {
    const replication = { lastResult: 'Succeeded' as const, lastDurationMillis: 40_000 };
    const world = aWorld({ status: { acceptedSpec: shopSpec, replication } });

    expect(viewOf(world, undefined, [seconds(40)])?.verdict.reason).toBe('RPOTooShort');
    expect(viewOf(world, undefined, [])?.verdict.reason).toBe('RPOTooShort');
    expect(viewOf(world, undefined, [seconds(1)])?.verdict.reason).toBe('NotRehearsed');
  });

  it('lists at most 64 findings and keeps what it lists within the schema', async () => {
    const findings = Array.from({ length: 100 }, (_, index) => ({
      object: `ConfigMap/shop/${'x'.repeat(700)}${index}`,
      reason: 'RecoveryRefuses' as const,
      message: 'm'.repeat(5000),
      remedy: 'r',
    }));
    const { pass } = setting([aPoint('p1')], [{ ...complete, findings }]);
    const world = protectedBy('p1');
    const view = viewOf(world, await pass(world, undefined));

    const listed = feasibilityStatus({}, view).feasibility?.findings ?? [];
    expect(listed).toHaveLength(64);
    expect(listed[0]?.object).toHaveLength(600);
    expect(listed[0]?.message).toHaveLength(4096);
    expect((view && feasibleCondition(view))?.message.length).toBeLessThanOrEqual(4096);
  });

  it('leaves the last word standing while an execution runs', () => {
    const running = {
      name: 'shop-1',
      spec: { scenario: 'shop', kind: 'Failover' as const, recoveryPoint: 'latest', reason: 'test' },
      status: { phase: 'Running' as const },
    };

    expect(viewOf(aWorld({ executions: [running] }), undefined)).toBeUndefined();
    const before = { feasibility: { findings: [] }, rto: { achievedMillis: 1 } };
    expect(feasibilityStatus(before, undefined)).toEqual(before);
  });
});
