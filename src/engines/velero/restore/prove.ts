/**
 * Whether claims whose data a data mover put back have it: what was noted on
 * them when Velero had ended says so, see moved-claims.ts. Claims made from a
 * snapshot's handle are proven as those of a native point.
 */
import type { PointManifest } from '../../../domain/protection/point.ts';
import type { Evidence } from '../../../domain/volumes/evidence.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { judgeMoved, movedClaims } from './moved-claims.ts';

/** See Engine.prove; only for claims of a data mover. @throws KubeError */
export async function proveMoved(
  manifest: PointManifest,
  keys: readonly string[],
  target: Cluster,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Evidence>> {
  const { name, volumes = [] } = manifest;
  const there = await movedClaims(keys, { manifest }, target, signal);
  const moved = volumes.filter(
    ({ claim, strategy }) => strategy === 'VeleroDataMover' && keys.includes(claim),
  );
  return new Map(moved.map(({ claim }) => [claim, judgeMoved(there.get(claim), name)]));
}
