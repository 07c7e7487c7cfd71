/**
 * The points of a store that the scenario had before. One that is new to it may
 * be a mistake, or take no point at all: until a point in it is verified, those
 * of the former one stay on offer, each with where it is. Pure.
 */
import type { DRScenarioSpec, DRScenarioStatus } from '../../../api/v1alpha1/dr-scenario.ts';
import type { StoreSpec } from '../../../api/v1alpha1/dr-scenario-store.ts';
import { isVerified } from '../../../domain/protection/point-data.ts';
import {
  inStoreOf,
  isSameStore,
  type StoredPoint,
  storeOfPoint,
} from '../../../domain/protection/point-store.ts';
import type { CaptureOutcome } from '../capture/outcome.ts';

interface ListedPoint extends StoredPoint {
  readonly name: string;
  readonly verifiedAt?: string | undefined;
}

/** Says where a point is by the spec that is in force from now on, and no longer by the one of before. */
export function placing(
  { acceptedSpec }: Pick<DRScenarioStatus, 'acceptedSpec'>,
  inForce: DRScenarioSpec | undefined,
): <Point extends StoredPoint>(point: Point) => Point {
  return (point) => {
    const store = storeOfPoint(point, acceptedSpec ?? inForce);
    return { ...point, store: isSameStore(store, storeOfPoint({}, inForce)) ? undefined : store };
  };
}

/** With the store that a listed point is in, as needed to read it. */
export const specToRead = (
  point: StoredPoint,
  status: Pick<DRScenarioStatus, 'acceptedSpec'>,
  inForce: DRScenarioSpec,
): DRScenarioSpec => inStoreOf(inForce, placing(status, inForce)(point).store);

/**
 * What is to be listed of all stores.
 * @param offered all points of the store that a capture was made for
 * @param known what was listed before
 */
export function withOtherStores<Point extends ListedPoint>(
  offered: readonly Point[],
  known: readonly Point[],
  { kind }: Pick<CaptureOutcome, 'kind'>,
  madeFor: StoreSpec,
  inForce: StoreSpec,
): readonly Point[] {
  if (isSameStore(madeFor, inForce)) {
    const former = kind === 'failed' ? known.filter((point) => isFormer(point) && isVerified(point)) : [];
    return [...without(offered, former), ...former];
  }
  // The capture was begun before the store was changed, and ended afterwards.
  const here = known.filter((point) => !isFormer(point));
  return here.some(isVerified) ? here : [...without(here, offered), ...offered.filter(isVerified)];
}

/** A name is listed once. */
function without<Point extends ListedPoint>(
  points: readonly Point[],
  others: readonly ListedPoint[],
): readonly Point[] {
  const names = new Set(others.map(({ name }) => name));
  return points.filter(({ name }) => !names.has(name));
}

const isFormer = ({ store }: ListedPoint): boolean => store !== undefined;
