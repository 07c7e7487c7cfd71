/** A command after a restore that takes its time: who waits for it, and who does not. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitFor } from '../../../hack/harness/wait.ts';
import type { Lab } from '../../../hack/lab/types.ts';
import type { DRExecutionStatus } from '../../../src/api/v1alpha1/dr-execution.ts';
import { systemClock } from '../../../src/clock.ts';
import { drExecutionReconciler } from '../../../src/controllers/dr-execution/controller.ts';
import { createHookRuns, type HookRuns } from '../../../src/controllers/dr-execution/hook-runs.ts';
import { type Key, keyFromText } from '../../../src/kube/reconciler.ts';
import { application } from '../execution/application.ts';
import { type Bench, never, setUp } from '../execution/bench.ts';
import { getLab } from '../lab.ts';
import { type Kubelet, startKubelet } from './kubelet.ts';
import { addNode, addRunningPod } from './node.ts';

/** Of a step; its hook takes longer. */
const STEP_SECONDS = 20;
const labels = { app: 'db' };
const node = `kubelet-${process.pid}-recovery`;
/** In the Pod that the test adds, and in none of the application's own. */
const hook = {
  name: 'reindex',
  when: 'AfterRestore',
  podSelector: labels,
  container: 'db',
  command: ['until-told'],
  timeout: '5m',
};

let lab: Lab;
let kubelet: Kubelet;
let bench: Bench;

beforeAll(async () => {
  lab = await getLab();
  kubelet = await startKubelet();
  await addNode(lab.recovery, node, kubelet.port);
  bench = await setUp(lab, 'after-restore', application, {
    stepTimeout: `${STEP_SECONDS}s`,
    hooks: [hook],
  });
});
afterAll(async () => {
  await lab?.recovery.kubectl(['delete', 'node', node, '--ignore-not-found']);
  await bench?.close();
  await kubelet?.stop();
});

/** With workers of its own, as the operator has them. */
function hookRuns(): HookRuns {
  const busy = new Set<string>();
  const runs: HookRuns = createHookRuns({
    hooks: {
      add: (name) => {
        if (busy.has(name)) return;
        busy.add(name);
        void runs.reconcile(keyFromText(name), never).finally(() => busy.delete(name));
      },
    },
    executions: { add: () => undefined },
    clock: systemClock,
  });
  return runs;
}

const stepOf = ({ steps = [] }: DRExecutionStatus, name: string) =>
  steps.find(({ id }) => id === `restore/Deployment.apps/${bench.namespace}/${name}`);

test('a hook that takes longer than a step may is waited for by what needs its unit, and by nothing else', async () => {
  const reconcile = drExecutionReconciler({ ...bench.deps, hooks: hookRuns() });
  const key: Key = await bench.execute('failover');
  const passUntil = (what: string, isSo: (status: DRExecutionStatus) => boolean) =>
    waitFor({ what, seconds: 120, every: 300 }, async () => {
      await reconcile(key, never);
      const status = await bench.status(key);
      if (isSo(status)) return status;
      throw new Error(JSON.stringify(status.steps));
    });

  await passUntil('the database to be restored', (status) => stepOf(status, 'db')?.appliedAt !== undefined);
  await addRunningPod(lab.recovery, { namespace: bench.namespace, name: 'db-0', labels, node });
  await passUntil('the hook to run', () => kubelet.asked.length > 0);
  const begun = performance.now();
  const meanwhile = await passUntil('the hook to outlast a step', (status) => {
    const isLong = performance.now() - begun > (STEP_SECONDS + 2) * 1000;
    return isLong && stepOf(status, 'cache')?.phase === 'Succeeded';
  });
  expect(stepOf(meanwhile, 'db')).toMatchObject({
    phase: 'Running',
    message: expect.stringContaining('running hook reindex'),
  });
  expect(stepOf(meanwhile, 'web')).toMatchObject({ phase: 'Pending' });

  kubelet.tell();
  const ended = await passUntil('the execution to end', ({ phase }) => phase === 'Succeeded');
  expect(stepOf(ended, 'db')?.message).toContain('hook reindex: done in 1 Pod');
  expect(kubelet.asked).toEqual([`${bench.namespace}/db-0/db: until-told`]);
});
