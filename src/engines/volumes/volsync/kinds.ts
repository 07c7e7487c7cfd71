/** The kinds of VolSync, and whether both regions have them. */
import type { Cluster } from '../../../kube/cluster.ts';
import { typeOf } from '../kinds.ts';

export const REPLICATION_SOURCE = { group: 'volsync.backube', kind: 'ReplicationSource' } as const;
export const REPLICATION_DESTINATION = { group: 'volsync.backube', kind: 'ReplicationDestination' } as const;

/** Why VolSync cannot be used, as a clause; undefined when it can. @throws KubeError */
export async function volSyncProblem(
  source: Cluster,
  recovery: Cluster | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const [from, to] = await Promise.all([
    typeOf(source, REPLICATION_SOURCE, signal),
    recovery === undefined ? undefined : typeOf(recovery, REPLICATION_DESTINATION, signal),
  ]);
  const missing = [
    ...(from === undefined ? [source.name] : []),
    ...(to === undefined && recovery !== undefined ? [recovery.name] : []),
  ];
  return missing.length === 0
    ? undefined
    : `${missing.join(' and ')} ${missing.length === 1 ? 'does' : 'do'} not have it`;
}
