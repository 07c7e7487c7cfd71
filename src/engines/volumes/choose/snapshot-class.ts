/** Chooses the class that snapshots of a driver are cut by. */
import { textAt } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import type { DriverFacts } from '../../../domain/volumes/strategy.ts';

const DEFAULT_SNAPSHOT_CLASS = 'snapshot.storage.kubernetes.io/is-default-class';

/**
 * The one that the spec names, the only one of the driver, or its default.
 * @param source name of the cluster, for messages
 */
export function snapshotClassFor(
  driver: string,
  wished: string | undefined,
  classes: readonly KubeObject[],
  source: string,
): DriverFacts['snapshotClass'] {
  const missing = (message: string) => ({ kind: 'missing' as const, message });
  const found = (object: KubeObject) => ({ kind: 'found' as const, name: object.metadata.name });
  if (wished !== undefined) {
    const named = classes.find(({ metadata }) => metadata.name === wished);
    if (named === undefined)
      return missing(
        `${source} has no VolumeSnapshotClass ${wished}, which spec.replication.volumes.snapshotClass names`,
      );
    if (textAt(named, 'driver') !== driver)
      return missing(`VolumeSnapshotClass ${wished} is not of ${driver}`);
    return found(named);
  }
  const fitting = classes.filter((object) => textAt(object, 'driver') === driver);
  const [only, ...others] = fitting;
  if (only === undefined) return missing(`${source} has no VolumeSnapshotClass of ${driver}: create one`);
  if (others.length === 0) return found(only);
  const standard = fitting.find(({ metadata }) => metadata.annotations?.[DEFAULT_SNAPSHOT_CLASS] === 'true');
  if (standard !== undefined) return found(standard);
  const names = fitting
    .map(({ metadata }) => metadata.name)
    .toSorted()
    .join(', ');
  return missing(
    `${source} has several VolumeSnapshotClasses of ${driver} (${names}) and none is the default: name one in spec.replication.volumes.snapshotClass`,
  );
}
