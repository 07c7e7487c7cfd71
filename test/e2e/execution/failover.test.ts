/** Executions on real clusters: to the end, through crashes, and into obstacles. */
import { afterEach, beforeAll, expect, test } from 'vitest';
import type { Lab } from '../../../hack/lab/types.ts';
import { drExecutionKind, type StepStatus } from '../../../src/api/v1alpha1/dr-execution.ts';
import { drExecutionReconciler } from '../../../src/controllers/dr-execution/controller.ts';
import { gather } from '../../../src/controllers/dr-execution/gather.ts';
import { publish } from '../../../src/controllers/dr-execution/status.ts';
import { publishStatus, resourceOf } from '../../../src/controllers/resources.ts';
import { findCondition } from '../../../src/domain/conditions.ts';
import { millis, seconds } from '../../../src/domain/time.ts';
import { KubeError } from '../../../src/kube/errors.ts';
import { after, done } from '../../../src/kube/reconciler.ts';
import { getLab } from '../lab.ts';
import { application, PASSWORD } from './application.ts';
import { type Bench, drive, never, setUp, until } from './bench.ts';

let lab: Lab;
let bench: Bench | undefined;
beforeAll(async () => {
  lab = await getLab();
});
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const stepOf = (steps: readonly StepStatus[] | undefined, id: string): StepStatus => {
  const found = steps?.find((step) => step.id === id);
  if (found === undefined) throw new Error(`no step ${id} among ${steps?.map((step) => step.id).join(', ')}`);
  return found;
};
const inRecovery = (namespace: string, ...args: string[]) => lab.recovery.kubectl(['-n', namespace, ...args]);

