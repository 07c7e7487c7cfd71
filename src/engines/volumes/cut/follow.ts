/**
 * Follows snapshot objects until the storage has done its part. By asking again
 * and again, not by a watch: a watch on a cluster that dies is as silent as one
 * on which nothing happens, and a capture of a dying region must end soon.
 */
import { at, numberAt, textAt } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import {
  between,
  type Clock,
  formatDuration,
  type Millis,
  millis,
  seconds,
  type Tick,
} from '../../../domain/time.ts';

const FIRST_PAUSE = millis(100);
const LONGEST_PAUSE = millis(1000);
/** The storage tries again by itself; an error that lasts this long is told. */
const ERROR_LASTS = seconds(10);

/** `cut`: the data of that instant is safe from later writes. `ready`: volumes can be made of it. */
export type Milestone = 'cut' | 'ready';

export interface Following {
  /** By what each is for, e.g. the claim's key, the object as it is now. Absent: not there. */
  readonly look: (signal: AbortSignal) => Promise<ReadonlyMap<string, KubeObject>>;
  /** Keys that `look` is to find. */
  readonly keys: readonly string[];
  readonly milestone: Milestone;
  /** Since when is waited, and for how long. */
  readonly since: Tick;
  readonly patience: Millis;
  readonly clock: Pick<Clock, 'tick' | 'sleep'>;
}

export interface Followed {
  /** That have reached the milestone. */
  readonly reached: ReadonlyMap<string, KubeObject>;
  /** By key, why one has not. */
  readonly problems: ReadonlyMap<string, string>;
}

/** Returns when all have reached the milestone or cannot any more. @throws what `look` throws */
export async function follow(following: Following, signal: AbortSignal): Promise<Followed> {
  const { look, keys, since, patience, clock } = following;
  const failingSince = new Map<string, Tick>();
  const met = new Set<string>();
  for (let pause: Millis = FIRST_PAUSE; ; pause = millis(Math.min(pause * 1.5, LONGEST_PAUSE))) {
    const seen = await look(signal);
    const now = clock.tick();
    const overdue = between(since, now) >= patience;
    const reached = new Map<string, KubeObject>();
    const problems = new Map<string, string>();
    for (const key of keys) {
      const object = seen.get(key);
      if (object !== undefined) met.add(key);
      if (object !== undefined && hasReached(object, following.milestone)) {
        reached.set(key, object);
        continue;
      }
      const error = errorOf(object);
      if (error === undefined) failingSince.delete(key);
      else if (!failingSince.has(key)) failingSince.set(key, now);
      const lasts = between(failingSince.get(key) ?? now, now) >= ERROR_LASTS;
      if (error !== undefined && (lasts || overdue)) problems.set(key, error);
      else if (overdue) {
        const what = object === undefined ? absent(met.has(key)) : missing(object, following.milestone);
        problems.set(key, `${what} after ${formatDuration(patience)}`);
      }
    }
    if (reached.size + problems.size >= keys.length) return { reached, problems };
    await clock.sleep(pause, signal);
  }
}

/** Whether the storage has done that part for a snapshot object. */
export function hasReached(object: KubeObject, milestone: Milestone): boolean {
  if (at(object, 'status', 'readyToUse') === true) return true;
  if (milestone === 'ready') return false;
  const time = at(object, 'status', 'creationTime');
  return time !== undefined && time !== null;
}

export const errorOf = (object: KubeObject | undefined): string | undefined =>
  textAt(object, 'status', 'error', 'message');

const absent = (wasThere: boolean): string =>
  wasThere
    ? 'its snapshot was deleted by somebody; it is not there'
    : 'nobody has made a snapshot of it: see whether the snapshot controller and the snapshotter of its CSI driver run';

function missing(object: KubeObject, milestone: Milestone): string {
  if (
    numberAt(object, 'status', 'creationTime') === undefined &&
    textAt(object, 'status', 'creationTime') === undefined
  )
    return 'no snapshot was cut: see whether the CSI driver and its snapshotter run';
  return milestone === 'cut' ? 'no snapshot was cut' : 'its snapshot was cut, but is not ready to use';
}
