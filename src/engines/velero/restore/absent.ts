/**
 * Which objects of a point are Velero's to make in a target. Whatever exists
 * there already is not: it is judged, and brought up to date if it is ours,
 * without it.
 */
import { groupOf, type KubeObject } from '../../../api/object.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import type { OpenPoint } from '../../engine.ts';
import { inParallel } from '../../native/parallel.ts';
import { claimsByHandle } from './claim-data.ts';

/** Requests under way at once. */
const PARALLEL = 8;

/** Keys of these, sorted. @throws KubeError */
export async function absentOf(
  keys: readonly string[],
  point: OpenPoint,
  target: Cluster,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const byHandle = claimsByHandle(point.manifest);
  const veleros = keys.filter((key) => !byHandle.has(key));
  const found = await inParallel(veleros, PARALLEL, async (key) => {
    const object = point.object(key);
    return object !== undefined && (await isAbsent(object, target, signal)) ? [key] : [];
  });
  return found.flat().toSorted();
}

/** False also for what cannot be made yet: its kind or its namespace is not there. */
async function isAbsent(object: KubeObject, target: Cluster, signal: AbortSignal): Promise<boolean> {
  const { name, namespace } = object.metadata;
  const group = groupOf(object.apiVersion);
  const type = await target.typeFor({ group, kind: object.kind }, signal);
  if (type === undefined) return false;
  if (namespace !== undefined) {
    const namespaces = await target.typeFor({ apiVersion: 'v1', kind: 'Namespace' }, signal);
    const place = namespaces && (await target.get(namespaces, { name: namespace }, signal));
    if (place === undefined || place.metadata.deletionTimestamp !== undefined) return false;
  }
  return (
    (await target.get(type, namespace === undefined ? { name } : { namespace, name }, signal)) === undefined
  );
}
