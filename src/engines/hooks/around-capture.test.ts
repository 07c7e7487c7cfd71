import { describe, expect, it } from 'vitest';
import { seconds } from '../../domain/time.ts';
import { orAborted } from '../../kube/deadline.ts';
import { KubeError } from '../../kube/errors.ts';
import { manualClock } from '../../testing/manual-clock.ts';
import { partialCluster } from '../../testing/region.ts';
import { silent } from '../../testing/silent-log.ts';
import { aroundCapture } from './around-capture.ts';
import { done, type Exec, hooks, never, pod, region } from './testing/region.ts';

const deps = { clock: manualClock(), log: silent };
const around = hooks(
  { name: 'freeze', command: ['freeze'] },
  { name: 'thaw', when: 'AfterCapture', command: ['thaw'] },
);
const unavailable = () => new KubeError('Unavailable', 'no kubelet', { cluster: 'eu-west' });

describe('around a capture', () => {
  const failing =
    (...commands: readonly string[]): Exec =>
    async (_, { command }) =>
      commands.includes(command[0] ?? '') ? { kind: 'exited', code: 1, output: '' } : done;

  it('runs hooks before and after the work', async () => {
    const where = region([pod('db-0')]);
    const work = async () => {
      where.ran.push('work');
      return 7;
    };
    expect(await aroundCapture(around, where.cluster, deps, never, work)).toEqual({
      kind: 'done',
      value: 7,
      warnings: [],
    });
    expect(where.ran).toEqual(['db-0/db: freeze', 'work', 'db-0/db: thaw']);
  });

  it('asks the cluster nothing when there are no hooks for it', async () => {
    const quiet = partialCluster('eu-west', {});
    const result = await aroundCapture(hooks({ when: 'AfterRestore' }), quiet, deps, never, async () => 1);
    expect(result).toEqual({ kind: 'done', value: 1, warnings: [] });
  });

  it('does not begin when a hook before it failed, and runs those after it all the same', async () => {
    const where = region([pod('db-0')], failing('freeze'));
    const result = await aroundCapture(around, where.cluster, deps, never, () => {
      throw new Error('this must not be called');
    });
    expect(result).toEqual({
      kind: 'failed',
      messages: [expect.stringContaining('hook freeze: ended with exit code 1')],
    });
    expect(where.ran).toEqual(['db-0/db: freeze', 'db-0/db: thaw']);
  });

  it('thaws after the work has failed, and throws what the work threw', async () => {
    const where = region([pod('db-0')]);
    const work = () => Promise.reject(new KubeError('Unavailable', 'no snapshot', { cluster: 'eu-west' }));
    await expect(aroundCapture(around, where.cluster, deps, never, work)).rejects.toThrow('no snapshot');
    expect(where.ran.at(-1)).toBe('db-0/db: thaw');
  });

  it('tells both when the work and the thawing failed', async () => {
    const where = region([pod('db-0')], failing('thaw'));
    const result = await aroundCapture(around, where.cluster, deps, never, () =>
      Promise.reject(new Error('no snapshot')),
    );
    expect(result).toEqual({
      kind: 'failed',
      messages: [expect.stringContaining('no snapshot'), expect.stringContaining('hook thaw')],
    });
  });

  it('is no capture when the thawing failed', async () => {
    const where = region([pod('db-0')], failing('thaw'));
    expect(await aroundCapture(around, where.cluster, deps, never, async () => 7)).toEqual({
      kind: 'failed',
      messages: ['hook thaw: ended with exit code 1 in Pod db-0, container db'],
    });
  });

  it('thaws when the operator is stopped, in short time and with a signal that is not aborted', async () => {
    const stop = new AbortController();
    const limits: number[] = [];
    const where = region([pod('db-0')], async (_, { command, timeout }, signal) => {
      if (command[0] === 'thaw') {
        signal.throwIfAborted();
        limits.push(timeout);
      }
      return done;
    });
    const work = () => {
      stop.abort(new Error('stopped'));
      return Promise.reject(new Error('stopped'));
    };
    await expect(aroundCapture(around, where.cluster, deps, stop.signal, work)).rejects.toThrow('stopped');
    expect(limits).toEqual([5000]);
  });

  it('passes on warnings of hooks that may fail', async () => {
    const where = region([pod('db-0')], failing('freeze'));
    const list = around.map((hook) => ({ ...hook, onFailure: 'Continue' as const }));
    expect(await aroundCapture(list, where.cluster, deps, never, async () => 7)).toMatchObject({
      kind: 'done',
      warnings: [expect.stringContaining('hook freeze')],
    });
  });
});

