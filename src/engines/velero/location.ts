/**
 * Finds Velero in a cluster, and whether its BackupStorageLocation is the place
 * the scenario's points are kept in. A backup that went elsewhere would be one
 * that the other region never sees.
 */
import { textAt } from '../../api/fields.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Cluster, ResourceType } from '../../kube/cluster.ts';
import { VeleroProblem } from './problem.ts';
import { GROUP, type VeleroSettings } from './settings.ts';

export type VeleroKind = 'Backup' | 'Restore' | 'DeleteBackupRequest' | 'BackupStorageLocation';

/** @throws VeleroProblem 'NotInstalled', KubeError */
export async function veleroType(
  cluster: Cluster,
  kind: VeleroKind,
  signal: AbortSignal,
): Promise<ResourceType> {
  const type = await cluster.typeFor({ group: GROUP, kind }, signal);
  if (type !== undefined) return type;
  throw new VeleroProblem(
    'NotInstalled',
    `${cluster.name} does not serve ${kind} of ${GROUP}: install Velero there, or set replication.engine to native`,
  );
}

/**
 * @param use `write` where Velero is to make or delete backups; a restore only reads, though its log goes there
 * @throws VeleroProblem, KubeError
 */
export async function checkLocation(
  cluster: Cluster,
  settings: VeleroSettings,
  use: 'read' | 'write',
  signal: AbortSignal,
): Promise<void> {
  const type = await veleroType(cluster, 'BackupStorageLocation', signal);
  const { namespace, storageLocation: name } = settings;
  const location = await cluster.get(type, { namespace, name }, signal);
  const problem = judgeLocation(location, settings, cluster.name, use);
  if (problem !== undefined) throw problem;
}

/** Pure. @param location as the cluster has it */
export function judgeLocation(
  location: KubeObject | undefined,
  { namespace, storageLocation, bucket, prefix }: VeleroSettings,
  cluster: string,
  use: 'read' | 'write',
): VeleroProblem | undefined {
  const what = `BackupStorageLocation ${namespace}/${storageLocation} in ${cluster}`;
  if (location === undefined)
    return new VeleroProblem(
      'LocationMissing',
      `there is no ${what}: create it on bucket ${bucket} with prefix ${prefix}, or correct replication.velero`,
    );
  const there = place(textAt(location, 'spec', 'objectStorage', 'bucket'), prefixOf(location));
  const wanted = place(bucket, prefix);
  if (there !== wanted)
    return new VeleroProblem(
      'LocationMismatch',
      `${what} is on ${there}, and replication.store.s3 needs it on ${wanted}: make them one`,
    );
  if (use === 'write' && textAt(location, 'spec', 'accessMode') === 'ReadOnly')
    return new VeleroProblem(
      'LocationUnusable',
      `${what} is ReadOnly: set its accessMode to ReadWrite, no backup can be made there`,
    );
  if (textAt(location, 'status', 'phase') !== 'Unavailable') return undefined;
  const message = textAt(location, 'status', 'message') ?? 'Velero gives no reason';
  return new VeleroProblem(
    'LocationUnusable',
    `${what} is Unavailable: ${message}; see that Velero reaches the bucket with its credentials`,
  );
}

/** Velero takes slashes at both ends for none. */
const prefixOf = (location: KubeObject): string =>
  (textAt(location, 'spec', 'objectStorage', 'prefix') ?? '').replaceAll(/^\/+|\/+$/g, '');

function place(bucket: string | undefined, prefix: string): string {
  const name = bucket ?? 'no bucket';
  return prefix === '' ? `bucket ${name} without prefix` : `bucket ${name} with prefix ${prefix}`;
}
