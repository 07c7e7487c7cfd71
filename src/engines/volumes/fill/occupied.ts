/**
 * Makes what stands for a snapshot under a name that may be taken already: by the
 * same, of somebody who was killed, or by what stands for something else. That is
 * nobody's to use or to remove: a claim would be filled with the data of another.
 */
import { textAt } from '../../../api/fields.ts';
import { groupOf, type KubeObject, objectKey } from '../../../api/object.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { KubeError } from '../../../kube/errors.ts';
import { getOne } from '../kinds.ts';

/** That a name is taken, for people. */
export interface Occupied {
  readonly cause: string;
  readonly remedy: string;
}

/** @returns what has the name now: the object itself, or what was there before. @throws KubeError */
export async function createOrFind(
  object: KubeObject,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<KubeObject> {
  try {
    return await cluster.create(object, signal);
  } catch (error) {
    if (!(error instanceof KubeError) || error.code !== 'AlreadyExists') throw error;
    const kind = { group: groupOf(object.apiVersion), kind: object.kind };
    // What was on its way out may be gone by now.
    return (await getOne(cluster, kind, object.metadata, signal)) ?? cluster.create(object, signal);
  }
}

/** What tells for which snapshot a content is, and for which object. */
const IDENTITY: readonly (readonly string[])[] = [
  ['source', 'snapshotHandle'],
  ['source', 'groupSnapshotHandles', 'volumeGroupSnapshotHandle'],
  ['volumeSnapshotRef', 'namespace'],
  ['volumeSnapshotRef', 'name'],
  ['volumeGroupSnapshotRef', 'namespace'],
  ['volumeGroupSnapshotRef', 'name'],
];

/** Whether two contents are for the same object, of the same snapshot. */
export const standsForSame = (one: KubeObject, other: KubeObject): boolean =>
  IDENTITY.every((path) => textAt(one, 'spec', ...path) === textAt(other, 'spec', ...path));

/**
 * Makes a content, alone or of a group.
 * @returns undefined when it is there
 * @throws KubeError
 */
export async function createContent(
  content: KubeObject,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<Occupied | undefined> {
  const there = await createOrFind(content, cluster, signal);
  return standsForSame(there, content) ? undefined : occupiedBy(there, cluster);
}

export const occupiedBy = (there: KubeObject, { name }: Cluster): Occupied => ({
  cause: `${objectKey(there)} in ${name} has the name that is needed, and stands for something else`,
  remedy: 'see whose it is, and delete it there',
});
