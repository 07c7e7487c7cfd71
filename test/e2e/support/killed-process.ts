/**
 * A process that is killed at one of its writes to API servers, the n-th of all
 * of them. That write was sent and only its answer is lost, or it was never
 * sent; nothing that comes after it, to a cluster or to a store, gets anywhere.
 * What was under way beside it may act, and nobody learns of it, as it would be.
 */
import type { Cluster } from '../../../src/kube/cluster.ts';
import type { Store } from '../../../src/store/store.ts';
import { KilledError } from '../store/support.ts';

/** Whether the last write reached its server. */
export const MOMENTS = ['never sent', 'answer lost'] as const;
export type Moment = (typeof MOMENTS)[number];

export interface Process {
  /** The cluster as this process has it. */
  cluster(real: Cluster): Cluster;
  store(real: Store): Store;
  /** What it began to write, in this order, e.g. `create Secret/shop/db`. */
  readonly writes: readonly string[];
  readonly isKilled: () => boolean;
}

/** @param n 1 is the first write; more than it does: it lives */
export function killedAtWrite(n: number, moment: Moment): Process {
  const writes: string[] = [];
  let isKilled = false;
  const living = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isKilled) throw new KilledError();
    const [answer] = await Promise.allSettled([work()]);
    // Whatever it was, an answer or a refusal: it is never seen.
    if (isKilled) throw new KilledError();
    if (answer.status === 'rejected') throw answer.reason;
    return answer.value;
  };
  const writing = <T>(what: string, work: () => Promise<T>): Promise<T> =>
    living(async () => {
      writes.push(what);
      const isLast = writes.length === n;
      if (isLast && moment === 'never sent') isKilled = true;
      if (isKilled) throw new KilledError();
      try {
        return await work();
      } finally {
        if (isLast) isKilled = true;
      }
    });
  return {
    writes,
    isKilled: () => isKilled,
    cluster: (real) => killedCluster(real, living, writing),
    store: (real) => ({
      location: real.location,
      put: (...call) => living(() => real.put(...call)),
      create: (...call) => living(() => real.create(...call)),
      copy: (...call) => living(() => real.copy(...call)),
      get: (...call) => living(() => real.get(...call)),
      list: (...call) => living(() => real.list(...call)),
      remove: (...call) => living(() => real.remove(...call)),
    }),
  };
}

/**
 * Lets a process work to its end or its death.
 * @throws what it failed with of itself; an error when it swallowed its death
 */
export async function untilKilled(process: Process, work: Promise<unknown>): Promise<void> {
  const [outcome] = await Promise.allSettled([work]);
  if (outcome.status === 'rejected' && !(outcome.reason instanceof KilledError)) throw outcome.reason;
  if (outcome.status === 'fulfilled' && process.isKilled())
    throw new Error(`it went on after ${process.writes.at(-1)}`);
}

/**
 * Kills a process at each of its writes in turn.
 * @param killAt answers the n-th write, that its process was killed at; undefined when it lived
 * @returns the writes in their order
 */
export async function killAtEachWrite(
  killAt: (n: number) => Promise<string | undefined>,
): Promise<readonly string[]> {
  const killed: string[] = [];
  for (;;) {
    const write = await killAt(killed.length + 1);
    if (write === undefined) return killed;
    killed.push(write);
  }
}

type Living = <T>(work: () => Promise<T>) => Promise<T>;
type Writing = <T>(what: string, work: () => Promise<T>) => Promise<T>;

function killedCluster(real: Cluster, living: Living, writing: Writing): Cluster {
  const at = ({ namespace, name }: { readonly namespace?: string; readonly name: string }): string =>
    namespace === undefined ? name : `${namespace}/${name}`;
  return {
    ...real,
    discover: (...call) => living(() => real.discover(...call)),
    typeFor: (...call) => living(() => real.typeFor(...call)),
    get: (...call) => living(() => real.get(...call)),
    list: (...call) => living(() => real.list(...call)),
    raw: (...call) => living(() => real.raw(...call)),
    apply: (object, options, signal) => {
      const call = () => real.apply(object, options, signal);
      return options.dryRun === true
        ? living(call)
        : writing(`apply ${object.kind}/${at(object.metadata)}`, call);
    },
    create: (object, signal, options) => {
      const call = () => real.create(object, signal, options);
      return options?.dryRun === true
        ? living(call)
        : writing(`create ${object.kind}/${at(object.metadata)}`, call);
    },
    replace: (object, signal) =>
      writing(`replace ${object.kind}/${at(object.metadata)}`, () => real.replace(object, signal)),
    mergePatch: (type, key, patch, signal) =>
      writing(`patch ${type.kind}/${at(key)}`, () => real.mergePatch(type, key, patch, signal)),
    remove: (type, key, signal, options) =>
      writing(`delete ${type.kind}/${at(key)}`, () => real.remove(type, key, signal, options)),
    exec: (pod, request, signal) => writing(`exec ${at(pod)}`, () => real.exec(pod, request, signal)),
  };
}
