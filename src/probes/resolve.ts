/**
 * Finds the address of a probe's host by asking the DNS servers directly. The
 * system's own look-up runs on the few threads that files are also read with: a
 * dead resolver, which a disaster may well bring, would stop the whole operator
 * behind a handful of probes. The price: /etc/hosts and search domains are not
 * consulted, so hosts in probes are full names or addresses.
 */
import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { ProbeFailure } from './failure.ts';

/** Answers that speak of the name; all others speak of the way to the resolver. */
const NO_SUCH_NAME: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME']);

/** Names that never leave the machine (RFC 6761). */
const isLoopbackName = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost');

/**
 * @param host name or address; an IPv6 address may stand in brackets, as in URLs
 * @param servers DNS servers instead of the system's, as `address` or `address:port`
 * @returns an IPv4 address where there is one, else an IPv6 address
 * @throws ProbeFailure with reason `dns` or `resolver`
 */
export async function resolveHost(
  host: string,
  signal: AbortSignal,
  servers?: readonly string[],
): Promise<string> {
  const bare = host.replace(/^\[|\]$/g, '');
  if (isIP(bare) !== 0) return bare;
  if (isLoopbackName(bare)) return '127.0.0.1';
  const resolver = new Resolver({ tries: 2 });
  if (servers !== undefined) resolver.setServers(servers);
  const cancel = (): void => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await firstAddress(resolver, bare);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

async function firstAddress(resolver: Resolver, host: string): Promise<string> {
  const [v4, v6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  const found = [v4, v6].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  if (found[0] !== undefined) return found[0];
  const codes = [v4, v6].map((answer) => (answer.status === 'rejected' ? codeOf(answer.reason) : 'ENODATA'));
  if (codes.every((code) => NO_SUCH_NAME.has(code))) throw new ProbeFailure('dns', `no address for ${host}`);
  throw new ProbeFailure('resolver', `our DNS resolver gave no answer for ${host} (${codes.join(', ')})`);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
}
