/**
 * Removes objects from a standby: each only as it was when it was seen to be one,
 * so that nothing that is at work, or that somebody has put there instead, goes.
 */
import { objectKey } from '../../../api/object.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { KubeError } from '../../../kube/errors.ts';
import type { ScenarioIdentity } from '../../engine.ts';
import { inParallel } from '../parallel.ts';
import { isRemovable } from './judge.ts';
import { type Live, ours } from './live.ts';
import type { Difference } from './report.ts';

/** Removals under way at once. */
const PARALLEL = 4;

export interface Removal {
  /** Keys. */
  readonly removed: readonly string[];
  readonly problems: readonly Difference[];
}

/** @throws KubeError when the cluster does not answer, and the reason of `signal` */
export async function removeStandbyObjects(
  cluster: Cluster,
  found: readonly Live[],
  signal: AbortSignal,
): Promise<Removal> {
  const removed: string[] = [];
  const problems: Difference[] = [];
  await inParallel(found, PARALLEL, async ({ object, type }) => {
    const { name, namespace, uid, resourceVersion } = object.metadata;
    if (uid === undefined || resourceVersion === undefined) return;
    const key = namespace === undefined ? { name } : { namespace, name };
    const text = objectKey(object);
    try {
      if (await cluster.remove(type, key, signal, { uid, resourceVersion })) removed.push(text);
    } catch (error) {
      if (!(error instanceof KubeError && error.code === 'Forbidden')) throw error;
      problems.push({ object: text, message: `it is not wished any more: ${error.message}` });
    }
  });
  return { removed: removed.toSorted(), problems };
}

/**
 * Takes away everything a scenario has in standby in a cluster, but namespaces
 * and definitions, with which more would go than was made here.
 * @throws KubeError, and the reason of `signal`
 */
export async function endStandby(
  cluster: Cluster,
  scenario: ScenarioIdentity,
  signal: AbortSignal,
): Promise<Removal> {
  const live = await ours(cluster, scenario, undefined, new Set(), signal);
  const found = [...live.values()].filter(({ object }) => isRemovable(object));
  return removeStandbyObjects(cluster, found, signal);
}
