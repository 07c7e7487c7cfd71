/**
 * Bounds how many requests restores, preflights and rehearsals send to a
 * cluster at once: one limit for each cluster, whoever sends. How high it is,
 * is decided in pace.ts.
 */
import { between, type Clock } from '../../../domain/time.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { orAborted } from '../../../kube/deadline.ts';
import { FIRST_PACE, type Pace, paceAfter, roundSize, slots } from './pace.ts';

/** Clusters as they are seen through their limits; the same one for the same cluster, as long as that is in use. */
export interface ClusterLimits {
  paced(cluster: Cluster): Cluster;
}

export function clusterLimits(clock: Pick<Clock, 'tick'>): ClusterLimits {
  const known = new WeakMap<Cluster, Cluster>();
  return {
    paced: (cluster) => {
      const paced = known.get(cluster) ?? pacedCluster(cluster, new Limit(cluster, clock));
      known.set(cluster, paced);
      // Already seen through its limit: it must not wait for two.
      known.set(paced, paced);
      return paced;
    },
  };
}

function pacedCluster(cluster: Cluster, limit: Limit): Cluster {
  return {
    ...cluster,
    get: (type, key, signal) => limit.measure(signal, () => cluster.get(type, key, signal)),
    // A list takes as long as it is: it waits its turn and says nothing of the pace.
    list: (type, options, signal) => limit.take(signal, () => cluster.list(type, options, signal)),
    apply: (object, options, signal) => limit.measure(signal, () => cluster.apply(object, options, signal)),
    create: (object, signal, options) => limit.measure(signal, () => cluster.create(object, signal, options)),
    replace: (object, signal) => limit.measure(signal, () => cluster.replace(object, signal)),
    mergePatch: (type, key, patch, signal) =>
      limit.measure(signal, () => cluster.mergePatch(type, key, patch, signal)),
    remove: (type, key, signal, options) =>
      limit.measure(signal, () => cluster.remove(type, key, signal, options)),
  };
}

/** First come, first served. */
class Limit {
  readonly #cluster: Pick<Cluster, 'refusals'>;
  readonly #clock: Pick<Clock, 'tick'>;
  readonly #waiting = new Set<() => void>();
  #pace: Pace = FIRST_PACE;
  #busy = 0;
  #round = { calls: 0, latency: 0, wanted: false, refusedBefore: 0 };
  /** Counts the reductions: answers to calls from before the last one say nothing of it. */
  #reductions = 0;

  constructor(cluster: Pick<Cluster, 'refusals'>, clock: Pick<Clock, 'tick'>) {
    this.#cluster = cluster;
    this.#clock = clock;
  }

  /** @throws what `call` throws; the signal's reason when it aborts before its turn */
  async take<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    await this.#turn(signal);
    try {
      return await call();
    } finally {
      this.#busy -= 1;
      this.#admit();
    }
  }

  measure<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    return this.take(signal, async () => {
      const start = this.#clock.tick();
      const reductions = this.#reductions;
      try {
        return await call();
      } finally {
        if (reductions === this.#reductions) this.#learn(between(start, this.#clock.tick()));
        else this.#round.refusedBefore = this.#cluster.refusals();
      }
    });
  }

  async #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#waiting.size === 0 && this.#busy < slots(this.#pace)) {
      this.#busy += 1;
      return;
    }
    this.#round.wanted = true;
    const turn = aTurn();
    this.#waiting.add(turn.come);
    try {
      await orAborted(turn.came, signal);
    } catch (error) {
      // It may have come at the very moment of the abort: then it is somebody else's now.
      if (!this.#waiting.delete(turn.come)) {
        this.#busy -= 1;
        this.#admit();
      }
      throw error;
    }
  }

  #admit(): void {
    for (const come of this.#waiting) {
      if (this.#busy >= slots(this.#pace)) return;
      this.#waiting.delete(come);
      this.#busy += 1;
      come();
    }
  }

  #learn(latency: number): void {
    this.#round.calls += 1;
    this.#round.latency += latency;
    const { calls, refusedBefore } = this.#round;
    const refused = this.#cluster.refusals() - refusedBefore;
    // A refusal is heeded at once: the rest of the round would only confirm it.
    if (refused === 0 && calls < roundSize(this.#pace)) return;
    const before = this.#pace;
    const wanted = this.#round.wanted || this.#waiting.size > 0;
    this.#pace = paceAfter(before, { latency: this.#round.latency / calls, refused, wanted });
    if (this.#pace.limit < before.limit) this.#reductions += 1;
    this.#round = { calls: 0, latency: 0, wanted: false, refusedBefore: this.#cluster.refusals() };
    this.#admit();
  }
}

function aTurn(): { readonly came: Promise<void>; readonly come: () => void } {
  let come = (): void => undefined;
  const came = new Promise<void>((resolve) => {
    come = resolve;
  });
  return { came, come };
}
