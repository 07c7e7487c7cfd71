/**
 * Asks an HTTP endpoint once. Each probe makes a connection of its own: over a
 * kept one, a server that no longer accepts anybody would still look alive. The
 * headers decide; the body is never read, so its size does not matter.
 */
import { isIP } from 'node:net';
import { Agent } from 'undici';
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
export async function askHttp(probe: HttpProbe, signal: AbortSignal): Promise<void> {
  const { url } = probe;
  const address = await resolveHost(url.hostname, signal);
  signal.throwIfAborted();
  const agent = new Agent({
    pipelining: 0,
    maxHeaderSize: MAX_HEADER_BYTES,
    connect: {
      lookup: (_host, options, found) =>
        options.all === true
          ? found(null, [{ address, family: isIP(address) }])
          : found(null, address, isIP(address)),
    },
  });
  try {
    const answer = await agent.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: 'GET',
      headers: { 'user-agent': 'antipode-probe', accept: '*/*' },
      signal,
    });
    // Destroying the agent below breaks the body off; that is intended and no error.
    answer.body.on('error', () => undefined);
    if (!probe.expectedStatus.includes(answer.statusCode))
      throw new ProbeFailure('status', `answered with status ${answer.statusCode}`);
  } finally {
    await agent.destroy();
  }
}
