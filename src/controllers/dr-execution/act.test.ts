import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../api/object.ts';
import type { StepStatus } from '../../api/v1alpha1/dr-execution.ts';
import { transforms as transformsSchema } from '../../api/v1alpha1/dr-scenario-transforms.ts';
import { hooks as hooksSchema } from '../../api/v1alpha1/dr-scenario-volumes.ts';
import { effectsOf, type Observation } from '../../domain/execution/reducer.ts';
import { manifestOf } from '../../domain/execution/testing/manifest.ts';
import { tick } from '../../domain/time.ts';
import { type ApplyOutcome, type Engine, PointDamagedError } from '../../engines/engine.ts';
import type { HookOutcome } from '../../engines/hooks/run-hooks.ts';
import { KubeError } from '../../kube/errors.ts';
import { StoreError } from '../../store/store.ts';
import { act, dueEffects } from './act.ts';
import { type ExecutionDeps, emptyMemory } from './deps.ts';
import { clockOf, depsOf, engineOf, openPoint, worldOf } from './testing/world.ts';

const never = new AbortController().signal;
const prepare: StepStatus = { id: 'prepare', kind: 'Prepare', phase: 'Running' };
const restore = (unit: string, changes: Partial<StepStatus> = {}): StepStatus => ({
  id: `restore/${unit}`,
  kind: 'Restore',
  phase: 'Running',
  ...changes,
});

async function actOn(steps: readonly StepStatus[], deps: Partial<ExecutionDeps>) {
  const observations = await act(effectsOf(steps), worldOf(steps), emptyMemory(), depsOf(deps), never);
  return Object.fromEntries(observations);
}
const observed = async (step: StepStatus, engine: Engine): Promise<Observation | undefined> =>
  (await actOn([step], { engine: () => engine }))[step.id];

const configMap: KubeObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace: 'shop', name: 'web' },
};
const unavailable: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { namespace: 'shop', name: 'web', generation: 1 },
  spec: { replicas: 2 },
  status: {},
};
const failedJob: KubeObject = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { namespace: 'shop', name: 'migrate' },
  status: { conditions: [{ type: 'Failed', status: 'True', message: 'back-off limit' }] },
};

const expired = () => ({ kind: 'unavailable', reason: 'KubeconfigInvalid', message: 'expired' }) as const;

describe('preparing', () => {
  test('is done when nothing stands in the way', async () => {
    expect(await observed(prepare, engineOf({}))).toMatchObject({ kind: 'done' });
  });

  test('fails for good on objects that are not ours, and names them with the remedy', async () => {
    const foreign: ApplyOutcome = { kind: 'foreign', key: 'Secret/shop/db', message: 'made by helm' };
    const blocked: ApplyOutcome = { kind: 'blocked', key: 'Namespace/shop', message: 'terminating' };
    const seen = await observed(prepare, engineOf({ preflight: [blocked, foreign] }));
    expect(seen?.kind).toBe('failed');
    expect(seen?.message).toContain('nothing was touched');
    expect(seen?.message).toContain('Secret/shop/db: made by helm');
    expect(seen?.message).toContain('move or delete');
  });

  test('tries again while the recovery cluster is only not ready', async () => {
    const blocked: ApplyOutcome = { kind: 'blocked', key: 'Namespace/shop', message: 'terminating' };
    expect(await observed(prepare, engineOf({ preflight: [blocked] }))).toMatchObject({
      kind: 'blocked',
      message: expect.stringContaining('Namespace/shop: terminating'),
    });
  });

  test('fails when the point is damaged or was changed since it was verified', async () => {
    const damaged = engineOf({ open: () => Promise.reject(new PointDamagedError('digest differs')) });
    expect(await observed(prepare, damaged)).toEqual({ kind: 'failed', message: 'digest differs' });
    const changed = engineOf({ point: openPoint([], 'sha256:wrong') });
    expect(await observed(prepare, changed)).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('was changed'),
    });
  });

  test('tries again when the store cannot be read', async () => {
    const engine = engineOf({
      open: () => Promise.reject(new StoreError('StoreUnavailable', 'disk is away')),
    });
    expect(await observed(prepare, engine)).toEqual({ kind: 'blocked', message: 'disk is away' });
  });

  test('waits for a recovery cluster that cannot be reached', async () => {
    const { clusters } = depsOf();
    const seen = await actOn([prepare], { clusters: { ...clusters, region: expired } });
    expect(seen['prepare']).toMatchObject({ kind: 'blocked', message: expect.stringContaining('expired') });
  });
});

const engine = (...outcomes: readonly ApplyOutcome[]) =>
  engineOf({ point: openPoint(['web']), restore: () => outcomes });
const deposed = () => {
  throw new Error('the lease is lost');
};

