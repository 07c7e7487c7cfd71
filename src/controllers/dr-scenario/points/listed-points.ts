/** The recovery points that a scenario's status lists: those on offer, each with what captures have shown of it. Pure. */
import type { DRScenarioSpec, DRScenarioStatus } from '../../../api/v1alpha1/dr-scenario.ts';
import {
  MAX_MISSING_POINTS,
  type MissingPoint,
  type PointStatus,
} from '../../../api/v1alpha1/dr-scenario-points.ts';
import { currentAsOf, isAhead } from '../../../domain/protection/point-age.ts';
import { isDataElsewhere, isVerified, isVerifiedFor } from '../../../domain/protection/point-data.ts';
import { newestFirst } from '../../../domain/protection/point-order.ts';
import { isSameStore, storeOfPoint } from '../../../domain/protection/point-store.ts';
import { elapsed, type Instant, instant, toRfc3339 } from '../../../domain/time.ts';
import type { CaptureOutcome } from '../capture/outcome.ts';
import type { Find } from './finds.ts';
import { placing, withOtherStores } from './former-store.ts';
import type { OfferedPoint } from './offer.ts';

/** Of the schema. */
const MAX_POINTS = 100;

/** @param inForce the spec that says from now on which store is the scenario's */
export function pointsAfter(
  before: DRScenarioStatus,
  capture: CaptureOutcome | undefined,
  inForce: DRScenarioSpec | undefined,
  now: Instant,
): PointStatus[] {
  const placed = placing(before, inForce);
  const listed = (before.recoveryPoints ?? []).map(placed);
  if (capture?.offer === undefined) return listed;
  const known = [...listed, ...(before.missingPoints ?? [])];
  const here = storeOfPoint({}, inForce);
  const { points, store = here } = capture.offer;
  const offered = points.map((point) => {
    const { store: _, ...proven } = withProof(listedAs(point, known), capture, now);
    return isSameStore(store, here) ? proven : { ...proven, store };
  });
  return asManyAsFit(withOtherStores(offered, listed, capture, store, here));
}

/** Those of the store, while nothing is listed: none of them was compared with the source for this scenario. */
export const pointsFound = ({ points }: Find): PointStatus[] =>
  asManyAsFit(points.map((point) => listedAs(point, [])));

/** Of a point that an earlier version has listed more may be known now. */
function listedAs(point: OfferedPoint, known: readonly MissingPoint[]): PointStatus {
  const { name, sequence, capturedAt, objects, bytes, digest, claimsWithData, dataRegion, foreign } = point;
  return {
    ...known.find((one) => isSame(one, point)),
    name,
    ...(sequence === undefined ? {} : { sequence }),
    capturedAt,
    objects,
    bytes,
    digest,
    ...(claimsWithData === undefined ? {} : { claimsWithData }),
    ...(dataRegion === undefined ? {} : { dataRegion }),
    ...(foreign === undefined ? {} : { foreign }),
  };
}

function withProof(listed: PointStatus, capture: CaptureOutcome, now: Instant): PointStatus {
  if (capture.kind === 'failed') return listed;
  if (!isSame(listed, { name: capture.point.manifest.name, digest: capture.point.digest })) return listed;
  if (capture.kind === 'unchanged') return confirmed(listed, capture.asOf, now);
  const confirmedAt = listed.confirmedAt ?? listed.capturedAt;
  return { ...listed, verifiedAt: toRfc3339(capture.verifiedAt), confirmedAt };
}

/** With what was listed of them. Undefined when none is missing. */
export function missingAfter(
  before: DRScenarioStatus,
  capture: CaptureOutcome | undefined,
  inForce: DRScenarioSpec | undefined,
): MissingPoint[] | undefined {
  const placed = placing(before, inForce);
  const recoveryPoints = (before.recoveryPoints ?? []).map(placed);
  const missingPoints = (before.missingPoints ?? []).map(placed);
  if (capture?.offer === undefined) return before.missingPoints === undefined ? undefined : missingPoints;
  const { missing = [] } = capture.offer;
  const known = new Map<string, MissingPoint>(
    [...missingPoints, ...recoveryPoints].map((point) => [point.name, point]),
  );
  const points = missing.slice(0, MAX_MISSING_POINTS).map((name) => known.get(name) ?? { name });
  return points.length === 0 ? undefined : points;
}

/** The newest verified point, whatever region has its data: its objects can be asked about in any. */
export const newestVerified = ({ recoveryPoints = [], recoveryPoint }: DRScenarioStatus) =>
  newestFirst(recoveryPoints.filter(isVerified))[0] ?? recoveryPoint;

/** Why none of these points counts for the region, when the verified ones have their data elsewhere. */
export function elsewhereOnly(points: readonly PointStatus[], region: string): string | undefined {
  const [newest] = newestFirst(points.filter(isVerified));
  if (newest === undefined || points.some((point) => isVerifiedFor(point, region))) return undefined;
  return `no recovery point is verified for ${region} yet: the data of the volumes in ${newest.name} is in ${newest.dataRegion ?? 'another region'}`;
}

/** What there is besides, when none of these points is verified. */
export function unprovenOnly(points: readonly PointStatus[], region: string): string | undefined {
  const [newest, ...others] = newestFirst(points.filter((point) => !isDataElsewhere(point, region)));
  if (newest === undefined || points.some(isVerified)) return undefined;
  const more = others.length === 0 ? '' : ` and ${others.length} older ones`;
  return `no recovery point has been compared with the source yet; the store has ${newest.name} of ${newest.capturedAt}${more}, which a DRExecution that is created by hand takes once it is read back whole, and a failover that starts by itself does not`;
}

/** As many as the schema takes; verified ones go first, as only they can be chosen. */
function asManyAsFit(points: readonly PointStatus[]): PointStatus[] {
  const proven = points.filter(isVerified);
  const others = points.filter((point) => !isVerified(point));
  const chosen = new Set([...proven, ...others].slice(0, MAX_POINTS));
  return points.filter((point) => chosen.has(point));
}

/** A name alone could be that of another point, made after this one was lost. */
const isSame = (
  one: Pick<MissingPoint, 'name' | 'digest'>,
  other: Pick<PointStatus, 'name' | 'digest'>,
): boolean => one.name === other.name && one.digest === other.digest;

/** Never back: what was once found to be so stays found, unless a clock said so that was ahead. */
function confirmed(point: PointStatus, asOf: Instant, now: Instant): PointStatus {
  const before = currentAsOf(point);
  const isKnown = before !== undefined && !isAhead(elapsed(before, now));
  return { ...point, confirmedAt: toRfc3339(instant(isKnown ? Math.max(asOf, before) : asOf)) };
}
