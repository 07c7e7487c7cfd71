/** How long a scenario gives the storage to get snapshots ready. Pure. */
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import { type Millis, minutes, parseDuration } from '../time.ts';

const DEFAULT = minutes(5);

export const snapshotPatience = ({ snapshotTimeout }: DRScenarioSpec['replication']['volumes']): Millis =>
  parseDuration(snapshotTimeout) ?? DEFAULT;
