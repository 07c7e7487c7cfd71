import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../api/object.ts';
import { objectKey } from '../../api/object.ts';
import { transforms as transformsSchema } from '../../api/v1alpha1/dr-scenario-transforms.ts';
import { type HookSpec, hooks as hooksSchema } from '../../api/v1alpha1/dr-scenario-volumes.ts';
import type { Observation } from '../../domain/execution/reducer.ts';
import { manifestOf } from '../../domain/execution/testing/manifest.ts';
import { transformedPoint } from '../../engines/transformed-point.ts';
import type { ExecResult } from '../../kube/cluster.ts';
import { KubeError } from '../../kube/errors.ts';
import { keyFromText } from '../../kube/reconciler.ts';
import { manualClock } from '../../testing/manual-clock.ts';
import { anObject, aWorkload } from '../../testing/objects.ts';
import { partialCluster } from '../../testing/region.ts';
import { afterAll, afterRestore, type HookContext } from './after-restore.ts';
import { createHookRuns } from './hook-runs.ts';
import { worldOf } from './testing/world.ts';

const never = new AbortController().signal;
const ready = { kind: 'done', message: 'ready' } as const;
const db = 'StatefulSet.apps/shop/db';

const workloads: readonly KubeObject[] = [
  aWorkload('StatefulSet', 'shop/db'),
  aWorkload('Deployment', 'shop/web'),
];
/** Makes Pods with the labels of the database and one of its own. */
function aBackup(kind: string, replicas?: number): KubeObject {
  const metadata = { labels: { app: 'db', job: 'backup' } };
  const template = { metadata, spec: { containers: [{ name: 'main' }] } };
  const spec = kind === 'CronJob' ? { jobTemplate: { spec: { template } } } : { replicas, template };
  return anObject(kind, 'shop/backup', { spec });
}
const transforms = transformsSchema.parse([{ name: 'places', namespaces: [{ from: 'shop', to: 'dr' }] }]);

function contextOf(
  hooks: readonly Partial<HookSpec>[],
  result: () => Promise<ExecResult> = async () => ({ kind: 'exited', code: 0, output: '' }),
  { objects = workloads, pods = 1 } = {},
) {
  const byKey = new Map(objects.map((object) => [objectKey(object), object]));
  const manifest = manifestOf({ units: [...byKey.keys()] });
  const opened = {
    manifest: {
      ...manifest,
      objects: [...byKey].map(([key, { apiVersion }]) => ({
        key,
        apiVersion,
        digest: '',
        resourceVersion: '',
        bytes: 0,
      })),
    },
    digest: '',
    object: (key: string) => byKey.get(key),
  };
  const asked: string[] = [];
  const target = partialCluster('eu-north', {
    list: async (_type, { namespace, labelSelector }) => {
      asked.push(`${namespace}: ${labelSelector}`);
      const spec = { containers: [{ name: 'main' }] };
      return {
        items: Array.from({ length: pods }, (_, index) =>
          anObject('Pod', `${namespace}/p-${index}`, { spec, status: { phase: 'Running' } }),
        ),
        resourceVersion: '',
      };
    },
    exec: result,
  });
  const parsed = hooksSchema.parse(
    hooks.map((hook, index) => ({
      name: `h${index}`,
      when: 'AfterRestore',
      namespace: 'shop',
      podSelector: { app: 'db' },
      command: ['reindex'],
      ...hook,
    })),
  );
  const plan = { ...worldOf([]).plan, transforms, hooks: parsed };
  const queued = new Set<string>();
  const runs = createHookRuns({
    hooks: { add: (name) => void queued.add(name) },
    executions: { add: () => {} },
    clock: manualClock(),
  });
  const contextIn = (isApplied: boolean): HookContext => ({
    plan,
    point: transformedPoint(opened, transforms),
    run: (wanted) => runs.stateOf(execution, 'a step', { hooks: wanted, target }).outcomes,
    isApplied,
  });
  /** What two passes show, between which the hooks run to their end. */
  const inTwoPasses = async (look: (context: HookContext) => Observation, isApplied = true) => {
    const first = look(contextIn(isApplied));
    for (const name of queued) await runs.reconcile(keyFromText(name), never);
    return { first, second: look(contextIn(isApplied)) };
  };
  return { inTwoPasses, asked };
}
const execution = { namespace: 'dr', name: 'failover-1' };

