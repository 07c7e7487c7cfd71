import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/object.ts';
import type { HookSpec } from '../../api/v1alpha1/dr-scenario-volumes.ts';
import type { ExecResult } from '../../kube/cluster.ts';
import { KubeError } from '../../kube/errors.ts';
import { runHooks } from './run-hooks.ts';
import { done, hooks, never, pod, region } from './testing/region.ts';

async function outcomesOf(list: readonly HookSpec[], where: ReturnType<typeof region>) {
  return runHooks('BeforeCapture', list, where.cluster, never);
}

describe('running hooks', () => {
  it('runs the command in the first container of every running Pod with the labels', async () => {
    const where = region([
      pod('db-0'),
      pod('db-1'),
      pod('db-2', 'Pending'),
      pod('db-3', 'Running', { deletionTimestamp: 'now' }),
    ]);
    const list = hooks({ podSelector: { app: 'db', tier: 'x' }, command: ['fsfreeze', '-f', '/data'] });
    expect(await outcomesOf(list, where)).toEqual([
      { kind: 'succeeded', message: 'hook h0: done in 2 Pods' },
    ]);
    expect(where.ran.toSorted()).toEqual(['db-0/db: fsfreeze -f /data', 'db-1/db: fsfreeze -f /data']);
    expect(where.selectors).toEqual([['pods', 'shop', 'app=db,tier=x']]);
  });

  it('takes the container that kubectl would where the hook names none', async () => {
    const annotated = (name: string, container: string) =>
      pod(name, 'Running', { annotations: { 'kubectl.kubernetes.io/default-container': container } });
    const where = region([annotated('db-0', 'sidecar'), annotated('db-1', 'gone')]);
    await outcomesOf(hooks({ command: ['sync'] }), where);
    expect(where.ran.toSorted()).toEqual(['db-0/sidecar: sync', 'db-1/db: sync']);
  });

  it('runs only hooks of the moment', async () => {
    const where = region([pod('db-0')]);
    await outcomesOf(hooks({ when: 'AfterCapture' }, { when: 'AfterRestore' }), where);
    expect(where.ran).toEqual([]);
  });

  it.each<[string, readonly KubeObject[], Partial<HookSpec>, string]>([
    [
      'no Pod has the labels',
      [],
      {},
      'hook h0: no Pod in namespace shop of eu-west has the labels app=db: correct its podSelector or namespace, or remove the hook',
    ],
    [
      'no Pod is running',
      [pod('db-0', 'Pending'), pod('db-1', 'Running', { deletionTimestamp: 'now' })],
      {},
      'hook h0: none of the 2 Pods with the labels app=db in namespace shop of eu-west is running (db-0 is Pending, db-1 is Terminating)',
    ],
    [
      'no Pod has the container',
      [pod('db-0')],
      { container: 'postgres' },
      'hook h0: no Pod with the labels app=db in namespace shop of eu-west has a container postgres: set container to one of db, sidecar',
    ],
  ])('says that %s', async (_, pods, change, message) => {
    expect(await outcomesOf(hooks(change), region(pods))).toEqual([{ kind: 'failed', message, again: true }]);
  });

  it.each<[ExecResult, string]>([
    [
      { kind: 'exited', code: 3, output: 'disk full' },
      'ended with exit code 3 in Pod db-0, container db: disk full',
    ],
    [
      { kind: 'not-started', message: 'no such file', output: '' },
      'could not be started in Pod db-0, container db: no such file',
    ],
    [
      { kind: 'timed-out', output: 'waiting' },
      'did not end within 5s in Pod db-0, container db, and may still be running there: waiting',
    ],
  ])('says how a command failed: %o', async (result, message) => {
    const where = region([pod('db-0')], async () => result);
    expect(await outcomesOf(hooks({ timeout: '5s' }), where)).toEqual([
      { kind: 'failed', message: `hook h0: ${message}`, again: false },
    ]);
  });

  it('says what to do when the right to exec is missing, and that exec is not possible', async () => {
    const denied = new KubeError('Forbidden', 'eu-west: cannot exec Pod shop/db-0: denied', {
      cluster: 'eu-west',
      denial: 'rbac',
    });
    const [first] = await outcomesOf(
      hooks({}),
      region([pod('db-0')], () => Promise.reject(denied)),
    );
    expect(first?.message).toBe(
      "hook h0: exec is not allowed: eu-west: cannot exec Pod shop/db-0: denied. Set hooks.enabled=true in the chart's release in eu-west, or allow get and create of pods/exec there",
    );
    const dead = new KubeError('Unavailable', 'error dialing backend', { cluster: 'eu-west' });
    const [second] = await outcomesOf(
      hooks({}),
      region([pod('db-0')], () => Promise.reject(dead)),
    );
    expect(second).toEqual({
      kind: 'failed',
      message: 'hook h0: exec is not possible: error dialing backend',
      again: true,
    });
  });

  it('stops at a hook that failed, unless that may continue', async () => {
    const where = region([pod('db-0')], async (_, { command }) =>
      command[0] === 'bad' ? { kind: 'exited', code: 1, output: '' } : done,
    );
    const list = hooks(
      { command: ['bad'], onFailure: 'Continue' },
      { command: ['bad'] },
      { command: ['good'] },
    );
    expect((await outcomesOf(list, where)).map(({ kind }) => kind)).toEqual(['warning', 'failed']);
    expect(where.ran).toEqual(['db-0/db: bad', 'db-0/db: bad']);
  });

  it('tells every Pod in which it failed, as far as anyone reads', async () => {
    const pods = ['a', 'b', 'c', 'd', 'e'].map((name) => pod(name));
    const where = region(pods, async (name) => ({ kind: 'exited', code: name === 'a' ? 0 : 1, output: '' }));
    const [outcome] = await outcomesOf(hooks({}), where);
    expect(outcome?.message).toMatch(/^hook h0: .* in Pod b, .* in Pod c, .* in Pod d, .*; and 1 more$/);
  });

  it('may work later in place of a Pod that went after it was listed', async () => {
    const gone = new KubeError('NotFound', 'pods "db-0" not found', { cluster: 'eu-west' });
    const where = region([pod('db-0')], () => Promise.reject(gone));
    expect(await outcomesOf(hooks({}), where)).toMatchObject([{ kind: 'failed', again: true }]);
  });
});
