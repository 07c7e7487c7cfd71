/**
 * Reads from the recovery cluster what a dry-run does not tell, nodes with the
 * pods on them and quotas, and compares it with what a recovery brings. What
 * may not be read is named, not taken for enough.
 */
import type { KubeObject } from '../../../api/object.ts';
import { capacityFindings } from '../../../domain/protection/capacity.ts';
import { demandsOf } from '../../../domain/protection/capacity-demand.ts';
import { roomOf } from '../../../domain/protection/capacity-nodes.ts';
import { quotaFindings } from '../../../domain/protection/capacity-quota.ts';
import type { Finding } from '../../../domain/protection/feasibility-finding.ts';
import type { OpenPoint, Rehearsal } from '../../../engines/engine.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { KubeError } from '../../../kube/errors.ts';

export interface Room {
  readonly findings: readonly Finding[];
  /** What could not be looked at, and why. */
  readonly unchecked: readonly string[];
}

/** @throws KubeError when the cluster cannot be asked */
export async function recoveryRoom(
  point: OpenPoint,
  { added }: Rehearsal,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<Room> {
  const objects = point.manifest.objects.flatMap(({ key }) => point.object(key) ?? []);
  const demands = demandsOf(objects);
  const [nodes, pods, quotas] = await Promise.all([
    read('Node', demands.length > 0, cluster, signal),
    read('Pod', demands.length > 0, cluster, signal),
    read('ResourceQuota', added.length + demands.length > 0, cluster, signal),
  ]);
  const isNew = new Set(added.map(({ key }) => key));
  // Without the pods it is not known which of those that are wanted run already; of a new workload none do.
  const counted = pods.kind === 'read' ? demands : demands.filter(({ key }) => isNew.has(key));
  const isPlaced = nodes.kind === 'read' && pods.kind === 'read';
  const brought = added.flatMap(({ key, resource }) => {
    const object = point.object(key);
    return object === undefined ? [] : [{ object, resource }];
  });
  return {
    findings: [
      ...(isPlaced ? capacityFindings(demands, roomOf(nodes.items, pods.items, demands)) : []),
      ...(quotas.kind === 'read'
        ? quotaFindings(quotas.items, brought, counted, pods.kind === 'read' ? pods.items : [])
        : []),
    ],
    unchecked: [nodes, pods, quotas].flatMap((result) => (result.kind === 'denied' ? [result.message] : [])),
  };
}

type Read =
  | { readonly kind: 'read'; readonly items: readonly KubeObject[] }
  | { readonly kind: 'denied'; readonly message: string };

async function read(
  kind: 'Node' | 'Pod' | 'ResourceQuota',
  isNeeded: boolean,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<Read> {
  if (!isNeeded) return { kind: 'read', items: [] };
  try {
    const type = await cluster.typeFor({ apiVersion: 'v1', kind }, signal);
    return { kind: 'read', items: type === undefined ? [] : (await cluster.list(type, {}, signal)).items };
  } catch (error) {
    if (!(error instanceof KubeError && error.code === 'Forbidden')) throw error;
    return { kind: 'denied', message: error.message };
  }
}
