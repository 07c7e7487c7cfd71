/**
 * What restores of one point into one cluster share, so that the hundreds of
 * units of an execution do not each ask the same again. Kept in memory only:
 * losing it costs requests. It is forgotten while it is still fresh, because
 * namespaces, kinds and owners may go while an execution waits.
 */
import { between, type Clock, seconds, type Tick } from '../../../domain/time.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import type { OpenPoint } from '../../engine.ts';
import { type ClaimData, claimData } from '../../volumes/fill/claim-data.ts';
import type { Maker } from '../../volumes/kinds.ts';
import { type SharedLists, sharedLists } from '../../volumes/prove/shared-lists.ts';
import { Target } from './target.ts';

export interface Session {
  readonly target: Target;
  /** By key, why an object was deleted to be made anew: to be said once it is. */
  readonly recreating: Map<string, string>;
  /** What claims are filled from. */
  claims(maker: Maker): ClaimData;
  readonly lists: SharedLists;
}

export interface Sessions {
  of(point: OpenPoint, cluster: Cluster): Session;
}

/** Long enough for the bursts of an execution, short enough for what changes by people's hands. */
const FRESH = seconds(30);

interface Kept extends Session {
  readonly since: Tick;
}

export function sessions(clock: Pick<Clock, 'tick'>): Sessions {
  const points = new WeakMap<OpenPoint, WeakMap<Cluster, Kept>>();
  return {
    of: (point, cluster) => {
      const clusters = points.get(point) ?? new WeakMap<Cluster, Kept>();
      points.set(point, clusters);
      const known = clusters.get(cluster);
      const now = clock.tick();
      if (known !== undefined && between(known.since, now) < FRESH) return known;
      const recreating = known?.recreating ?? new Map<string, string>();
      const made = new Map<string, ClaimData>();
      const claims = (maker: Maker): ClaimData => {
        const id = JSON.stringify(maker);
        const data = made.get(id) ?? claimData(point.manifest, maker, cluster);
        made.set(id, data);
        return data;
      };
      const [target, lists] = [new Target(cluster, point), sharedLists(cluster, clock)];
      const kept = { target, recreating, claims, lists, since: now };
      clusters.set(cluster, kept);
      return kept;
    },
  };
}
