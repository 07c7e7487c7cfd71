/**
 * Which store a listed point is in. A scenario may be given another store, and
 * until that one has a point that was verified, those of the former one are what
 * there is to fail over to: so each of them says where it is. Pure.
 */
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import type { StoreSpec } from '../../api/v1alpha1/dr-scenario-store.ts';

export interface StoredPoint {
  /** Absent when it is in the store of the spec that was in force when it was listed. */
  readonly store?: StoreSpec | undefined;
}

/** @param accepted the spec that was in force when the point was listed */
export const storeOfPoint = ({ store }: StoredPoint, accepted: DRScenarioSpec | undefined): StoreSpec =>
  store ?? accepted?.replication.store ?? {};

/** Whether both name one store, however it is reached: who rotates a Secret or sets a key moves no points. */
export function isSameStore(a: StoreSpec, b: StoreSpec): boolean {
  return identityOf(a) === identityOf(b);
}

function identityOf({ filesystem, s3 }: StoreSpec): string {
  if (s3 === undefined) return JSON.stringify(['filesystem', filesystem?.path]);
  return JSON.stringify(['s3', s3.endpoint, s3.bucket, s3.prefix]);
}

/** The spec with the store that a point is in: a store changed meanwhile does not hold it. */
export const inStoreOf = (spec: DRScenarioSpec, store: StoreSpec | undefined): DRScenarioSpec =>
  store === undefined ? spec : { ...spec, replication: { ...spec.replication, store } };

/** For people. */
export function describeStore({ filesystem, s3 }: StoreSpec): string {
  if (s3 === undefined) return filesystem?.path ?? "the operator's own directory";
  const folder = s3.prefix === undefined ? s3.bucket : `${s3.bucket}/${s3.prefix}`;
  return `bucket ${folder}${s3.endpoint === undefined ? '' : ` at ${s3.endpoint}`}`;
}
