/**
 * Lists of one cluster, shared by all who ask for the same within a moment: the
 * hundreds of units of an execution look for their claims at the same time.
 */
import type { KubeObject } from '../../../api/object.ts';
import { between, type Clock, millis, type Tick } from '../../../domain/time.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { keyText } from '../../../kube/reconciler.ts';
import { type KindName, listOf } from '../kinds.ts';

/** Shorter than the pause between two looks of an execution, so that each of them sees anew. */
const SHARED_FOR = millis(400);

type Options = Parameters<typeof listOf>[2];

export interface SharedLists {
  /** What was there a moment ago, by `namespace/name` or name; nothing when the kind is not served. @throws KubeError */
  list(kind: KindName, options: Options, signal: AbortSignal): Promise<ReadonlyMap<string, KubeObject>>;
}

interface Listed {
  readonly since: Tick;
  readonly found: Promise<ReadonlyMap<string, KubeObject>>;
}

export function sharedLists(cluster: Cluster, clock: Pick<Clock, 'tick'>): SharedLists {
  const lists = new Map<string, Listed>();
  return {
    list: (kind, options, signal) => {
      const id = JSON.stringify([kind.group, kind.kind, options]);
      const [known, now] = [lists.get(id), clock.tick()];
      if (known !== undefined && between(known.since, now) < SHARED_FOR) return known.found;
      const listed = { since: now, found: byName(cluster, kind, options, signal) };
      lists.set(id, listed);
      // Who asks next asks again.
      listed.found.catch(() => lists.get(id) === listed && lists.delete(id));
      return listed.found;
    },
  };
}

async function byName(
  cluster: Cluster,
  kind: KindName,
  options: Options,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, KubeObject>> {
  const objects = await listOf(cluster, kind, options, signal);
  return new Map(objects.map((object) => [keyText(object.metadata), object]));
}
