/**
 * Asks an HTTP endpoint once. Each probe makes a connection of its own: over a
 * kept one, a server that no longer accepts anybody would still look alive. The
 * headers decide; the body is never read, so its size does not matter.
 */
import { isIP } from 'node:net';
import { Agent } from 'undici';
import type { Clock } from '../domain/time.ts';
import { orAborted } from '../kube/deadline.ts';
import { ProbeFailure } from './failure.ts';
import { resolveHost } from './resolve.ts';

/** Far above what any sane answer has; a larger one is a failure, not memory. */
const MAX_HEADER_BYTES = 16 * 1024;

export interface HttpProbe {
  readonly url: URL;
  /** Status codes that count as success. Redirects are not followed: a 302 succeeds only if listed. */
  readonly expectedStatus: readonly number[];
}

/**
 * Resolves when the endpoint answered with an expected status. Certificates are
 * verified against the system's authorities. Never outlives `signal`.
 * @throws ProbeFailure, or what the socket, TLS or HTTP parser threw
 */
export async function askHttp(probe: HttpProbe, clock: Clock, signal: AbortSignal): Promise<void> {
  const { url } = probe;
  const address = await resolveHost(url.hostname, clock, signal);
  const agent = new Agent({
    pipelining: 0,
    maxHeaderSize: MAX_HEADER_BYTES,
    connect: {
      // Breaks off a connection that is still being made, which undici itself would leave behind for its 10 s.
      signal,
      lookup: (_host, options, found) =>
        options.all === true
          ? found(null, [{ address, family: isIP(address) }])
          : found(null, address, isIP(address)),
    },
  });
  try {
    // undici heeds the signal of a request only once there is a connection, which a black hole never gives.
    const answer = await orAborted(
      agent.request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method: 'GET',
        headers: { 'user-agent': 'antipode-probe', accept: '*/*' },
        signal,
      }),
      signal,
    );
    // Destroying the agent below breaks the body off; that is intended and no error.
    answer.body.on('error', () => undefined);
    if (!probe.expectedStatus.includes(answer.statusCode))
      throw new ProbeFailure('status', `answered with status ${answer.statusCode}`);
  } finally {
    // Not waited for: a connection that does not come about must not hold up what is already known.
    agent.destroy().catch(() => undefined);
  }
}
