/** The mirrors of all sources, each kept in step for as long as a scenario reads from it. */
import { type Millis } from '../../../domain/time.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { follow } from '../../../kube/deadline.ts';
import { describeError } from '../../../kube/log.ts';
import { createMirror, MARK_EVERY, type Mirror, type MirrorDeps } from './mirror.ts';

export interface Mirrors {
  /** The mirror of a cluster: a client made anew, e.g. for another server, gets another mirror. */
  of(cluster: Cluster): Mirror;
  /** Keeps the mirror of a cluster from now on; harmless when it is kept already. */
  keep(cluster: Cluster): void;
}

interface Kept {
  readonly mirror: Mirror;
  readonly stop: AbortController;
  isKept: boolean;
}

/**
 * @param signal ends all watches
 * @param every between two rounds. Default: {@link MARK_EVERY}
 */
export function createMirrors(deps: MirrorDeps, signal: AbortSignal, every: Millis = MARK_EVERY): Mirrors {
  const known = new Map<string, Kept>();
  const of = (cluster: Cluster): Kept => {
    const found = known.get(cluster.name);
    if (found?.mirror.cluster === cluster) return found;
    found?.stop.abort(new Error('the client was replaced'));
    const stop = new AbortController();
    const kept = { mirror: createMirror(cluster, deps), stop, isKept: false };
    known.set(cluster.name, kept);
    return kept;
  };
  return {
    of: (cluster) => of(cluster).mirror,
    keep: (cluster) => {
      const kept = of(cluster);
      if (kept.isKept) return;
      kept.isKept = true;
      run(kept, deps, every, signal).catch((error: unknown) =>
        deps.log.error({ cluster: cluster.name, error: describeError(error) }, 'a mirror ended by a defect'),
      );
    },
  };
}

/** Rounds until nobody reads any more, or all is stopped. */
async function run(kept: Kept, { clock }: MirrorDeps, every: Millis, signal: AbortSignal): Promise<void> {
  const { mirror, stop } = kept;
  const unfollow = follow(signal, stop);
  try {
    while (mirror.isWanted()) {
      await mirror.tend(stop.signal);
      await clock.sleep(every, stop.signal);
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    unfollow();
    mirror.stop();
    kept.isKept = false;
  }
}
