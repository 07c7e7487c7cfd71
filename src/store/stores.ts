/** Which store a scenario's recovery points live in: its own when it names one, else the operator's. */
import type { DRScenarioSpec } from '../api/v1alpha1/dr-scenario.ts';
import type { Clock } from '../domain/time.ts';
import { filesystemStore } from './filesystem.ts';
import type { Store } from './store.ts';

export interface Stores {
  /** The absolute directory a scenario's points are kept in. */
  path(spec: DRScenarioSpec): string;
  /** The store on a directory; the same one for the same directory. */
  at(path: string): Store;
}

/** @param defaultDirectory absolute; for scenarios without spec.replication.store */
export function filesystemStores(defaultDirectory: string, clock: Clock): Stores {
  const known = new Map<string, Store>();
  return {
    path: (spec) => spec.replication.store.filesystem?.path ?? defaultDirectory,
    at: (path) => {
      const store = known.get(path) ?? filesystemStore(path, clock);
      known.set(path, store);
      return store;
    },
  };
}
