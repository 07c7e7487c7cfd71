/**
 * Whether a name leads to the host name it was announced with, though its zone
 * does not say so: Route 53 turns the host name of a load balancer into an ALIAS
 * and others flatten a CNAME, and both answer with the addresses that the host
 * name has at the moment. Such an answer comes of one host name as a whole, so
 * a single address that only the wished one has tells of all of them; those
 * around it may have been exchanged since. A proxy answers with addresses of its
 * own, before and after a change alike, and these tell nothing.
 */
import { parseTarget } from './address.ts';
import type { Desired } from './desired.ts';

/** The addresses of a host name, as a resolver finds them. */
export type Resolution =
  /** None when it does not exist or has none. */
  | { readonly kind: 'resolved'; readonly addresses: readonly string[] }
  | { readonly kind: 'unresolved'; readonly message: string };

export interface Host {
  readonly name: string;
  readonly found: Resolution;
}

export interface Hosts {
  /** What the name was announced with. */
  readonly wished: Host;
  /** What it was announced with before, where that is another host name and known. */
  readonly left: Host | undefined;
  /** The addresses that were served when it was announced; undefined when that was before this process, or not to be had. */
  readonly before: readonly string[] | undefined;
  /** Whether the wished one is a load balancer's own name, whose addresses are nobody else's. */
  readonly isBalancer: boolean;
}

export type Evidence =
  | { readonly kind: 'shown' }
  /** Not all of it can be explained. */
  | { readonly kind: 'likely'; readonly message: string }
  | { readonly kind: 'not-shown'; readonly message: string };

/** The host name that a name is to be an alias of. */
export const aliasOf = ({ targets }: Pick<Desired, 'targets'>): string | undefined =>
  targets.find(({ type }) => type === 'CNAME')?.value;

/** @param served by one server, at least one */
export function judgeAddresses(served: readonly string[], hosts: Hosts): Evidence {
  const { wished, before, isBalancer } = hosts;
  const answer = canonical(served);
  const said = `answers ${answer.join(', ')} instead of ${wished.name}`;
  if (wished.found.kind === 'unresolved')
    return notShown(`${said} and cannot be compared with it: ${wished.found.message}`);
  const ours = canonical(wished.found.addresses);
  const rest = answer.filter((address) => !ours.includes(address));
  const old = oldAmong(rest, hosts);
  if (old !== undefined) return notShown(`${said}: ${old}`);
  const known = answer.filter((address) => ours.includes(address));
  if (known.length === 0) return notShown(`${said}, which has ${ours.join(', ') || 'no address'}`);
  const shared = isBalancer ? undefined : sharedBy(known, hosts);
  if (shared !== undefined)
    return notShown(`${said}: ${shared}, so that it does not show where the name leads`);
  if (rest.length > 0)
    return likely(
      `${said}: ${are(rest)} not among those that ${wished.name} has now, the others are; load balancers exchange theirs`,
    );
  return isBalancer || before !== undefined
    ? { kind: 'shown' }
    : likely(`${said}, which has these addresses; others may have them too`);
}

/** Which of these show that the old answer is still given, if any do. */
function oldAmong(addresses: readonly string[], { left, before = [] }: Hosts): string | undefined {
  const theirs = addressesOf(left);
  const foreign = addresses.filter((address) => theirs.includes(address));
  if (left !== undefined && foreign.length > 0) return `${are(foreign)} of ${left.name}`;
  const earlier = addresses.filter((address) => canonical(before).includes(address));
  return earlier.length > 0 ? `${are(earlier)} from before it was announced` : undefined;
}

/** Why these are no evidence of the wished host name, though it has them; undefined when they are. */
function sharedBy(addresses: readonly string[], { left, before = [] }: Hosts): string | undefined {
  const theirs = addressesOf(left);
  if (left !== undefined && addresses.every((address) => theirs.includes(address)))
    return `${left.name} has ${addresses.length === 1 ? 'it' : 'them'} too`;
  const earlier = canonical(before);
  return addresses.some((address) => earlier.includes(address))
    ? 'it did so before it was announced'
    : undefined;
}

const addressesOf = (host: Host | undefined): readonly string[] =>
  host?.found.kind === 'resolved' ? canonical(host.found.addresses) : [];

const notShown = (message: string): Evidence => ({ kind: 'not-shown', message });
const likely = (message: string): Evidence => ({ kind: 'likely', message });

const are = (addresses: readonly string[]): string =>
  `${addresses.join(', ')} ${addresses.length === 1 ? 'is' : 'are'}`;

/** Sorted, without repetition, each in its one spelling. */
export const canonical = (values: readonly string[]): readonly string[] =>
  [...new Set(values.map((value) => parseTarget(value)?.value ?? value))].toSorted();
