/**
 * Where the data of a point's claims is. The objects of a point are restored to
 * any region; its data only where that is, so a point made for one recovery
 * region proves nothing for another. Pure.
 */
import type { PointManifest, PointVolume } from './point.ts';

export interface PointData {
  /** Claims whose data is in the point. */
  readonly claimsWithData: number;
  /** The one recovery region that has it, or was seen to read it; absent when it is kept where every region reads it, or not known. */
  readonly dataRegion?: string;
}

/** What a mover keeps is apart from the regions. */
const OF_REGION: ReadonlySet<PointVolume['strategy']> = new Set(['SnapshotHandle', 'VolSync']);

export function pointData({
  volumes = [],
  recoveryRegion,
}: Pick<PointManifest, 'volumes' | 'recoveryRegion'>): PointData {
  const claimsWithData = volumes.filter(({ strategy }) => strategy !== 'Exclude').length;
  const isOfRegion = volumes.some(({ strategy }) => OF_REGION.has(strategy));
  return {
    claimsWithData,
    ...(isOfRegion && recoveryRegion !== undefined ? { dataRegion: recoveryRegion } : {}),
  };
}

interface PlacedPoint {
  readonly dataRegion?: string | undefined;
}

/** Whether another region than this recovery region has the data: then the point is not verified for it. */
export function isDataElsewhere<Point extends PlacedPoint>(
  point: Point,
  recoveryRegion: string,
): point is Point & { readonly dataRegion: string } {
  return point.dataRegion !== undefined && point.dataRegion !== recoveryRegion;
}

interface ProvenPoint {
  /** When it was read back and compared with the source. */
  readonly verifiedAt?: string | undefined;
}

export const isVerified = ({ verifiedAt }: ProvenPoint): boolean => verifiedAt !== undefined;

/** Whether a point counts for a recovery region. */
export const isVerifiedFor = (point: ProvenPoint & PlacedPoint, recoveryRegion: string): boolean =>
  isVerified(point) && !isDataElsewhere(point, recoveryRegion);
