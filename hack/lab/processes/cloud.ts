/**
 * What a cloud provider adds to a bare control plane: addresses for
 * LoadBalancer Services and disks for claims. Each is a loop over one kind:
 * list, settle, then wait for the next change. It lives and dies with its
 * region.
 */
import { appendFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { type ApiClient, listSchema } from './api-client.ts';

/** Between two rounds: keeps a burst of events, or an API server that refuses, from becoming a busy loop. */
const SETTLE_MS = 50;
const RETRY_MS = 500;

/** One kind of object that the provider looks after. */
export interface CloudLoop {
  /** Path of the list over all namespaces. */
  readonly path: string;
  /** Makes what is missing; called with everything there is. */
  settle(items: readonly unknown[]): Promise<void>;
}

export interface Cloud {
  stop(): Promise<void>;
}

/** @param logPath where failures are noted; the API server being down is expected and only retried */
export function startCloud(api: ApiClient, loops: readonly CloudLoop[], logPath: string): Cloud {
  const ending = new AbortController();
  const running = loops.map((loop) => runLoop(api, loop, logPath, ending.signal));
  return {
    stop: async () => {
      ending.abort();
      await Promise.all(running);
    },
  };
}

async function runLoop(api: ApiClient, loop: CloudLoop, logPath: string, ending: AbortSignal): Promise<void> {
  while (!ending.aborted) {
    try {
      const list = listSchema.parse(JSON.parse(await api.ok('GET', loop.path)));
      await loop.settle(list.items);
      await nextChange(api, loop.path, list.metadata.resourceVersion, ending);
      await rest(SETTLE_MS, ending);
    } catch (error) {
      if (ending.aborted) return;
      const reason = error instanceof Error ? error.message : String(error);
      appendFileSync(logPath, `${new Date().toISOString()} ${loop.path}: ${reason}\n`);
      await rest(RETRY_MS, ending);
    }
  }
}

async function nextChange(api: ApiClient, path: string, since: string, ending: AbortSignal): Promise<void> {
  const changed = new AbortController();
  try {
    await api.watch(
      `${path}?watch=true&resourceVersion=${since}`,
      () => changed.abort(),
      AbortSignal.any([changed.signal, ending]),
    );
  } catch (error) {
    // Our own abort ends the stream with an error; anything else is one.
    if (!changed.signal.aborted && !ending.aborted) throw error;
  }
}

async function rest(milliseconds: number, ending: AbortSignal): Promise<void> {
  await pause(milliseconds, undefined, { signal: ending }).catch(() => undefined);
}
