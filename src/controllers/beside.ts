/**
 * Work that goes on beside the reconciles of a kind, with a queue and places of
 * its own: who asks leaves a wish here and takes what is known so far, and never
 * waits for a cluster. Nothing is shared but two slots for each key, and each
 * has one writer: the wish is the asker's, the memory the work's, so neither
 * loses what the other says.
 */
import { follow } from '../kube/deadline.ts';
import { done, type Key, keyText, type Next, type Reconcile } from '../kube/reconciler.ts';
import type { WorkQueue } from '../kube/work-queue.ts';

export interface Beside<Wish, Memory> {
  /**
   * Leaves the wish of a key and returns what is known by now. Without a
   * wish nothing is begun, and what is under way is broken off.
   */
  ask(key: Key, wish: Wish | undefined): Memory | undefined;
  /** Of a key that is gone. */
  forget(key: Key): void;
  /** Works on the wish of one key, for the loop of the queue. */
  readonly reconcile: Reconcile;
}

export interface BesideDeps<Wish, Memory> {
  readonly queue: Pick<WorkQueue, 'add'>;
  /** Told of a key when there is something new to say about it. */
  readonly askers: Pick<WorkQueue, 'add'>;
  /** One piece of the work; answers `memory` itself when there is nothing new. */
  readonly work: (wish: Wish, memory: Memory | undefined, signal: AbortSignal) => Promise<Memory | undefined>;
  /** Default: the wish is done with until it is left again. */
  readonly next?: (memory: Memory | undefined) => Next;
  /** What stands once a wish is left after another. Default: the newer one. */
  readonly merged?: (wish: Wish, before: Wish | undefined) => Wish;
}

interface Slot<Wish, Memory> {
  wish: Wish | undefined;
  memory: Memory | undefined;
  /** Breaks off what is under way. */
  withdraw: AbortController;
}

export function createBeside<Wish, Memory>(deps: BesideDeps<Wish, Memory>): Beside<Wish, Memory> {
  const { queue, merged = (wish: Wish) => wish } = deps;
  const slots = new Map<string, Slot<Wish, Memory>>();
  return {
    ask(key, wish) {
      const name = keyText(key);
      const slot = slots.get(name) ?? { wish: undefined, memory: undefined, withdraw: new AbortController() };
      slots.set(name, slot);
      slot.wish = wish === undefined ? undefined : merged(wish, slot.wish);
      if (wish === undefined) withdraw(slot);
      else queue.add(name);
      return slot.memory;
    },
    forget(key) {
      const slot = slots.get(keyText(key));
      slots.delete(keyText(key));
      if (slot !== undefined) withdraw(slot);
    },
    async reconcile(key, signal) {
      const slot = slots.get(keyText(key));
      return slot?.wish === undefined ? done : workOn(key, slot, slot.wish, deps, signal);
    },
  };
}

async function workOn<Wish, Memory>(
  key: Key,
  slot: Slot<Wish, Memory>,
  wish: Wish,
  { work, askers, next = () => done }: BesideDeps<Wish, Memory>,
  signal: AbortSignal,
): Promise<Next> {
  const { memory, withdraw: withdrawn } = slot;
  const stop = new AbortController();
  const undo = [follow(signal, stop), follow(withdrawn.signal, stop)];
  try {
    slot.memory = await work(wish, memory, stop.signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!withdrawn.signal.aborted) throw error;
    return done;
  } finally {
    for (const each of undo) each();
  }
  if (slot.memory !== memory) askers.add(keyText(key));
  return next(slot.memory);
}

function withdraw(slot: Slot<unknown, unknown>): void {
  slot.withdraw.abort(new Error('the wish was withdrawn'));
  slot.withdraw = new AbortController();
}
