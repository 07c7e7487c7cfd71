/** DNS questions, whose answers are values: also that there is none, and why. */
import { NODATA, NOTFOUND } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import type { Answers, ServerReply } from '../domain/dns/judge.ts';
import type { Millis } from '../domain/time.ts';

/**
 * Uses a new resolver for every question, so that nothing the library remembers
 * can answer in the server's place.
 * @param servers `ip:port`; those of the system without them
 */
export async function withResolver<T>(
  servers: readonly string[] | undefined,
  timeout: Millis,
  signal: AbortSignal,
  use: (resolver: Resolver) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const resolver = new Resolver({ timeout, tries: 2 });
  if (servers !== undefined) resolver.setServers(servers);
  const cancel = () => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await use(resolver);
  } finally {
    signal.removeEventListener('abort', cancel);
    signal.throwIfAborted();
  }
}

type Query<T> = { readonly kind: 'found'; readonly values: readonly T[] } | Exclude<ServerReply, Answers>;

export const valuesOf = <T>(answer: Query<T>): readonly T[] => (answer.kind === 'found' ? answer.values : []);

/** A server without a record of the type answers all the same: with none. */
export async function query<T>(answer: Promise<readonly T[]>): Promise<Query<T>> {
  try {
    return { kind: 'found', values: await answer };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    switch (code) {
      case NODATA:
        return { kind: 'found', values: [] };
      case NOTFOUND:
        return { kind: 'nxdomain' };
      case 'ETIMEOUT':
        return { kind: 'silent', message: 'does not answer' };
      case 'ECONNREFUSED':
        return { kind: 'silent', message: 'refuses connections' };
      case 'EREFUSED':
        return { kind: 'unable', message: 'refuses the question' };
      case 'ESERVFAIL':
        return { kind: 'unable', message: 'answers with a server failure' };
      default:
        return { kind: 'unable', message: `cannot be asked (${code === '' ? String(error) : code})` };
    }
  }
}
