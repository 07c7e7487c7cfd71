/** Opens a TCP connection once and closes it again: success is that somebody accepts. */
import { connect } from 'node:net';
import type { Clock } from '../domain/time.ts';
import { resolveHost } from './resolve.ts';

export interface TcpProbe {
  readonly host: string;
  readonly port: number;
}

/**
 * Resolves when the connection opened. Never outlives `signal`.
 * @throws ProbeFailure from name resolution, or what the socket threw
 */
export async function askTcp(probe: TcpProbe, clock: Clock, signal: AbortSignal): Promise<void> {
  const address = await resolveHost(probe.host, clock, signal);
  const socket = connect({ host: address, port: probe.port, signal });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', () => resolve());
      socket.once('error', reject);
    });
  } finally {
    socket.destroy();
  }
}
