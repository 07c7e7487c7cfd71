/**
 * Whether the last point is still in the store as it was published, while it
 * stands for a source in which nothing changes. That its files are there is
 * asked every time; what is in them is read again from time to time, since a
 * file that was overwritten or has rotted keeps its name.
 */
import { between, type Clock, type Millis, minutes } from '../../../domain/time.ts';
import type { Log } from '../../../kube/log.ts';
import type { Store } from '../../../store/store.ts';
import { PointDamagedError, type PublishedPoint, type ScenarioIdentity } from '../../engine.ts';
import { archiveKey, manifestKey } from '../points/layout.ts';
import { storedArchive } from '../points/points.ts';
import { forgetPoint, hasCopiedData, type Memory, type Remembered, scenarioKey } from './remembered.ts';

/**
 * How long a proof of what is stored holds. Damage is not found sooner, so a
 * recovery may meet it for so long; reading costs one download of the point.
 */
export const READ_AGAIN: Millis = minutes(60);

export interface StoredDeps {
  readonly store: Store;
  readonly memory: Memory;
  readonly clock: Pick<Clock, 'tick'>;
  readonly log: Log;
}

export interface Recalled {
  /** The last point of the scenario, as far as this process knows, unless it was found damaged. */
  readonly last: Remembered | undefined;
  /** That it was, for the point that takes its place. */
  readonly warnings: readonly string[];
}

/** Somebody may have emptied the store, or a Velero on the same bucket deleted the backup. @throws StoreError */
export async function isStored(
  store: Store,
  { manifest: { name } }: PublishedPoint,
  signal: AbortSignal,
): Promise<boolean> {
  const parts = [manifestKey(name), archiveKey(name)];
  const found = await Promise.all(parts.map(async (key) => (await store.list(key, signal)).includes(key)));
  return found.every(Boolean);
}

/**
 * What is remembered of the last capture. A point that may stand for the
 * present and was not read for long is read now, and forgotten when it is not
 * what was published, so that another one is made.
 * @throws StoreError
 */
export async function recall(
  { store, memory, clock, log }: StoredDeps,
  scenario: ScenarioIdentity,
  signal: AbortSignal,
): Promise<Recalled> {
  const last = memory.get(scenarioKey(scenario));
  const sound = { last, warnings: [] };
  // Data that is copied gets a new point every time, and a point that is not proven yet is about to be read.
  if (last?.provenAt === undefined || hasCopiedData(last.point.manifest)) return sound;
  const now = clock.tick();
  if (between(last.provenAt, now) < READ_AGAIN || !(await isStored(store, last.point, signal))) return sound;
  try {
    await storedArchive(store, last.point, signal);
  } catch (error) {
    if (!(error instanceof PointDamagedError)) throw error;
    forgetPoint(memory, last.point);
    const { name } = last.point.manifest;
    log.warn({ point: name, store: store.location }, error.message);
    return { last: undefined, warnings: [`this point replaces one that was damaged: ${error.message}`] };
  }
  const proven = { ...last, provenAt: now };
  memory.set(scenarioKey(scenario), proven);
  return { last: proven, warnings: [] };
}
