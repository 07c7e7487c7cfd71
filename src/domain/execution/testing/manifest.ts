/** Recovery-point manifests for tests of executions. */
import type { PointManifest } from '../../protection/point.ts';

export function manifestOf(
  parts: Partial<Omit<PointManifest, 'units' | 'edges'>> & {
    readonly units?: readonly string[];
    /** Dependant first. */
    readonly edges?: readonly (readonly [from: string, to: string])[];
  } = {},
): PointManifest {
  const { units = [], edges = [], ...rest } = parts;
  return {
    formatVersion: 1,
    name: 'point-1',
    scenario: { namespace: 'dr', name: 'shop', uid: 'uid-1' },
    sourceRegion: 'eu-west',
    capturedAt: '2026-01-01T00:00:00.000Z',
    finishedAt: '2026-01-01T00:00:01.000Z',
    resourceVersions: {},
    objects: [],
    leftOut: [],
    longestPath: [],
    volumesWithoutData: [],
    archive: { sha256: '', bytes: 0 },
    ...rest,
    units: units.map((id) => ({ id, objects: [id] })),
    edges: edges.map(([from, to]) => ({ from, to, because: [] })),
  };
}
