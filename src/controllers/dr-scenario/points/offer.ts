/** What a scenario offers to recover from after a capture. */
import type { PointStatus } from '../../../api/v1alpha1/dr-scenario-points.ts';
import type { StoreSpec } from '../../../api/v1alpha1/dr-scenario-store.ts';

/** A point as status lists it. */
export type OfferedPoint = Omit<PointStatus, 'verifiedAt' | 'confirmedAt' | 'store'>;

export interface Offer {
  /** Points to be listed from now on, newest first. */
  readonly points: readonly OfferedPoint[];
  /** Where they are. Default: the store of the spec in force. */
  readonly store?: StoreSpec;
  /** Names of points that the store has lost. Default: none. */
  readonly missing?: readonly string[];
  /** Why points that are not kept are still there, or which are missing. */
  readonly problem?: string;
}
