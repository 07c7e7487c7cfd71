import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../api/object.ts';
import type { StepStatus } from '../../api/v1alpha1/dr-execution.ts';
import { effectsOf, type Observation } from '../../domain/execution/reducer.ts';
import { tick } from '../../domain/time.ts';
import { type ApplyOutcome, type Engine, PointDamagedError } from '../../engines/engine.ts';
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
});
