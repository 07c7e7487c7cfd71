/** A create that may be repeated. */
import type { KubeObject } from '../api/object.ts';
import type { Cluster } from '../kube/cluster.ts';
import { KubeError } from '../kube/errors.ts';

/** As create, but one that is there already is as good. @throws KubeError */
export async function createUnlessThere(
  object: KubeObject,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<void> {
  try {
    await cluster.create(object, signal);
  } catch (error) {
    if (!(error instanceof KubeError) || error.code !== 'AlreadyExists') throw error;
  }
}