describe('a thaw', () => {
  const thaws = (ran: readonly string[]) => ran.filter((command) => command.endsWith('thaw'));
  const isThaw = ([program]: readonly string[]) => program === 'thaw';

  it.each(['Fail', 'Continue'] as const)(
    'that cannot run is tried again, and only in the Pods where it did not (%s)',
    async (onFailure) => {
      const clock = manualClock();
      let failures = 2;
      const where = region([pod('db-0'), pod('db-1'), pod('db-2')], async (name, { command }) => {
        if (isThaw(command) && name === 'db-1' && failures-- > 0) throw unavailable();
        return isThaw(command) && name === 'db-2' ? { kind: 'exited', code: 1, output: '' } : done;
      });
      const list = around.map((hook) => ({ ...hook, onFailure }));
      const result = aroundCapture(list, where.cluster, { clock, log: silent }, never, async () => 7);
      await clock.advance(seconds(5));
      expect(JSON.stringify(await result)).toContain('hook thaw: ended with exit code 1 in Pod db-2');
      expect(clock.sleeping()).toBe(0);
      expect(thaws(where.ran).toSorted()).toEqual([
        'db-0/db: thaw',
        'db-1/db: thaw',
        'db-1/db: thaw',
        'db-1/db: thaw',
        'db-2/db: thaw',
      ]);
    },
  );

  it('that works in the end is no failure', async () => {
    const clock = manualClock();
    let failures = 3;
    const where = region([pod('db-0')], async (_, { command }) => {
      if (isThaw(command) && failures-- > 0) throw unavailable();
      return done;
    });
    const result = aroundCapture(around, where.cluster, { clock, log: silent }, never, async () => 7);
    await clock.advance(seconds(10));
    expect(await result).toEqual({ kind: 'done', value: 7, warnings: [] });
  });

  it('is given up after a minute', async () => {
    const clock = manualClock();
    const where = region([pod('db-0')], async (_, { command }) => {
      if (isThaw(command)) throw unavailable();
      return done;
    });
    const result = aroundCapture(around, where.cluster, { clock, log: silent }, never, async () => 7);
    await clock.advance(seconds(60));
    expect(await result).toEqual({
      kind: 'failed',
      messages: ['hook thaw: exec is not possible: no kubelet'],
    });
    expect(thaws(where.ran).length).toBeGreaterThan(10);
  });

  it('that cannot run when the operator is stopped is tried again too, and given up before it must end', async () => {
    const clock = manualClock();
    const stop = new AbortController();
    const warnings: object[] = [];
    let isDown = true;
    const where = region([pod('db-0')], async (_, { command }, signal) => {
      signal.throwIfAborted();
      if (isThaw(command) && isDown) throw unavailable();
      return isThaw(command) ? orAborted(new Promise<never>(() => {}), signal) : done;
    });
    const work = async () => stop.abort(new Error('stopped'));
    const logged = { ...silent, warn: (fields: object) => void warnings.push(fields) };
    const result = aroundCapture(around, where.cluster, { clock, log: logged }, stop.signal, work);
    await clock.advance(seconds(1));
    isDown = false;
    await clock.advance(seconds(9));
    const messages = ['hooks after the capture: not finished within 10s'];
    expect(await result).toEqual({ kind: 'failed', messages });
    expect(warnings).toEqual([{ cluster: 'eu-west', failures: messages }]);
  });

  it('reaches Pods that are being deleted, which cannot end while they are frozen', async () => {
    const pods = [pod('db-0'), pod('db-1')];
    const where = region(pods);
    const work = async () => void pods.splice(0, 1, pod('db-0', 'Running', { deletionTimestamp: 'now' }));
    expect(await aroundCapture(around, where.cluster, deps, never, work)).toMatchObject({ kind: 'done' });
    expect(thaws(where.ran).toSorted()).toEqual(['db-0/db: thaw', 'db-1/db: thaw']);
  });

  it('need not work in a Pod that is being deleted when there is another', async () => {
    const pods = [pod('db-0'), pod('db-1', 'Running', { deletionTimestamp: 'now' })];
    const where = region(pods, async (name) =>
      name === 'db-1' ? { kind: 'exited', code: 1, output: 'not frozen' } : done,
    );
    expect(await aroundCapture(around, where.cluster, deps, never, async () => 7)).toMatchObject({
      kind: 'done',
    });
    expect(where.ran).toContain('db-1/db: thaw');
  });

  it('is not tried again where there is no Pod to thaw', async () => {
    const where = region([]);
    expect(await aroundCapture(around, where.cluster, deps, never, async () => 7)).toMatchObject({
      kind: 'failed',
      messages: [expect.stringContaining('no Pod'), expect.stringContaining('no Pod')],
    });
  });
});