describe('restoring with the transforms of the plan', () => {
  const transforms = transformsSchema.parse([
    { name: 'places', namespaces: [{ from: 'shop', to: 'dr' }] },
    { name: 'size', match: "object.kind == 'Secret'", patch: [{ op: 'remove', path: '/data/size' }] },
  ]);
  const captured = [configMap, { ...configMap, kind: 'Secret' }];
  const keys = ['ConfigMap/shop/web', 'Secret/shop/web'];
  const point = {
    ...openPoint(keys),
    manifest: manifestOf({
      units: keys,
      objects: keys.map((key) => ({ key, apiVersion: 'v1', digest: '', resourceVersion: '', bytes: 0 })),
    }),
    object: (key: string) => captured[keys.indexOf(key)],
  };
  const observedOf = async (unit: string, stored = point) => {
    const asked: (readonly string[])[] = [];
    const restored = engineOf({
      point: stored,
      restore: (given) => {
        asked.push(given);
        return [{ kind: 'applied', object: configMap }];
      },
    });
    const world = worldOf([restore(unit)]);
    const planned = { ...world, plan: { ...world.plan, transforms } };
    const seen = await act(
      effectsOf(world.steps),
      planned,
      emptyMemory(),
      depsOf({ engine: () => restored }),
      never,
    );
    return { seen: seen.get(`restore/${unit}`), asked };
  };

  test('restores objects under the names that they have in the recovery region', async () => {
    const { seen, asked } = await observedOf('ConfigMap/dr/web');
    expect(seen).toMatchObject({ kind: 'done' });
    expect(asked).toEqual([['ConfigMap/dr/web']]);
  });

  test('fails the unit of an object that a transform does not fit, without touching it', async () => {
    const { seen, asked } = await observedOf('Secret/dr/web');
    expect(seen).toEqual({
      kind: 'failed',
      message: 'Secret/shop/web: transform size: remove /data/size finds no value at its path',
    });
    expect(asked).toEqual([]);
  });

  test('restores the others of a unit whose objects have nothing to do with each other, and fails it all the same', async () => {
    const units = [{ id: 'ConfigMap/shop/web', objects: keys }];
    const together = { ...point, manifest: { ...point.manifest, units } };

    const { seen, asked } = await observedOf('ConfigMap/dr/web', together);

    expect(seen).toMatchObject({ kind: 'failed', message: expect.stringContaining('transform size') });
    expect(asked).toEqual([['ConfigMap/dr/web']]);
  });
});

describe('restoring a unit', () => {
  test('is done at once when all its objects are ready as they are', async () => {
    expect(await observed(restore('web'), engine({ kind: 'applied', object: configMap }))).toMatchObject({
      kind: 'done',
    });
  });

  test('goes on to wait for what is not ready yet, and says what it is', async () => {
    const seen = await observed(restore('web'), engine({ kind: 'applied', object: unavailable }));
    expect(seen?.kind).toBe('applied');
    expect(seen?.message).toMatch(/^web: ./);
  });

  test('waits for a custom resource until it says what it said in the source', async () => {
    const key = 'Cluster.postgresql.cnpg.io/shop/db';
    const database = {
      apiVersion: 'postgresql.cnpg.io/v1',
      kind: 'Cluster',
      metadata: { namespace: 'shop', name: 'db', generation: 1 },
    };
    const judged = async (shown?: readonly string[]) => {
      const object = { key, apiVersion: database.apiVersion, digest: '', resourceVersion: '', bytes: 0 };
      const objects = [{ ...object, ...(shown === undefined ? {} : { shown: [...shown] }) }];
      const point = { ...openPoint(), manifest: manifestOf({ units: [key], objects }) };
      return observed(
        restore(key),
        engineOf({ point, restore: () => [{ kind: 'applied', object: database }] }),
      );
    };

    expect(await judged(['Ready'])).toEqual({
      kind: 'applied',
      message: `${key}: its controller does not say Ready yet, as it did in the source`,
    });
    expect(await judged()).toEqual({ kind: 'done', message: 'ready' });
  });

  test('judges by the rules of readiness that the plan has frozen', async () => {
    const steps = [restore('web')];
    const world = worldOf(steps);
    const judged = async (ready: string) => {
      const readiness = [{ name: 'mine', match: "object.kind == 'Deployment'", ready }];
      const plan = { ...world.plan, readiness };
      const deps = depsOf({ engine: () => engine({ kind: 'applied', object: unavailable }) });
      const seen = await act(effectsOf(steps), { ...world, plan }, emptyMemory(), deps, never);
      return seen.get('restore/web');
    };
    expect(await judged('object.spec.replicas == 2')).toEqual({ kind: 'done', message: 'ready' });
    expect(await judged('object.status.warm')).toMatchObject({
      kind: 'applied',
      message: expect.stringContaining('not ready by rule "mine"'),
    });
    expect(await judged('object.')).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('spec.dependencies.readiness[0] ("mine"), ready'),
    });
  });

  test('fails when an object will never be ready', async () => {
    expect(await observed(restore('web'), engine({ kind: 'applied', object: failedJob }))).toMatchObject({
      kind: 'failed',
    });
  });

  test('tries again when the cluster refuses an object for now', async () => {
    const quota: ApplyOutcome = { kind: 'blocked', key: 'Secret/shop/db', message: 'exceeded quota' };
    expect(await observed(restore('web'), engine(quota))).toEqual({
      kind: 'blocked',
      message: 'Secret/shop/db: exceeded quota',
    });
  });

  test.each(['foreign', 'refused'] as const)('fails when an object is %s', async (kind) => {
    expect(
      await observed(restore('web'), engine({ kind, key: 'Secret/shop/db', message: 'no' })),
    ).toMatchObject({
      kind: 'failed',
    });
  });

  test('keeps the outcome of one unit when another one throws', async () => {
    const broken = new KubeError('Unreachable', 'eu-north does not answer', { cluster: 'eu-north' });
    const both = engineOf({
      point: openPoint(['web', 'db']),
      restore: ([key]) => {
        if (key === 'db') throw broken;
        return [{ kind: 'applied', object: configMap }];
      },
    });
    expect(await actOn([restore('web'), restore('db')], { engine: () => both })).toMatchObject({
      'restore/web': { kind: 'done' },
      'restore/db': { kind: 'blocked', message: 'eu-north does not answer' },
    });
  });

  test('touches nothing once this process does not lead any more', async () => {
    const touched: string[] = [];
    const counting = engineOf({
      point: openPoint(['web']),
      restore: (keys) => {
        touched.push(...keys);
        return [];
      },
    });
    await expect(actOn([restore('web')], { engine: () => counting, assertLeading: deposed })).rejects.toThrow(
      'lease is lost',
    );
    expect(touched).toEqual([]);
  });

  test('leaves the rest for the next pass when this one has taken long enough', async () => {
    const units = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l'];
    const slow = engineOf({
      point: openPoint(units),
      restore: () => [{ kind: 'applied', object: configMap }],
    });
    const seen = await actOn(
      units.map((unit) => restore(unit)),
      { engine: () => slow, clock: clockOf(500) },
    );
    expect(Object.keys(seen).length).toBeGreaterThan(0);
    expect(Object.keys(seen).length).toBeLessThan(units.length);
  });
});

