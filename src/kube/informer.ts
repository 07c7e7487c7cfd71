/**
 * Keeps a cache of one kind in step with a cluster, for as long as it is not
 * stopped: a failed list, a broken or silent watch, an expired resourceVersion,
 * a server that restarts are all answered by trying again with backoff. Nothing
 * a handler does can end it.
 *
 *     list ──► watch ──(planned end, silence, lost)──► watch from where it was
 *      ▲         │
 *      └─────────┴──(410, repeated silence, any doubt)
 */
import { between as elapsedBetween } from '../domain/time.ts';
import { backoffDelay } from './backoff.ts';
import type { Informer, InformerOptions, ResourceType } from './cluster.ts';
import { follow, orAborted } from './deadline.ts';
import { KubeError } from './errors.ts';
import { type InformerDeps, type InformerState, notify, transformed } from './informer-state.ts';
import { SilentWatchError, type WatchEnd, watch } from './informer-watch.ts';
import { describeError } from './log.ts';
import { createObjectCache } from './object-cache.ts';
import { mayBeOutdated } from './resource-version.ts';
import { errorFromFailure } from './status-error.ts';

/** Starts at once; stops for good when either signal aborts. */
export function startInformer(
  deps: InformerDeps,
  type: ResourceType,
  options: InformerOptions,
  { signal, closed }: { readonly signal: AbortSignal; readonly closed: AbortSignal },
): Informer {
  const stop = new AbortController();
  const unfollow = [follow(signal, stop), follow(closed, stop)];
  const running: InformerState = {
    deps,
    type,
    options,
    cache: createObjectCache(),
    stopped: stop.signal,
    resourceVersion: undefined,
    lastHeard: undefined,
    openedAt: undefined,
    refusal: undefined,
    silent: false,
  };
  const synced = new Promise<void>((resolve, reject) => {
    run(running, resolve)
      .catch((error: unknown) => {
        if (!stop.signal.aborted)
          deps.log.error({ kind: type.kind, error: describeError(error) }, 'an informer ended by a defect');
        reject(error instanceof Error ? error : new Error('stopped'));
      })
      .finally(() => unfollow.forEach((undo) => undo()));
  });
  // Nobody need be waiting for the first list when it is given up.
  synced.catch(() => undefined);
  return {
    get: (key) => running.cache.get(key),
    list: () => running.cache.list(),
    synced: (waiting) => orAborted(synced, waiting),
    staleness: () =>
      running.lastHeard === undefined ? undefined : elapsedBetween(running.lastHeard, deps.clock.tick()),
    position: () => running.resourceVersion,
    refusal: () => running.refusal,
  };
}

/** @throws only when stopped */
async function run(running: InformerState, synced: () => void): Promise<never> {
  const { clock, random, observer, log, timing, transport } = running.deps;
  const { kind } = running.type;
  for (let failures = 0; ; ) {
    running.openedAt = undefined;
    const end = await listAndWatch(running, synced);
    if (end.relist) running.resourceVersion = undefined;
    observer.watchRestart({ cluster: transport.cluster, kind, reason: end.reason });
    // A list or an opening that is slow to fail is no sign of health.
    const { openedAt } = running;
    const healthy = openedAt !== undefined && elapsedBetween(openedAt, clock.tick()) >= timing.healthyAfter;
    if (healthy) failures = 0;
    // A planned end needs no pause; a server that ends every watch at once does.
    if (healthy && !end.failed) continue;
    const delay = backoffDelay(timing.backoff, failures, random);
    failures += 1;
    const fields = { cluster: transport.cluster, kind, reason: end.reason, error: end.message, delay };
    log[end.failed ? 'warn' : 'debug'](fields, 'a watch starts anew');
    await clock.sleep(delay, running.stopped);
  }
}

/** One round: a list when needed, then one watch. @throws only when stopped */
async function listAndWatch(running: InformerState, synced: () => void): Promise<WatchEnd> {
  try {
    if (running.resourceVersion === undefined) {
      await relist(running);
      synced();
    }
    const end = await watch(running);
    running.stopped.throwIfAborted();
    return end;
  } catch (error) {
    running.stopped.throwIfAborted();
    return endOf(error, running);
  }
}

function endOf(error: unknown, running: InformerState): WatchEnd {
  const { deps, type } = running;
  const message = describeError(error);
  if (error instanceof SilentWatchError) {
    // A quiet kind and a dead connection sound the same. Watching on from the same version is cheap and loses
    // nothing; only when that is silent too, the version itself is in doubt.
    const again = running.silent;
    running.silent = !again;
    return { reason: 'Silent', relist: again, failed: false, message };
  }
  const context = { cluster: deps.transport.cluster, verb: 'watch', kind: type.kind };
  const cause = error instanceof KubeError ? error : errorFromFailure(error, context);
  const { code } = cause;
  running.refusal = code === 'Unreachable' ? undefined : cause;
  return { reason: code, relist: mayBeOutdated(code), failed: code !== 'Gone', message };
}

async function relist(running: InformerState): Promise<void> {
  const { items, resourceVersion } = await running.deps.list(running.stopped, (object) =>
    transformed(running, object),
  );
  running.stopped.throwIfAborted();
  running.lastHeard = running.deps.clock.tick();
  const changed = running.cache.replaceAll(items);
  running.resourceVersion = resourceVersion;
  for (const ref of changed) notify(running, ref);
}
