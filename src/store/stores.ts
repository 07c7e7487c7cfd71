/** Which store a scenario's recovery points live in: its own when it names one, else the operator's. */
import type { DRScenarioSpec } from '../api/v1alpha1/dr-scenario.ts';
import type { StoreSpec } from '../api/v1alpha1/dr-scenario-store.ts';
import { createFileTurns } from './file-turns.ts';
import { filesystemStore } from './filesystem.ts';
import { type S3Deps, s3Store } from './s3.ts';
import type { Store } from './store.ts';

export interface Stores {
  /** Where a scenario's points are kept, said in full: it holds when the operator's default changes. */
  place(spec: DRScenarioSpec): StoreSpec;
  /** The store at a place; the same one for the same place. */
  at(place: StoreSpec): Store;
}

export interface StoresDeps extends S3Deps {
  /** Of the process, see {@link createFileTurns}. */
  readonly threads: number;
}

/** @param defaultDirectory absolute; for scenarios without spec.replication.store */
export function createStores(defaultDirectory: string, deps: StoresDeps): Stores {
  const known = new Map<string, Store>();
  const turns = createFileTurns(deps.threads, deps.clock);
  const open = ({ filesystem, s3 }: StoreSpec): Store =>
    s3 === undefined
      ? filesystemStore(filesystem?.path ?? defaultDirectory, deps.random, turns)
      : s3Store(s3, deps);
  return {
    place: ({ replication: { store } }) => placeOf(store, defaultDirectory),
    at: (place) => {
      const key = placeKey(place);
      const store = known.get(key) ?? open(place);
      known.set(key, store);
      return store;
    },
  };
}

/** A store as the scenario names it, the operator's own directory filled in when it names none. */
export function placeOf(store: StoreSpec, defaultDirectory: string): StoreSpec {
  return store.s3 === undefined
    ? { filesystem: store.filesystem ?? { path: defaultDirectory } }
    : { s3: store.s3 };
}

/** The same text for the same place, in whatever order its fields were written. */
export function placeKey({ filesystem, s3 }: StoreSpec): string {
  if (s3 === undefined) return JSON.stringify(['filesystem', filesystem?.path]);
  const { bucket, prefix, region, endpoint, forcePathStyle, credentialsSecret, caSecret, encryption } = s3;
  const access = [region, endpoint, forcePathStyle, credentialsSecret, caSecret];
  return JSON.stringify(['s3', bucket, prefix, ...access, encryption?.algorithm, encryption?.kmsKeyId]);
}