describe('effects', () => {
  const effects = effectsOf([restore('a'), restore('b', { attempts: 3 }), restore('c')]);

  test('are due when they were never tried, or their pause is over', () => {
    const memory = emptyMemory();
    memory.lastTried.set('restore/b', tick(1000));
    memory.lastTried.set('restore/c', tick(500));
    const due = (at: number) => dueEffects(effects, memory, tick(at)).map(({ step }) => step.id);
    expect(due(1100)).toEqual(['restore/a', 'restore/c']);
    expect(due(3000)).toEqual(['restore/a', 'restore/c', 'restore/b']);
  });

  test('that were never tried are begun in the order of the journal', () => {
    const journal = [restore('NetworkPolicy/deny'), restore('ConfigMap/b'), restore('ConfigMap/a')];
    const due = dueEffects(effectsOf(journal), emptyMemory(), tick(0));
    expect(due.map(({ step }) => step)).toEqual(journal);
  });
});

describe('finishing', () => {
  const report: StepStatus = { id: 'report', kind: 'Report', phase: 'Running' };
  const hooks = hooksSchema.parse([
    {
      name: 'warm-up',
      when: 'AfterRestore',
      namespace: 'shop',
      podSelector: { app: 'db' },
      command: ['warm-up'],
    },
  ]);
  const finish = async (outcomes: readonly HookOutcome[] | undefined) => {
    const world = worldOf([report]);
    const memory = emptyMemory();
    memory.triedSince.set(report.id, tick(0));
    const deps = depsOf({
      clock: clockOf(100),
      hooks: {
        stateOf: () => ({ outcomes, since: tick(outcomes === undefined ? 100 : 0) }),
        forget: () => {},
      },
    });
    const seen = await act(
      effectsOf([report]),
      { ...world, plan: { ...world.plan, hooks } },
      memory,
      deps,
      never,
    );
    return { seen: seen.get(report.id), since: memory.triedSince.get(report.id) };
  };

  test('waits for hooks that are for no unit, without counting their time as that of the step', async () => {
    const { seen, since } = await finish(undefined);
    expect(seen).toMatchObject({ kind: 'applied', message: expect.stringContaining('running hook warm-up') });
    expect(since).toBeGreaterThan(0);
  });

  test('tells what came of them', async () => {
    const { seen, since } = await finish([{ kind: 'warning', message: 'hook warm-up: cold', again: false }]);
    expect(seen).toEqual({ kind: 'done', message: 'all units are ready; hook warm-up: cold; written' });
    expect(since).toBe(0);
  });
});
