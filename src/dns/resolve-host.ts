/**
 * The addresses of a host name, through the resolver of the operator's own
 * system and its cache: the name may be of any zone, also one that only that
 * resolver knows.
 */
import type { Resolution } from '../domain/dns/alias.ts';
import type { Millis } from '../domain/time.ts';
import { query, valuesOf, withResolver } from './query.ts';

/** Never throws for what the resolver says or does not say. */
export type HostResolver = (host: string, signal: AbortSignal) => Promise<Resolution>;

interface Options {
  /** For one query; two are sent before the resolver counts as silent. */
  readonly timeout: Millis;
  /** `ip:port` of DNS servers instead of the system's. */
  readonly servers?: readonly string[];
}

export function hostResolver({ timeout, servers }: Options): HostResolver {
  return (host, signal) =>
    withResolver(servers, timeout, signal, async (resolver) => {
      const answers = await Promise.all([query(resolver.resolve4(host)), query(resolver.resolve6(host))]);
      const addresses = answers.flatMap(valuesOf);
      if (addresses.length > 0) return { kind: 'resolved', addresses };
      const trouble = answers.find(({ kind }) => kind === 'silent' || kind === 'unable');
      return trouble !== undefined && 'message' in trouble
        ? { kind: 'unresolved', message: `the DNS resolver ${trouble.message}` }
        : { kind: 'resolved', addresses };
    });
}
