/**
 * Clients of regions that have no use just now: the kubeconfig is gone, cannot
 * be used, or leads elsewhere. Each stays open for a grace, for the calls under
 * way, and because a Secret that is deleted and made anew was only rotated.
 */
import { type Clock, seconds } from '../domain/time.ts';
import { follow } from './deadline.ts';
import type { Connection } from './kubeconfig.ts';
import { describeError, type Log } from './log.ts';
import { isSameServer } from './region-access.ts';
import type { RenewableCluster } from './renewable-cluster.ts';

export const CLOSE_GRACE = seconds(30);

/** A client, and the connection whose credentials it has. */
export interface Connected {
  readonly cluster: RenewableCluster;
  readonly connection: Connection;
}

export interface RetiredClients {
  /** Closes the client after {@link CLOSE_GRACE}, or when everything stops, unless it is taken back before. */
  retire(connected: Connected): void;
  /** The client of that region to the server of `connection`, if it is still open; with the credentials it had. */
  takeBack(region: string, connection: Connection): RenewableCluster | undefined;
}

/** @param stopped ends every grace */
export function createRetiredClients(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  stopped: AbortSignal,
): RetiredClients {
  const retired = new Map<Connected, AbortController>();
  const close = async (connected: Connected): Promise<void> => {
    const { cluster } = connected;
    const over = new AbortController();
    const unfollow = follow(stopped, over);
    retired.set(connected, over);
    // Rejects when everything stops, or the client was taken back, and then is not in the map any more.
    await clock.sleep(CLOSE_GRACE, over.signal).catch(() => undefined);
    unfollow();
    if (!retired.delete(connected)) return;
    await cluster.close().catch((error: unknown) => {
      log.warn({ cluster: cluster.name, error: describeError(error) }, 'a replaced client was not closed');
    });
  };
  return {
    retire: (connected) => void close(connected),
    takeBack: (region, connection) => {
      for (const [connected, over] of retired) {
        if (connected.cluster.name !== region || !isSameServer(connected.connection, connection)) continue;
        retired.delete(connected);
        over.abort(new Error('the client is in use again'));
        return connected.cluster;
      }
      return undefined;
    },
  };
}