const unit = db.replace('shop', 'dr');

describe('hooks after a restore', () => {
  test('run once the unit is ready whose Pods they are for, where it is now, in its Pods only', async () => {
    const { inTwoPasses, asked } = contextOf([{}, { podSelector: { app: 'other' } }]);
    const soon = { kind: 'waiting', message: 'soon' } as const;
    expect((await inTwoPasses((context) => afterRestore(unit, soon, context))).second).toEqual(soon);
    expect(asked).toEqual([]);
    expect(await inTwoPasses((context) => afterRestore(unit, ready, context))).toEqual({
      first: { kind: 'waiting', message: 'ready; running hook h0' },
      second: { kind: 'done', message: 'ready; hook h0: done in 1 Pod' },
    });
    expect(asked).toEqual(['dr: app=db']);
  });

  test('fail the unit when the command fails', async () => {
    const { inTwoPasses } = contextOf([{}], async () => ({ kind: 'exited', code: 2, output: 'no index' }));
    expect((await inTwoPasses((context) => afterRestore(unit, ready, context))).second).toEqual({
      kind: 'failed',
      message: 'ready; hook h0: ended with exit code 2 in Pod p-0, container main: no index',
    });
  });

  test('are tried again when they could not run, without applying the unit again', async () => {
    const { inTwoPasses } = contextOf([{}], () =>
      Promise.reject(new KubeError('Unavailable', 'no kubelet', { cluster: 'eu-north' })),
    );
    const look = (context: HookContext) => afterRestore(unit, ready, context);
    const message = expect.stringContaining('no kubelet');
    expect((await inTwoPasses(look)).second).toEqual({ kind: 'waiting', message });
    expect((await inTwoPasses(look, false)).second).toEqual({ kind: 'applied', message });
  });

  test('only warn when they may fail', async () => {
    const { inTwoPasses } = contextOf([{ onFailure: 'Continue' }], async () => ({
      kind: 'exited',
      code: 2,
      output: '',
    }));
    expect((await inTwoPasses((context) => afterRestore(unit, ready, context))).second).toMatchObject({
      kind: 'done',
      message: expect.stringContaining('hook h0: ended with exit code 2'),
    });
  });

  test('run last of all when no object of the point describes their Pods', async () => {
    const { inTwoPasses, asked } = contextOf([{}, { podSelector: { 'cnpg.io/cluster': 'pg' } }]);
    expect(await inTwoPasses(afterAll, false)).toEqual({
      first: { kind: 'applied', message: 'all units are ready; running hook h1' },
      second: { kind: 'done', message: 'all units are ready; hook h1: done in 1 Pod' },
    });
    expect(asked).toEqual(['dr: cnpg.io/cluster=pg']);
  });

  test.each([aBackup('CronJob'), aBackup('Job'), aBackup('Deployment', 0), aBackup('StatefulSet', 0)])(
    'do not wait for Pods of a unit that keeps none running, when others have the labels: %o',
    async (backup) => {
      const { inTwoPasses, asked } = contextOf([{}], undefined, { objects: [...workloads, backup] });
      const itsUnit = objectKey(backup).replace('shop', 'dr');
      expect((await inTwoPasses((context) => afterRestore(itsUnit, ready, context))).second).toEqual(ready);
      expect((await inTwoPasses(afterAll)).second).toEqual({ kind: 'done', message: 'all units are ready' });
      expect(asked).toEqual([]);
      await inTwoPasses((context) => afterRestore(unit, ready, context));
      expect(asked).toEqual(['dr: app=db']);
    },
  );

  test('run last of all when nothing keeps their Pods running, and say so when there is none', async () => {
    const objects = [...workloads, aBackup('CronJob')];
    const { inTwoPasses } = contextOf([{ podSelector: { job: 'backup' } }], undefined, { objects, pods: 0 });
    const itsUnit = 'CronJob.batch/dr/backup';
    expect((await inTwoPasses((context) => afterRestore(itsUnit, ready, context))).second).toEqual(ready);
    expect((await inTwoPasses(afterAll)).second).toEqual({
      kind: 'waiting',
      message: expect.stringMatching(
        /^all units are ready; hook h0: no Pod in namespace dr of eu-north has the labels job=backup: .*; hook h0 is for Pods of CronJob.batch\/dr\/backup, of which none is kept running$/,
      ),
    });
  });
});
