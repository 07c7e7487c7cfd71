/** What an informer is made of, and the two things both its list and its watch do with an object. */
import type { KubeObject, ObjectRef } from '../api/object.ts';
import { type Clock, type Millis, millis, minutes, seconds, type Tick } from '../domain/time.ts';
import type { BackoffPolicy, Random } from './backoff.ts';
import type { InformerOptions, ObjectList, ResourceType } from './cluster.ts';
import type { KubeError } from './errors.ts';
import { describeError, type Log } from './log.ts';
import type { ObjectCache } from './object-cache.ts';
import type { ClientObserver } from './observers.ts';
import type { Transport } from './transport.ts';
import { withoutManagedFields } from './wire.ts';

export interface InformerTiming {
  /** A watch is asked to end after a time drawn from this range, as client-go does, so that load spreads over servers. */
  readonly watchFrom: Millis;
  readonly watchTo: Millis;
  /** A watch on which nothing was heard for so long is taken for dead. Servers send a bookmark about every minute, for kinds in which something happens. */
  readonly silence: Millis;
  readonly backoff: BackoffPolicy;
  /** A watch that lasted so long was healthy: its end is not counted as a failure. */
  readonly healthyAfter: Millis;
}

export const DEFAULT_INFORMER_TIMING: InformerTiming = {
  watchFrom: minutes(5),
  watchTo: minutes(10),
  silence: seconds(130),
  backoff: { base: millis(500), max: seconds(15) },
  healthyAfter: seconds(10),
};

export interface InformerDeps {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly observer: ClientObserver;
  readonly timing: InformerTiming;
  /** @param change applied to each object as it arrives */
  readonly list: (signal: AbortSignal, change: (object: KubeObject) => KubeObject) => Promise<ObjectList>;
}

export interface InformerState {
  readonly deps: InformerDeps;
  readonly type: ResourceType;
  readonly options: InformerOptions;
  readonly cache: ObjectCache;
  readonly stopped: AbortSignal;
  /** Where the next watch begins; undefined: list first. */
  resourceVersion: string | undefined;
  lastHeard: Tick | undefined;
  /** When the watch of this round was opened. */
  openedAt: Tick | undefined;
  /** Why the last list or watch was refused. */
  refusal: KubeError | undefined;
  /** The last watch ended because nothing was heard on it, and nothing was heard since. */
  silent: boolean;
}

/** An object as it is cached. */
export function transformed({ options, deps, type }: InformerState, object: KubeObject): KubeObject {
  try {
    return (options.transform ?? withoutManagedFields)(object);
  } catch (error) {
    const fields = { cluster: deps.transport.cluster, kind: type.kind, error: describeError(error) };
    deps.log.error(fields, 'a transform threw: the object is cached as it came');
    return object;
  }
}

/** Handlers only enqueue; one that throws, or returns a promise that rejects, is logged and changes nothing. */
export function notify({ options, deps, type }: InformerState, ref: ObjectRef): void {
  const failed = (error: unknown): void =>
    deps.log.error(
      { cluster: deps.transport.cluster, kind: type.kind, error: describeError(error) },
      'a change handler threw',
    );
  try {
    const result: unknown = options.onChange?.(ref);
    if (result instanceof Promise) result.catch(failed);
  } catch (error) {
    failed(error);
  }
}
