/** What tells one cluster from every other: the uid of its kube-system namespace, which lives as long as the cluster. */
import type { Cluster, ResourceType } from './cluster.ts';
import { KubeError } from './errors.ts';
import type { Log } from './log.ts';

const NAMESPACES: ResourceType = {
  group: '',
  version: 'v1',
  resource: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
  verbs: ['get'],
};

/** @throws KubeError, Forbidden when it may not be read */
export async function readClusterUid(
  cluster: Pick<Cluster, 'get'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  return (await cluster.get(NAMESPACES, { name: 'kube-system' }, signal))?.metadata.uid;
}

/** @returns undefined when it may not be read, which is logged. @throws KubeError when the cluster cannot be asked */
export async function clusterUid(
  cluster: Pick<Cluster, 'get'>,
  log: Log,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return await readClusterUid(cluster, signal);
  } catch (error) {
    if (!(error instanceof KubeError && error.code === 'Forbidden')) throw error;
    const remedy =
      'allow the operator to get it, or points of scenarios that are made anew are never removed';
    log.warn({ problem: error.message }, `namespace kube-system cannot be read: ${remedy}`);
    return undefined;
  }
}
