/**
 * Takes away what looks at a point have left in the recovery region when they
 * were killed: what stands for its snapshots there, and a claim that was
 * restored to see that it can be, with its volume.
 */
import type { KubeObject } from '../../../api/object.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import type { KubeError } from '../../../kube/errors.ts';
import { inParallel } from '../../native/parallel.ts';
import {
  CLAIM,
  CONTENT,
  GROUP_CONTENT,
  type KindName,
  listOf,
  type Maker,
  pointOf,
  SNAPSHOT,
  selectorOf,
  typeOf,
  VOLUME,
  volumeNameOf,
} from '../kinds.ts';
import { tryEach } from './try-each.ts';

/** Where the chart puts the account of the recovery region, which may delete claims there and nowhere else. */
export const CHECK_NAMESPACE = 'antipode-system';

const PARALLEL = 16;
const INSIDE = { namespace: CHECK_NAMESPACE };
const LEFT: readonly (readonly [KindName, { readonly namespace?: string }])[] = [
  [CLAIM, INSIDE],
  [SNAPSHOT, INSIDE],
  [CONTENT, {}],
  [GROUP_CONTENT, {}],
];

/**
 * @param isNeeded whether points of that name may be looked at just now
 * @returns what failed, which holds up no other kind
 */
export function removeChecks(
  maker: Maker,
  isNeeded: (point: string) => boolean,
  recovery: Cluster,
  signal: AbortSignal,
): Promise<readonly KubeError[]> {
  const labelSelector = selectorOf(maker, 'check');
  const isLeft = (object: KubeObject): boolean => {
    const point = pointOf(object, maker);
    return point !== undefined && !isNeeded(point);
  };
  const steps = LEFT.map(([kind, place]) => async () => {
    const type = await typeOf(recovery, kind, signal);
    if (type === undefined) return;
    const found = await listOf(recovery, kind, { ...place, labelSelector }, signal);
    await inParallel(found.filter(isLeft), PARALLEL, async (object) => {
      if (kind === CLAIM) await letGo(object, recovery, signal);
      await recovery.remove(type, { ...place, name: object.metadata.name }, signal);
    });
  });
  return tryEach(steps, signal);
}

/** A class that retains would leave a volume behind with every check. @throws KubeError */
export async function letGo(claim: KubeObject, recovery: Cluster, signal: AbortSignal): Promise<void> {
  const name = volumeNameOf(claim);
  if (name === undefined) return;
  const type = await typeOf(recovery, VOLUME, signal);
  const patch = { spec: { persistentVolumeReclaimPolicy: 'Delete' } };
  if (type !== undefined) await recovery.mergePatch(type, { name }, patch, signal);
}
