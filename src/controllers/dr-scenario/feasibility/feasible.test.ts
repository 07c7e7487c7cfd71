import { describe, expect, it } from 'vitest';
import { transforms as transformsSchema } from '../../../api/v1alpha1/dr-scenario-transforms.ts';
import { manifestOf } from '../../../domain/execution/testing/manifest.ts';
import { nothingRemembered } from '../../../domain/protection/capture-memory.ts';
import { millis, minutes, seconds, type Tick } from '../../../domain/time.ts';
import type { Engine, OpenPoint, Rehearsal } from '../../../engines/engine.ts';
import { KubeError } from '../../../kube/errors.ts';
import { StoreError } from '../../../store/store.ts';
import { manualClock } from '../../../testing/manual-clock.ts';
import { anObject } from '../../../testing/objects.ts';
import { partialCluster } from '../../../testing/region.ts';
import type { CaptureOutcome } from '../capture/outcome.ts';
import { decide } from '../decide.ts';
import { anExecution, aRegion, aWorld, shopSpec } from '../testing/world.ts';
import type { ScenarioWorld } from '../world.ts';
import { type FeasibilityMemory, questionOf, review } from './feasible.ts';
import { feasibilityStatus, feasibilityView, feasibleCondition } from './feasible-view.ts';

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
  const rehearsed: { point: string; before: Rehearsal | undefined; keys: readonly string[] }[] = [];
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
    collectGarbage: unexpected,
    formerPoints: unexpected,
    preflight: unexpected,
    restore: unexpected,
    prove: unexpected,
    forget: unexpected,
    open: async (name) => {
      const point = points.find(({ manifest }) => manifest.name === name);
      if (point === undefined) throw new StoreError('StoreNotFound', `no point ${name}`);
      return point;
    },
    rehearse: async (point, _scenario, _target, before, _budget, stop) => {
      const answer = answers[Math.min(rehearsed.length, answers.length - 1)] ?? complete;
      const keys = point.manifest.units.flatMap(({ objects }) => objects);
      rehearsed.push({ point: point.manifest.name, before, keys });
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
  const pass = async (
    world: ScenarioWorld,
    memory: FeasibilityMemory | undefined,
    { captured, stop = signal }: { captured?: CaptureOutcome; stop?: AbortSignal } = {},
  ) => {
    const decision = decide(world, nothingRemembered, { tick: clock.tick(), instant: clock.now() });
    const question = questionOf(world, decision, captured);
    return question === undefined ? memory : review(question, memory, deps, stop);
  };
  return { clock, rehearsed, warnings, pass };
}

const captureOf = (point: OpenPoint): CaptureOutcome => ({
  kind: 'succeeded',
  point: { manifest: point.manifest, digest: point.digest },
  verifiedAt: 0 as never,
  warnings: [],
  offer: { points: [] },
  startedAt: 0 as Tick,
  took: millis(10),
});

describe('transforms', () => {
  const transforms = [
    { name: 'places', namespaces: [{ from: 'shop', to: 'dr' }] },
    { name: 'size', match: "object.metadata.name == 'b'", patch: [{ op: 'remove', path: '/data/size' }] },
  ];
  const replication = { ...shopSpec.replication, transforms: transformsSchema.parse(transforms) };
  const status = { recoveryPoint: pointStatus('p1'), acceptedSpec: { ...shopSpec, replication } };
  const objects = ['a', 'b'].map((name) => anObject('ConfigMap', `shop/${name}`));
  const point: OpenPoint = {
    ...aPoint('p1'),
    manifest: manifestOf({
      name: 'p1',
      units: ['ConfigMap/shop/a', 'ConfigMap/shop/b'],
      objects: ['ConfigMap/shop/a', 'ConfigMap/shop/b'].map((key) => ({
        key,
        apiVersion: 'v1',
        digest: 'd',
        resourceVersion: '1',
        bytes: 1,
      })),
    }),
    object: (key) => objects.find(({ metadata }) => key === `ConfigMap/shop/${metadata.name}`),
  };

  it('are applied before the recovery cluster is asked; what they do not fit is not asked about, but found', async () => {
    const { pass, rehearsed } = setting([point]);

    const memory = await pass(aWorld({ spec: { replication }, status }), undefined);

    expect(rehearsed).toMatchObject([{ keys: ['ConfigMap/dr/a'] }]);
    expect(memory?.graph?.units.map(({ id }) => id)).toEqual(['ConfigMap/dr/a', 'ConfigMap/dr/b']);
    expect(memory?.answer).toMatchObject({
      kind: 'rehearsed',
      findings: [
        {
          object: 'ConfigMap/dr/b',
          reason: 'RecoveryRefuses',
          message:
            'it would not be restored: ConfigMap/shop/b: transform size: remove /data/size finds no value at its path',
        },
      ],
    });
  });
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
    const { pass, rehearsed, clock } = setting([aPoint('p1'), aPoint('p3')]);
    const first = await pass(protectedBy('p1'), undefined);

    await clock.advance(minutes(1));
    // Captured by this process: known to be the same without reading it, and p2 could not be read.
    expect(await pass(protectedBy('p1'), first, { captured: captureOf(aPoint('p2')) })).toBe(first);
    const opened = await pass(protectedBy('p3'), first);
    expect(opened?.point).toBe('p3');
    expect(rehearsed).toHaveLength(1);
  });

  it('asks about a point that holds something else, but not more often than every half minute', async () => {
    const { pass, rehearsed, clock } = setting([aPoint('p1'), aPoint('p2', 'other')]);
    const first = await pass(protectedBy('p1'), undefined);

    const captured = captureOf(aPoint('p2', 'other'));
    expect(await pass(protectedBy('p1'), first, { captured })).toBe(first);
    await clock.advance(seconds(30));
    await pass(protectedBy('p2'), first);
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
    const { pass, rehearsed } = setting([aPoint('p1'), aPoint('p2', 'x')], [half, complete]);

    const first = await pass(protectedBy('p1'), undefined);
    expect(first?.underWay).toBeDefined();
    expect(first?.answer.kind).toBe('not-rehearsed');
    const second = await pass(protectedBy('p2'), first);
    expect(rehearsed.map(({ point, before }) => [point, before])).toEqual([
      ['p1', undefined],
      ['p1', half],
    ]);
    expect(second?.answer.kind).toBe('rehearsed');
    expect(second?.underWay).toBeUndefined();
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

  it('asks nothing before the first point, nor while an execution has the recovery region for itself', async () => {
    const { pass, rehearsed } = setting([aPoint('p1')]);
    const executions = [anExecution('shop-1', { phase: 'Running' })];

    expect(await pass(aWorld(), undefined)).toBeUndefined();
    expect(await pass(protectedBy('p1', { executions }), undefined)).toBeUndefined();
    expect(rehearsed).toEqual([]);
  });

  it('ends when the operator stops', async () => {
    const { pass } = setting([aPoint('p1')], ['silence']);
    const operator = new AbortController();

    const waiting = pass(protectedBy('p1'), undefined, { stop: operator.signal });
    operator.abort(new Error('the lease is lost'));
    await expect(waiting).rejects.toThrow('the lease is lost');
  });
});

