import { describe, expect, it } from 'vitest';
import { seconds } from '../domain/time.ts';
import { orAborted } from '../kube/deadline.ts';
import { after, done, keyFromText } from '../kube/reconciler.ts';
import { type BesideDeps, createBeside } from './beside.ts';

const signal = new AbortController().signal;
const key = keyFromText('dr/shop');

/** Work that answers `<wish> after <memory>` once it is let go, and counts who was told. */
function running(more: Partial<BesideDeps<string, string>> = {}) {
  const gate = new AbortController();
  const opened = new Promise<void>((resolve) => gate.signal.addEventListener('abort', () => resolve()));
  const queued: string[] = [];
  const told: string[] = [];
  const beside = createBeside<string, string>({
    queue: { add: (name) => void queued.push(name) },
    askers: { add: (name) => void told.push(name) },
    work: async (wish, memory, stop) => {
      await orAborted(opened, stop);
      return `${wish} after ${memory}`;
    },
    ...more,
  });
  return { beside, queued, told, letGo: () => gate.abort() };
}

describe('work beside the reconciles', () => {
  it('is queued by a wish, and its answer is there at the next one', async () => {
    const { beside, queued, told, letGo } = running();
    letGo();
    expect(beside.ask(key, 'a')).toBeUndefined();
    expect(await beside.reconcile(key, signal)).toBe(done);
    expect(told).toEqual(['dr/shop']);
    expect(beside.ask(key, 'b')).toBe('a after undefined');
    await beside.reconcile(key, signal);
    expect(beside.ask(key, 'b')).toBe('b after a after undefined');
    expect(queued).toEqual(['dr/shop', 'dr/shop', 'dr/shop']);
  });

  it('tells nobody when there is nothing new', async () => {
    const { beside, told } = running({ work: async (_, memory) => memory });
    beside.ask(key, 'a');
    await beside.reconcile(key, signal);
    expect(told).toEqual([]);
  });

  it('does nothing without a wish', async () => {
    const { beside, queued } = running();
    beside.ask(key, undefined);
    expect(await beside.reconcile(key, signal)).toBe(done);
    expect(queued).toEqual([]);
  });

  it('is broken off when the wish is withdrawn, and keeps what was known', async () => {
    const { beside, told } = running();
    beside.ask(key, 'a');
    const run = beside.reconcile(key, signal);
    beside.ask(key, undefined);
    expect(await run).toBe(done);
    expect(told).toEqual([]);
    expect(beside.ask(key, undefined)).toBeUndefined();
  });

  it('is broken off when the scenario is gone, and begins with nothing when one of its name comes', async () => {
    const { beside, letGo } = running();
    beside.ask(key, 'a');
    const run = beside.reconcile(key, signal);
    beside.forget(key);
    expect(await run).toBe(done);
    letGo();
    expect(beside.ask(key, 'b')).toBeUndefined();
    await beside.reconcile(key, signal);
    expect(beside.ask(key, 'b')).toBe('b after undefined');
  });

  it('throws what the work throws, and the reason of an operator that stops', async () => {
    const broken = running({ work: () => Promise.reject(new Error('no such region')) });
    broken.beside.ask(key, 'a');
    await expect(broken.beside.reconcile(key, signal)).rejects.toThrow('no such region');

    const { beside } = running();
    const stop = new AbortController();
    beside.ask(key, 'a');
    const run = beside.reconcile(key, stop.signal);
    stop.abort(new Error('stopping'));
    await expect(run).rejects.toThrow('stopping');
  });

  it('comes again when its answer says so, and joins a wish with the one before', async () => {
    const { beside, letGo } = running({
      next: (memory) => (memory === 'a+b after undefined' ? after(seconds(1)) : done),
      merged: (wish, before) => (before === undefined ? wish : `${before}+${wish}`),
    });
    letGo();
    beside.ask(key, 'a');
    beside.ask(key, 'b');
    expect(await beside.reconcile(key, signal)).toEqual(after(seconds(1)));
  });
});
