/**
 * One watch of an informer, from opening to its end: takes events into the
 * cache, and gives up on a connection over which nothing is heard any more.
 */
import {
  type Clock,
  between as elapsedBetween,
  formatDuration,
  type Millis,
  millis,
  type Tick,
} from '../domain/time.ts';
import { between } from './backoff.ts';
import { follow } from './deadline.ts';
import { type InformerState, notify, transformed } from './informer-state.ts';
import { watchEvents } from './watch-stream.ts';
import { collectionPath, query } from './wire.ts';

/** How a watch ended. */
export interface WatchEnd {
  readonly reason: string;
  /** The next watch must not begin where this one ended. */
  readonly relist: boolean;
  readonly failed: boolean;
  readonly message?: string;
}

/** Nothing was heard on a watch for too long: the connection is half open. */
export class SilentWatchError extends Error {
  override readonly name = 'SilentWatchError';
  readonly code = 'Silent';
}

/** @throws what opening or reading throws; SilentWatchError; the reason of the stop */
export async function watch(running: InformerState): Promise<WatchEnd> {
  const { transport, clock, timing } = running.deps;
  const attempt = new AbortController();
  const unfollow = follow(running.stopped, attempt);
  try {
    const bytes = await transport.stream(watchRequest(running), attempt.signal);
    // The server has taken our version and would say at once what is newer.
    const opened = clock.tick();
    running.lastHeard = opened;
    running.openedAt = opened;
    running.refusal = undefined;
    const finished = new AbortController();
    const watchdog = abortWhenSilent(
      clock,
      timing.silence,
      () => running.lastHeard ?? opened,
      attempt,
      finished.signal,
    );
    try {
      return await takeEvents(running, bytes);
    } finally {
      finished.abort();
      await watchdog;
    }
  } catch (error) {
    attempt.signal.throwIfAborted();
    throw error;
  } finally {
    unfollow();
    // Lets go of the connection when its events were not read to the end.
    attempt.abort();
  }
}

/** Takes events into the cache until the server ends the watch. */
async function takeEvents(running: InformerState, bytes: AsyncIterable<Uint8Array>): Promise<WatchEnd> {
  for await (const event of watchEvents(bytes)) {
    running.lastHeard = running.deps.clock.tick();
    running.silent = false;
    switch (event.kind) {
      case 'unreadable':
        return { reason: 'Malformed', relist: true, failed: true };
      case 'error':
        return event.gone
          ? { reason: 'Gone', relist: true, failed: false }
          : { reason: `Status${event.status}`, relist: true, failed: true };
      case 'bookmark':
        running.resourceVersion = event.resourceVersion;
        break;
      case 'changed':
      case 'deleted': {
        const kept = running.options.keep?.(event.object) ?? true;
        const object = kept ? transformed(running, event.object) : event.object;
        const isGone = event.kind === 'deleted' || !kept;
        const ref = isGone ? running.cache.remove(object) : running.cache.set(object);
        // Before the handler: whatever it does, this event is behind us.
        running.resourceVersion = event.object.metadata.resourceVersion ?? running.resourceVersion;
        if (ref !== undefined) notify(running, ref);
      }
    }
  }
  return { reason: 'TimedOut', relist: false, failed: false };
}

async function abortWhenSilent(
  clock: Clock,
  limit: Millis,
  lastSign: () => Tick,
  attempt: AbortController,
  finished: AbortSignal,
): Promise<void> {
  while (!finished.aborted) {
    const left = limit - elapsedBetween(lastSign(), clock.tick());
    if (left <= 0) {
      attempt.abort(new SilentWatchError(`nothing heard for ${formatDuration(limit)}`));
      return;
    }
    // Rejects only because the watch finished, which ends the loop.
    await clock.sleep(millis(left), finished).catch(() => undefined);
  }
}

function watchRequest({ deps: { random, timing }, type, options, resourceVersion }: InformerState) {
  const { namespace, labelSelector, fieldSelector } = options;
  const search = query({
    watch: true,
    allowWatchBookmarks: true,
    resourceVersion,
    timeoutSeconds: Math.ceil(between(timing.watchFrom, timing.watchTo, random) / 1000),
    labelSelector,
    fieldSelector,
  });
  const path = `${collectionPath(type, namespace)}${search}`;
  return { verb: 'watch', method: 'GET', path, kind: type.kind, repeat: 'once' } as const;
}
