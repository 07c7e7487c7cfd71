/**
 * Asking the authoritative servers of a name directly, past every cache: the
 * only proof that a switch has happened.
 */
import { lookup, resolveNs } from 'node:dns/promises';
import type { ServerReply, ServerView } from '../domain/dns/judge.ts';
import { type Claim, claimNames, parseClaim } from '../domain/dns/owner.ts';
import type { Millis } from '../domain/time.ts';
import { query, valuesOf, withResolver } from './query.ts';

export interface Authority {
  /**
   * What each authoritative server answers for A, AAAA and CNAME. Never throws
   * for what servers say or do not say; empty when the name's zone has no server that can be found.
   * @param servers `host:port` or `host`; without them the zone's NS records are followed
   */
  ask(
    hostname: string,
    servers: readonly string[] | undefined,
    signal: AbortSignal,
  ): Promise<readonly ServerView[]>;
  /** What external-dns's TXT records say of who holds the name, as the first server that answers tells it. */
  claims(
    hostname: string,
    servers: readonly string[] | undefined,
    signal: AbortSignal,
  ): Promise<readonly Claim[]>;
}

interface Server {
  readonly label: string;
  /** `ip:port`, as Resolver.setServers takes it; undefined when its name has no address. */
  readonly address: string | undefined;
}

/** @param timeout for one query to one server; two are sent before it counts as silent */
export function authority({ timeout }: { readonly timeout: Millis }): Authority {
  return {
    async ask(hostname, servers, signal) {
      const list = await serversOf(hostname, servers);
      return Promise.all(
        list.map(async (server) => ({
          server: server.label,
          reply: await reply(server, hostname, timeout, signal),
        })),
      );
    },
    async claims(hostname, servers, signal) {
      const list = await serversOf(hostname, servers);
      const lists = await Promise.all(list.map((server) => claimsOf(server, hostname, timeout, signal)));
      return lists.find((claims) => claims.length > 0) ?? [];
    },
  };
}

async function serversOf(hostname: string, given: readonly string[] | undefined): Promise<readonly Server[]> {
  const wanted = given ?? (await nameServers(hostname));
  return Promise.all(wanted.map(resolveServer));
}

/** The NS records of the closest enclosing zone. */
async function nameServers(hostname: string): Promise<readonly string[]> {
  const labels = hostname.replace(/^\*\./, '').split('.');
  while (labels.length > 1) {
    // No NS at this name, for whatever reason, sends the search to the parent: that is how a zone cut is found.
    const found = await resolveNs(labels.join('.')).catch(() => []);
    if (found.length > 0) return found.toSorted((a, b) => (a < b ? -1 : 1));
    labels.shift();
  }
  return [];
}

const DNS_PORT = '53';

async function resolveServer(text: string): Promise<Server> {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? text;
  const port = match?.[3] ?? DNS_PORT;
  try {
    // IPv4 first: from a cluster without IPv6 every such server would look silent.
    const { address, family } = await lookup(host, { order: 'ipv4first' });
    return { label: text, address: family === 6 ? `[${address}]:${port}` : `${address}:${port}` };
  } catch {
    return { label: text, address: undefined };
  }
}

async function reply(
  { address }: Server,
  hostname: string,
  timeout: Millis,
  signal: AbortSignal,
): Promise<ServerReply> {
  if (address === undefined) return { kind: 'silent', message: 'has no address' };
  return withResolver([address], timeout, signal, async (resolver) => {
    const [a, aaaa, cname] = await Promise.all([
      query(resolver.resolve4(hostname, { ttl: true })),
      query(resolver.resolve6(hostname, { ttl: true })),
      query(resolver.resolveCname(hostname)),
    ]);
    const trouble = [a, aaaa, cname].find(({ kind }) => kind === 'silent' || kind === 'unable');
    if (trouble !== undefined && trouble.kind !== 'found') return trouble;
    // Some servers (CoreDNS with etcd) say that a name does not exist when it only has no record of
    // the type asked for, so a name is missing only when that is said of every type.
    if (a.kind !== 'found' && aaaa.kind !== 'found' && cname.kind !== 'found') return { kind: 'nxdomain' };
    const ttls = [...valuesOf(a), ...valuesOf(aaaa)].map(({ ttl }) => ttl);
    return {
      kind: 'answers',
      records: {
        A: valuesOf(a).map((record) => record.address),
        AAAA: valuesOf(aaaa).map((record) => record.address),
        CNAME: valuesOf(cname),
      },
      ttl: valuesOf(cname).length > 0 || ttls.length === 0 ? undefined : Math.max(...ttls),
    };
  });
}

async function claimsOf(
  { address }: Server,
  hostname: string,
  timeout: Millis,
  signal: AbortSignal,
): Promise<readonly Claim[]> {
  if (address === undefined) return [];
  return withResolver([address], timeout, signal, async (resolver) => {
    const found = await Promise.all(
      claimNames(hostname).map(async (name) => {
        const answer = await query(resolver.resolveTxt(name));
        const texts = answer.kind === 'found' ? answer.values.map((chunks) => chunks.join('')) : [];
        return texts.map((text) => parseClaim(name, text)).filter((claim) => claim !== undefined);
      }),
    );
    return found.flat();
  });
}
