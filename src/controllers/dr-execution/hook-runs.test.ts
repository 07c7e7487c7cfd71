import { expect, test } from 'vitest';
import type { KubeObject } from '../../api/object.ts';
import { hooks as hooksSchema } from '../../api/v1alpha1/dr-scenario-volumes.ts';
import { between, type Millis, millis, seconds } from '../../domain/time.ts';
import type { ExecResult } from '../../kube/cluster.ts';
import { orAborted } from '../../kube/deadline.ts';
import { KubeError } from '../../kube/errors.ts';
import { keyFromText } from '../../kube/reconciler.ts';
import { manualClock } from '../../testing/manual-clock.ts';
import { anObject } from '../../testing/objects.ts';
import { partialCluster } from '../../testing/region.ts';
import { createHookRuns } from './hook-runs.ts';

const never = new AbortController().signal;
const execution = { namespace: 'dr', name: 'failover-1' };
const hook = { when: 'AfterRestore', namespace: 'shop' };
const reindex = { ...hook, name: 'reindex', podSelector: { app: 'db' }, command: ['reindex'] };
const warm = { ...hook, name: 'warm', podSelector: { app: 'cache' }, command: ['warm'] };
const done: ExecResult = { kind: 'exited', code: 0, output: '' };
const noKubelet = () => new KubeError('Unavailable', 'no kubelet', { cluster: 'eu-north' });

const pod = (app: string, index = 0): KubeObject =>
  anObject('Pod', `shop/${app}-${index}`, {
    metadata: { labels: { app } },
    spec: { containers: [{ name: 'main' }] },
    status: { phase: 'Running' },
  });

type Exec = (signal: AbortSignal, pod: string) => Promise<ExecResult>;

function runsWith(exec: Exec, { pods = [pod('db')], wished = [reindex] } = {}) {
  const clock = manualClock();
  const hooks = hooksSchema.parse(wished);
  const queued: string[] = [];
  const told: string[] = [];
  const ran: string[] = [];
  const target = partialCluster('eu-north', {
    list: async (_type, { labelSelector }) => ({
      items: pods.filter(({ metadata }) => `app=${metadata.labels?.['app']}` === labelSelector),
      resourceVersion: '',
    }),
    exec: ({ name }, { command }, signal) => {
      ran.push(`${name}: ${command.join(' ')}`);
      return exec(signal, name);
    },
  });
  const runs = createHookRuns({
    hooks: { add: (name) => void queued.push(name) },
    executions: { add: (name) => void told.push(name) },
    clock,
  });
  const state = () => runs.stateOf(execution, 'restore/db', { hooks, target });
  const ask = () => state().outcomes;
  const runQueued = () => runs.reconcile(keyFromText(queued.at(-1) ?? ''), never);
  /** As long as the step waits, its execution asks. */
  const passFor = async (time: Millis) => {
    const start = clock.tick();
    while (between(start, clock.tick()) < time) {
      ask();
      await runQueued();
      await clock.advance(millis(500));
    }
  };
  return { runs, state, ask, runQueued, passFor, told, ran, clock, pods };
}

test('hooks run beside the pass that asks for them, once, and the execution is told when they have ended', async () => {
  let times = 0;
  const { ask, runQueued, told } = runsWith(async () => {
    times += 1;
    return done;
  });
  expect(ask()).toBeUndefined();
  expect(told).toEqual([]);
  await runQueued();
  expect(told).toEqual(['dr/failover-1']);
  expect(ask()).toMatchObject([{ kind: 'succeeded' }]);
  await runQueued();
  expect(ask()).toMatchObject([{ kind: 'succeeded' }]);
  expect(times).toBe(1);
});

test('hooks that could not run are run again, and until then it is said why', async () => {
  let times = 0;
  const { ask, runQueued, clock } = runsWith(async () => {
    times += 1;
    if (times === 1) throw noKubelet();
    return done;
  });
  ask();
  await runQueued();
  expect(ask()).toMatchObject([{ kind: 'failed', again: true }]);
  await clock.advance(millis(500));
  await runQueued();
  expect(ask()).toMatchObject([{ kind: 'succeeded' }]);
});

test('hooks of an execution that is over are broken off', async () => {
  const { runs, ask, runQueued, told } = runsWith((signal) =>
    orAborted(new Promise<never>(() => {}), signal),
  );
  ask();
  const running = runQueued();
  runs.forget(execution);
  await running;
  expect(told).toEqual([]);
});

test('a hook that succeeded is not run again while one after it waits for its Pod', async () => {
  const { passFor, ask, ran, pods } = runsWith(async () => done, { wished: [reindex, warm] });
  await passFor(seconds(30));
  expect(ask()).toMatchObject([{ kind: 'succeeded' }, { kind: 'failed', again: true }]);
  expect(ran).toEqual(['db-0: reindex']);
  pods.push(pod('cache'));
  await passFor(seconds(10));
  expect(ask()).toMatchObject([{ kind: 'succeeded' }, { kind: 'succeeded' }]);
  expect(ran).toEqual(['db-0: reindex', 'cache-0: warm']);
});

test('a hook is not run again in Pods where it succeeded', async () => {
  let isDown = true;
  const exec: Exec = async (_signal, name) => {
    if (name === 'db-1' && isDown) throw noKubelet();
    return done;
  };
  const { passFor, ask, ran } = runsWith(exec, { pods: [pod('db', 0), pod('db', 1)] });
  await passFor(seconds(5));
  isDown = false;
  await passFor(seconds(10));
  expect(ask()).toMatchObject([{ kind: 'succeeded', message: 'hook reindex: done in 2 Pods' }]);
  expect(ran.filter((text) => text.startsWith('db-0'))).toHaveLength(1);
});

test('tries that come to nothing become rarer', async () => {
  const { passFor, ran } = runsWith(() => Promise.reject(noKubelet()));
  await passFor(seconds(15));
  expect(ran.length).toBeGreaterThanOrEqual(4);
  await passFor(seconds(60));
  expect(ran.length).toBeLessThanOrEqual(12);
});

test('a step is patient while commands run, also at a later try, and not for one that came to nothing', async () => {
  let end: (() => void) | undefined;
  let times = 0;
  const { state, ask, runQueued, clock } = runsWith(async () => {
    times += 1;
    if (times === 1) throw noKubelet();
    await new Promise<void>((resolve) => {
      end = resolve;
    });
    if (times === 2) throw noKubelet();
    return done;
  });
  ask();
  await runQueued();
  await clock.advance(seconds(1));
  expect(state()).toMatchObject({ outcomes: [{ kind: 'failed' }], since: 0 });

  const second = runQueued();
  await clock.advance(seconds(60));
  expect(state()).toEqual({ outcomes: undefined, since: 61_000 });
  end?.();
  await second;
  expect(state()).toMatchObject({ outcomes: [{ kind: 'failed' }], since: 0 });

  await clock.advance(seconds(10));
  const third = runQueued();
  await clock.advance(seconds(60));
  end?.();
  await third;
  expect(state()).toMatchObject({ outcomes: [{ kind: 'succeeded' }], since: 131_000 });
});
