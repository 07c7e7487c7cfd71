/**
 * Finds the address of a probe's host by asking the DNS servers directly. The
 * system's own look-up runs on the few threads that files are also read with: a
 * dead resolver, which a disaster may well bring, would stop the whole operator
 * behind a handful of probes. The price: /etc/hosts and search domains are not
 * consulted, so hosts in probes are full names or addresses.
 */
import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { type Clock, millis } from '../domain/time.ts';
import { ProbeFailure } from './failure.ts';

/** Answers that speak of the name; all others speak of the way to the resolver. */
const NO_SUCH_NAME: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME']);

/**
 * An IPv6 address that is known waits so long for an IPv4 one. Much longer than in RFC 8305, because only one
 * address is asked here: an observer without IPv6 must not take a slow answer for an endpoint without IPv4.
 */
const PREFER_IPV4_FOR = millis(500);

/** Names that never leave the machine (RFC 6761). */
const isLoopbackName = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost');

/**
 * @param host name or address; an IPv6 address may stand in brackets, as in URLs
 * @param servers DNS servers instead of the system's, as `address` or `address:port`
 * @returns an IPv4 address where there is one, else an IPv6 address; waits for neither when it has the other,
 *   because there are DNS servers that never answer questions for IPv6 addresses
 * @throws ProbeFailure with reason `dns`, or `resolver` also when `signal` aborted before there was an address
 */
export async function resolveHost(
  host: string,
  clock: Clock,
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
    const address = await firstAddress(resolver, bare, clock);
    if (!signal.aborted) return address;
    throw new ProbeFailure('resolver', `our DNS resolver gave no answer for ${bare} in time`);
  } finally {
    signal.removeEventListener('abort', cancel);
    cancel();
  }
}

type Answer =
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'none'; readonly code: string };

async function firstAddress(resolver: Resolver, host: string, clock: Clock): Promise<string> {
  const v4 = answerOf(resolver.resolve4(host));
  const v6 = answerOf(resolver.resolve6(host));
  const first = await Promise.race([
    v4.then((answer) => (answer.kind === 'address' ? answer : v6)),
    v6.then((answer) => (answer.kind === 'address' ? preferred(v4, answer, clock) : v4)),
  ]);
  if (first.kind === 'address') return first.address;
  const codes = (await Promise.all([v4, v6])).flatMap((answer) =>
    answer.kind === 'none' ? answer.code : [],
  );
  if (codes.every((code) => NO_SUCH_NAME.has(code))) throw new ProbeFailure('dns', `no address for ${host}`);
  throw new ProbeFailure('resolver', `our DNS resolver gave no answer for ${host} (${codes.join(', ')})`);
}

/** The IPv4 answer if it has an address and comes soon, else the IPv6 one. */
async function preferred(v4: Promise<Answer>, v6: Answer, clock: Clock): Promise<Answer> {
  const settled = new AbortController();
  // The sleep rejects only because the other answer came first.
  const patience = clock.sleep(PREFER_IPV4_FOR, settled.signal).then(
    () => v6,
    () => v6,
  );
  const answer = await Promise.race([v4, patience]);
  settled.abort();
  return answer.kind === 'address' ? answer : v6;
}

function answerOf(question: Promise<readonly string[]>): Promise<Answer> {
  return question.then(
    ([address]): Answer =>
      address === undefined ? { kind: 'none', code: 'ENODATA' } : { kind: 'address', address },
    (error: unknown): Answer => ({ kind: 'none', code: codeOf(error) }),
  );
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
}
