/** What a scenario leaves no choice in of the data of its volumes: found before Velero is asked, or missed afterwards. */
import { textAt } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import type { PointVolume } from '../../../domain/protection/point.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { getOne, SNAPSHOT_CLASS, volumeNameOf } from '../../volumes/kinds.ts';
import { VeleroProblem } from '../problem.ts';
import { type SnapshotClass, wantsData } from './backup-request.ts';

/**
 * @returns undefined when the choice is Velero's, or no data is wanted
 * @throws VeleroProblem 'ClassMissing', KubeError
 */
export async function wishedClass(
  spec: DRScenarioSpec,
  source: Cluster,
  signal: AbortSignal,
): Promise<SnapshotClass | undefined> {
  const name = spec.replication.volumes.snapshotClass;
  if (name === undefined || !wantsData(spec)) return undefined;
  const driver = textAt(await getOne(source, SNAPSHOT_CLASS, { name }, signal), 'driver');
  if (driver !== undefined) return { name, driver };
  throw new VeleroProblem(
    'ClassMissing',
    `${source.name} has no VolumeSnapshotClass ${name}, which spec.replication.volumes.snapshotClass names`,
  );
}

/**
 * Pure. A sentence for each claim with data that is not copied the way that was asked for by name.
 * @param objectOf of the claim, by refKey
 */
export function unmetWishes(
  volumes: readonly PointVolume[],
  { replication }: DRScenarioSpec,
  objectOf: (claim: string) => KubeObject | undefined,
): readonly string[] {
  const wished = replication.volumes.strategy;
  if (wished === 'Auto' || wished === 'Exclude') return [];
  return volumes
    .filter(({ claim, strategy }) => strategy !== wished && volumeNameOf(objectOf(claim)) !== undefined)
    .map(({ claim, reason }) => `${claim} is to be copied by ${wished}: ${reason}`);
}

/**
 * Pure. The claims that have data, and of which it is not in the point though the user has not said so.
 * @param objectOf of the claim, by refKey
 */
export function leftOut(
  volumes: readonly PointVolume[],
  spec: DRScenarioSpec,
  objectOf: (claim: string) => KubeObject | undefined,
): readonly PointVolume[] {
  if (!wantsData(spec)) return [];
  return volumes.filter(
    ({ claim, strategy }) => strategy === 'Exclude' && volumeNameOf(objectOf(claim)) !== undefined,
  );
}

/**
 * Pure. A sentence for each claim whose data is left out now, and the newest point has: the native
 * engine refuses the same (see chooseStrategy).
 * @param copied refKeys of those of the newest point
 */
export function dataLost(without: readonly PointVolume[], copied: ReadonlySet<string>): readonly string[] {
  return without
    .filter(({ claim }) => copied.has(claim))
    .map(
      ({ claim, reason }) =>
        `${claim}: the newest recovery point has its data, and this one would not: ${reason}; mend that, or set spec.replication.volumes.strategy: Exclude until the next point is there, if its data is not to be copied any more`,
    );
}