describe('what is said of feasibility', () => {
  const viewOf = (world: ScenarioWorld, memory: FeasibilityMemory | undefined, captures = [millis(100)]) =>
    feasibilityView(
      world,
      decide(world, nothingRemembered, { tick: 0 as Tick, instant: 0 as never }),
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

  it('is False for a point that is too large for an execution, though the recovery cluster would take it', async () => {
    const { pass } = setting([aPoint('p1')]);
    const world = protectedBy('p1');
    const memory = await pass(world, undefined);
    const units = Array.from({ length: 2100 }, (_, index) => ({
      id: `Deployment.apps/shop/w${index}`,
      objects: [],
    }));

    const view = viewOf(world, memory && { ...memory, graph: { units, edges: [] } });

    expect(view && feasibleCondition(view)).toMatchObject({ status: 'False', reason: 'Unplannable' });
    expect(feasibilityStatus({}, view).feasibility?.findings).toMatchObject([
      {
        object: 'spec.resources',
        message: expect.stringContaining('more than the 2048'),
        remedy: expect.stringContaining('split'),
      },
    ]);
  });

  it('says which RPO is too short by the captures of this process, or by the last of an earlier one', () => {
    const replication = {
      lastResult: 'Succeeded' as const,
      // It found nothing changed.
      lastDurationMillis: 18,
      lastCaptureMillis: 40_000,
    };
    const world = aWorld({ status: { acceptedSpec: shopSpec, replication } });

    expect(viewOf(world, undefined, [seconds(40)])?.verdict.reason).toBe('RPOTooShort');
    expect(viewOf(world, undefined, [])?.verdict.reason).toBe('RPOTooShort');
    expect(viewOf(world, undefined, [seconds(1)])?.verdict.reason).toBe('NotRehearsed');
  });

  it('lists at most 64 findings', async () => {
    const findings = Array.from({ length: 100 }, (_, index) => ({
      object: `ConfigMap/shop/${index}`,
      reason: 'RecoveryRefuses' as const,
      message: 'm',
      remedy: 'r',
    }));
    const { pass } = setting([aPoint('p1')], [{ ...complete, findings }]);
    const world = protectedBy('p1');
    const view = viewOf(world, await pass(world, undefined));

    const listed = feasibilityStatus({}, view).feasibility?.findings ?? [];
    expect(listed).toHaveLength(64);
  });

  it('leaves the last word standing while an execution runs', () => {
    const executions = [anExecution('shop-1', { phase: 'Running' })];

    expect(viewOf(aWorld({ executions }), undefined)).toBeUndefined();
    const before = { feasibility: { findings: [] }, rto: { achievedMillis: 1 } };
    expect(feasibilityStatus(before, undefined)).toEqual(before);
  });

  it('leaves the last word of an earlier process standing until this one has asked', () => {
    expect(viewOf(protectedBy('p1'), undefined)).toBeUndefined();
  });
});
