import { describe, expect, test } from 'vitest';
import { drExecutionStatus, type StepStatus } from '../../api/v1alpha1/dr-execution.ts';
import { drScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import { findCondition } from '../../domain/conditions.ts';
import { manifestOf } from '../../domain/execution/testing/manifest.ts';
import { inStoreOf } from '../../domain/protection/point-store.ts';
import { fromRfc3339, instant } from '../../domain/time.ts';
import { abandonedStatus, freezePlan, nextStatus, refusedStatus, storeOf } from './decide.ts';
import { scenarioSpec, worldOf } from './testing/world.ts';

const now = fromRfc3339('2026-01-01T00:01:30.000Z') ?? instant(0);
const step = (
  id: string,
  kind: StepStatus['kind'],
  phase: StepStatus['phase'],
  message?: string,
): StepStatus => ({
  id,
  kind,
  phase,
  ...(message === undefined ? {} : { message }),
});
const succeeded = [
  step('prepare', 'Prepare', 'Succeeded'),
  { ...step('restore/web', 'Restore', 'Succeeded'), objects: 3, finishedAt: '2026-01-01T00:01:20.000Z' },
  step('report', 'Report', 'Succeeded'),
];
const next = (steps: readonly StepStatus[]) => nextStatus(worldOf(steps), steps, manifestOf(), now);

describe('the status of an execution', () => {
  test('says what is being done while steps run', () => {
    const status = next([
      step('prepare', 'Prepare', 'Succeeded'),
      step('restore/web', 'Restore', 'Running', '1 of 2 available'),
    ]);
    expect(status).toMatchObject({
      phase: 'Running',
      progress: '1/2',
      message: 'restoring web (1 of 2 available)',
    });
  });

  test('carries the report when everything succeeded', () => {
    const status = next(succeeded);
    expect(status).toMatchObject({
      phase: 'Succeeded',
      progress: '3/3',
      report: { achievedRpoMillis: 60_000, achievedRtoMillis: 20_000, objectsRestored: 3 },
    });
    expect(findCondition(status.conditions ?? [], 'Complete')).toMatchObject({
      status: 'True',
      reason: 'Recovered',
    });
  });

  test('names the failed steps, and reports what there is and what is missing', () => {
    const status = next([
      step('prepare', 'Prepare', 'Failed', 'foreign objects'),
      step('restore/web', 'Restore', 'Skipped'),
      step('report', 'Report', 'Skipped'),
    ]);
    expect(status.phase).toBe('Failed');
    expect(status.report).toMatchObject({ objectsRestored: 0 });
    expect(status.report?.warnings[0]).toMatch(/^1 unit NOT recovered.*: web\./);
    expect(status.message).toContain('prepare (foreign objects)');
    expect(findCondition(status.conditions ?? [], 'Complete')).toMatchObject({
      status: 'False',
      reason: 'StepsFailed',
    });
  });

  test('is final when a safety rule refuses, and names the rule', () => {
    const refusal = { kind: 'refused', rule: 'MaxDataLoss', message: 'too much' } as const;
    const status = refusedStatus(worldOf([]).execution, refusal, now);
    expect(status).toMatchObject({ phase: 'Refused', message: 'refused (MaxDataLoss): too much' });
    expect(findCondition(status.conditions ?? [], 'Admitted')).toMatchObject({
      status: 'False',
      reason: 'MaxDataLoss',
    });
  });

  test('ends every step when the scenario is deleted', () => {
    const status = abandonedStatus(
      worldOf([step('restore/web', 'Restore', 'Running'), step('report', 'Report', 'Pending')]),
      now,
    );
    expect(status.phase).toBe('Failed');
    expect(status.steps?.map(({ phase }) => phase)).toEqual(['Failed', 'Skipped']);
  });
});

test("a plan keeps the scenario's rules of readiness, for the scenario may be edited meanwhile", () => {
  const readiness = [{ name: 'db', match: 'true', ready: 'object.status.ok' }];
  const spec = drScenarioSpec.parse({ ...scenarioSpec, dependencies: { readiness } });
  expect(planOf('Healthy', spec).readiness).toEqual(readiness);
  expect(planOf('Healthy')).not.toHaveProperty('readiness');
});

test('a plan names the store of its point, whatever the scenario says later', () => {
  const plan = planOf('Healthy');
  const bucket = { s3: { bucket: 'other', region: 'us-east-1', forcePathStyle: false } };
  const edited = { ...scenarioSpec, replication: { ...scenarioSpec.replication, store: bucket } };
  expect(inStoreOf(edited, storeOf(plan)).replication.store).toEqual({ filesystem: { path: '/points' } });
});

test('a plan of an earlier version, which knew directories only, still finds its store', () => {
  const { store: _, ...plan } = planOf('Healthy');
  const status = drExecutionStatus.parse({ plan: { ...plan, storePath: '/old' } });
  expect(status.plan && storeOf(status.plan)).toEqual({ filesystem: { path: '/old' } });
});

test('a plan remembers when the source was judged failed, and only then', () => {
  expect(planOf('Failed')).toMatchObject({ verdictAt: '2026-01-01T00:00:41.000Z', sourceVerdict: 'Failed' });
  expect(planOf('Healthy').verdictAt).toBeUndefined();
});

test('a plan remembers as of when its point was still what the source had, if that was ever found', () => {
  expect(planOf('Healthy')).not.toHaveProperty('pointConfirmedAt');
  const confirmedAt = '2026-01-01T00:00:30Z';
  expect(planOf('Healthy', scenarioSpec, { confirmedAt }).pointConfirmedAt).toBe(confirmedAt);
});

function planOf(
  verdict: 'Failed' | 'Healthy',
  spec = scenarioSpec,
  confirmed: { confirmedAt?: string } = {},
) {
  const point = { name: 'p', capturedAt: '2026-01-01T00:00:00Z', digest: 'sha256:00', ...confirmed };
  const since = fromRfc3339('2026-01-01T00:00:41.000Z');
  const region = { verdict, since, message: '' };
  const facts = {
    spec: worldOf([]).execution.spec,
    automatic: false,
    scenario: undefined,
    running: [],
    source: region,
    recovery: region,
    now,
  };
  const world = { facts, scenarioUid: 'uid-1', names: [] };
  return freezePlan(world, { spec, point }, { filesystem: { path: '/points' } });
}
