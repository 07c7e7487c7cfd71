/** Makes old resourceVersions of a lab's cluster expire, which a server otherwise does every five minutes. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabCluster } from '../../../hack/lab/types.ts';

/** Compacts the history of the cluster up to `resourceVersion`. */
export async function compact(cluster: LabCluster, resourceVersion: string): Promise<void> {
  const response = await fetch(`${etcdUrl(cluster)}/v3/kv/compaction`, {
    method: 'POST',
    body: JSON.stringify({ revision: resourceVersion, physical: true }),
  });
  if (!response.ok) throw new Error(`compaction refused: ${await response.text()}`);
}

/** The address is in the log of the cluster's etcd. */
function etcdUrl({ directory }: LabCluster): string {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  const log = files.find((file) => file.endsWith('etcd.log'));
  if (log === undefined) throw new Error(`no etcd.log in ${directory}`);
  const urls = readFileSync(join(directory, log), 'utf8').matchAll(
    /"advertise-client-urls":\["(http:[^"]+)"/g,
  );
  const last = [...urls].at(-1)?.[1];
  if (last === undefined) throw new Error(`${log} names no client URL`);
  return last;
}
