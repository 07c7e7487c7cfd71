/**
 * Of which claims the newest point has the data. A point that leaves it out
 * would push those that have it out of retention, so none is made quietly. Pure.
 */
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import type { PointManifest } from '../protection/point.ts';

/**
 * @param newest undefined when there is no point
 * @returns refKeys; none when it is of other regions, where the data is of no use
 */
export function copiedBefore(
  newest: PointManifest | undefined,
  { source, recovery }: Pick<DRScenarioSpec, 'source' | 'recovery'>,
): ReadonlySet<string> {
  const { sourceRegion, recoveryRegion, volumes = [] } = newest ?? {};
  if (sourceRegion !== source.region || recoveryRegion !== recovery.region) return new Set();
  return new Set(volumes.flatMap(({ claim, strategy }) => (strategy === 'Exclude' ? [] : [claim])));
}
