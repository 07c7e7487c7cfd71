/** The manifest of a recovery point as it reads in the recovery region: keys renamed, classes that are replaced left out. */
import type { PointManifest } from '../protection/point.ts';

/** Why an object of the point is not restored, beside the reasons of a capture. */
export const REPLACED_BY_TRANSFORM = 'ReplacedByTransform';

/**
 * Digests stay those of the captured objects, and so do the source's own names:
 * of its lists, and of its snapshots.
 * @param renamed the key in the recovery region
 * @param replaced keys, as in the source, of what is not restored
 */
export function transformManifest(
  manifest: PointManifest,
  renamed: (key: string) => string,
  replaced: ReadonlySet<string>,
): PointManifest {
  const isKept = (key: string): boolean => !replaced.has(key);
  const between = <Edge extends { readonly from: string; readonly to: string }>(edge: Edge): Edge => ({
    ...edge,
    from: renamed(edge.from),
    to: renamed(edge.to),
  });
  const units = manifest.units
    .map(({ id, objects }) => ({ id, objects: objects.filter(isKept) }))
    .filter(({ objects }) => objects.length > 0);
  const ids = new Set(units.map(({ id }) => id));
  const { dangling, volumes } = manifest;
  return {
    ...manifest,
    objects: manifest.objects
      .filter(({ key }) => isKept(key))
      .map(({ key, why, ...object }) => ({
        ...object,
        key: renamed(key),
        ...(why === undefined ? {} : { why: { ...why, by: renamed(why.by) } }),
      })),
    leftOut: [
      ...manifest.leftOut.map(({ key, reason }) => ({ key: renamed(key), reason })),
      ...[...replaced].map((key) => ({ key, reason: REPLACED_BY_TRANSFORM })),
    ],
    ...(dangling === undefined ? {} : { dangling: dangling.map(between) }),
    units: units.map(({ id, objects }) => ({ id: renamed(id), objects: objects.map(renamed) })),
    edges: manifest.edges
      .filter(({ from, to }) => ids.has(from) && ids.has(to))
      .map((edge) => ({ ...between(edge), because: edge.because.map(between) })),
    longestPath: manifest.longestPath.filter((id) => ids.has(id)).map(renamed),
    ...(volumes === undefined
      ? {}
      : { volumes: volumes.map((volume) => ({ ...volume, claim: renamed(volume.claim) })) }),
    volumesWithoutData: manifest.volumesWithoutData.map(renamed),
  };
}