/** Everything the end of a recovery promises, whatever happened on the way. */
async function expectRecovered(from: Bench, status: Awaited<ReturnType<Bench['status']>>): Promise<void> {
  const { namespace } = from;
  expect(status).toMatchObject({ phase: 'Succeeded' });
  expect(findCondition(status.conditions ?? [], 'Complete')).toMatchObject({
    status: 'True',
    reason: 'Recovered',
  });
  const db = stepOf(status.steps, `restore/Deployment.apps/${namespace}/db`);
  const web = stepOf(status.steps, `restore/Deployment.apps/${namespace}/web`);
  expect(Date.parse(web.startedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(db.finishedAt ?? ''));
  const password = await inRecovery(namespace, 'get', 'secret', 'db', '-o', 'jsonpath={.data.password}');
  expect(Buffer.from(password, 'base64').toString()).toBe(PASSWORD);
  const available = 'jsonpath={.items[*].status.availableReplicas}';
  expect(await inRecovery(namespace, 'get', 'deployments', '-o', available)).toBe('2 2 2');
  const name = stepOf(status.steps, `dns/${namespace}.${lab.dns.zone}`);
  expect(name.message).toContain('answers 198.51.100.1');
  expect(status.report?.warnings.join(' ')).toContain('NOT been fenced');
}

test('an execution restores in order, switches the name and reports what it cost', async () => {
  bench = await setUp(lab, 'whole', application);
  const key = await bench.execute('failover-1');
  const status = await drive(bench, key);

  await expectRecovered(bench, status);
  expect(status.report?.achievedRpoMillis).toBeGreaterThan(0);
  expect(bench.events.map((event) => event.split(':')[0])).toEqual(['ExecutionStarted', 'Recovered']);
});

test('an execution goes on to its end when the operator is killed at every step, before and after its effect', async () => {
  bench = await setUp(lab, 'killed', application);
  const key = await bench.execute('failover-1');
  const { deps } = bench;
  let calls = 0;
  const killed = new Error('killed');
  // Every pass is a new process. Two of three are killed: at the first look at the lease, before any
  // effect, or at the last one, after the effects and before their outcome is published.
  const pass = async () => {
    calls += 1;
    const effects = { left: [0, Number.POSITIVE_INFINITY, 1][calls % 3] ?? 0 };
    const assertLeading = () => {
      if (effects.left-- <= 0) throw killed;
    };
    return drExecutionReconciler({ ...deps, assertLeading })(key, never).catch((error: unknown) => {
      if (error !== killed) throw error;
      return after(millis(50));
    });
  };
  await expectRecovered(bench, await until(bench, key, seconds(400), pass));
  expect(calls).toBeGreaterThan(10);
});

test('an object that is not ours is named before anything is touched', async () => {
  bench = await setUp(lab, 'foreign', application);
  const { namespace } = bench;
  await lab.recovery.kubectl(['create', 'namespace', namespace]);
  await inRecovery(namespace, 'create', 'configmap', 'web', '--from-literal=theme=light');
  const status = await drive(bench, await bench.execute('failover-1'));

  expect(status.phase).toBe('Failed');
  const prepare = stepOf(status.steps, 'prepare');
  expect(prepare).toMatchObject({ phase: 'Failed' });
  expect(prepare.message).toContain(`ConfigMap/${namespace}/web`);
  expect(status.steps?.filter((step) => step.kind === 'Restore').map((step) => step.phase)).not.toContain(
    'Succeeded',
  );
  expect(await inRecovery(namespace, 'get', 'deployments,secrets', '-o', 'name')).toBe('');
  expect(await inRecovery(namespace, 'get', 'configmap', 'web', '-o', 'jsonpath={.data.theme}')).toBe(
    'light',
  );
});

test('a full recovery region is waited for with the obstacle shown, then given up on, and independent units are kept', async () => {
  bench = await setUp(lab, 'quota', application, { stepTimeout: '30s' });
  const { namespace } = bench;
  await lab.recovery.kubectl(['create', 'namespace', namespace]);
  await inRecovery(namespace, 'create', 'quota', 'full', '--hard=count/secrets=0');
  const status = await drive(bench, await bench.execute('failover-1'));

  expect(status.phase).toBe('Failed');
  expect(status.message).toContain('ResourceQuota');
  const phases = Object.fromEntries((status.steps ?? []).map((step) => [step.id, step.phase]));
  expect(phases[`restore/Deployment.apps/${namespace}/cache`]).toBe('Succeeded');
  expect(phases[`restore/Deployment.apps/${namespace}/web`]).toBe('Skipped');
  expect(phases[`dns/${namespace}.${lab.dns.zone}`]).toBe('Skipped');
  expect(bench.events.some((event) => event.startsWith('StepFailed'))).toBe(true);
});

test('a second execution is refused while one runs, and both may not start at the same moment', async () => {
  bench = await setUp(lab, 'twice', application);
  const keys = [await bench.execute('one'), await bench.execute('two')];
  const reconcile = drExecutionReconciler(bench.deps);
  await Promise.all(keys.map((key) => reconcile(key, never)));

  const statuses = await Promise.all(keys.map(bench.status));
  const refused = statuses.filter((status) => status.phase === 'Refused');
  expect(statuses.filter((status) => status.phase === 'Running')).toHaveLength(1);
  expect(refused).toHaveLength(1);
  expect(refused[0]?.message).toContain('OneExecutionAtATime');
});

test('a journal that was written meanwhile is not overwritten by who read it before', async () => {
  bench = await setUp(lab, 'stale', application);
  const key = await bench.execute('failover-1');
  const reconcile = drExecutionReconciler(bench.deps);
  await reconcile(key, never);
  const deposed = await gather(key, bench.objective, never);
  if (deposed.kind !== 'running') throw new Error(deposed.kind);
  await reconcile(key, never);

  const late = publish(deposed.execution, { phase: 'Pending' }, bench.deps, never);
  await expect(late).rejects.toThrow(KubeError);
  expect(await bench.status(key)).toMatchObject({ phase: 'Running' });
});

test('a scenario that has failed over is not restored over again', async () => {
  bench = await setUp(lab, 'again', application);
  const { objective, namespace } = bench;
  const type = { ...resourceOf(drExecutionKind), resource: 'drscenarios', kind: 'DRScenario' };
  const scenario = await objective.get(type, { namespace, name: 'shop' }, never);
  if (scenario === undefined) throw new Error('no scenario');
  const status = { ...(scenario['status'] as object), activeRegion: 'eu-north' };
  await publishStatus(objective, scenario, status, never);
  const key = await bench.execute('failover-1');

  expect(await drExecutionReconciler(bench.deps)(key, never)).toEqual(done);
  expect(await bench.status(key)).toMatchObject({
    phase: 'Refused',
    message: expect.stringContaining('AlreadyFailedOver'),
  });
});
