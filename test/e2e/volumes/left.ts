/** What there is of an application's snapshots, to see that none is left over: counted in the clusters and in the storage. */
import { basename, dirname } from 'node:path';
import { openBackend } from '../../../hack/lab/csi-driver/state.ts';
import { textAt } from '../../../src/api/fields.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import { SCENARIO_LABEL, scenarioLabel } from '../../../src/api/ownership.ts';
import type { ScenarioIdentity } from '../../../src/engines/engine.ts';
import { type KindName, listOf } from '../../../src/engines/volumes/kinds.ts';
import type { Cluster } from '../../../src/kube/cluster.ts';
import { signal, type VolumesWorld } from './support.ts';

/** The handles of snapshots of volumes in these folders of the source. */
export function snapshotsOf({ csi }: VolumesWorld, folders: readonly string[]): readonly string[] {
  const volumes = new Set(folders.map((folder) => basename(dirname(folder))));
  const { snapshots } = openBackend(csi.source.backend);
  return snapshots
    .list()
    .filter(({ volumeId }) => volumes.has(volumeId))
    .map(({ id }) => id)
    .toSorted();
}

/** How many objects of a kind of snapshot are in a namespace, or, of a kind of content, stand for one there. */
export async function countFor(cluster: Cluster, kind: KindName, namespace: string): Promise<number> {
  const placeOf = (object: KubeObject) =>
    object.metadata.namespace ??
    textAt(object, 'spec', 'volumeSnapshotRef', 'namespace') ??
    textAt(object, 'spec', 'volumeGroupSnapshotRef', 'namespace');
  const found = await listOf(cluster, kind, {}, signal);
  return found.filter((object) => placeOf(object) === namespace).length;
}

/** How many objects of a kind, wherever they are, bear the mark of a scenario. */
export async function countMarked(
  cluster: Cluster,
  kind: KindName,
  scenario: ScenarioIdentity,
): Promise<number> {
  const labelSelector = `${SCENARIO_LABEL}=${scenarioLabel(scenario)}`;
  return (await listOf(cluster, kind, { labelSelector }, signal)).length;
}
