/** Asking one DNS server directly, past every cache. */
import { Resolver } from 'node:dns/promises';

/**
 * The IPv4 addresses that `server` answers for `hostname`, sorted.
 * @param server `ip:port`
 * @returns undefined while the name does not exist there
 * @throws the resolver's error when the server does not answer
 */
export async function askAuthority(server: string, hostname: string): Promise<readonly string[] | undefined> {
  const resolver = new Resolver({ timeout: 2000, tries: 4 });
  resolver.setServers([server]);
  try {
    return (await resolver.resolve4(hostname)).toSorted();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOTFOUND' || code === 'ENODATA') return undefined;
    throw error;
  }
}
