/**
 * Whether the authoritative servers answer what is desired: exactly that set,
 * on every server. What a single server says is a value here, its silence too.
 */
import { parseTarget, type RecordType } from './address.ts';
import { type Desired, valuesOf } from './desired.ts';

export interface Answers {
  readonly kind: 'answers';
  /** Values by type as the server wrote them; a type it has no record of is empty. */
  readonly records: Readonly<Record<RecordType, readonly string[]>>;
  /** Seconds, the longest among the address records; undefined when the type does not tell (CNAME). */
  readonly ttl: number | undefined;
}

export type ServerReply =
  | Answers
  | { readonly kind: 'nxdomain' }
  /** No answer in time, or nothing listens there. */
  | { readonly kind: 'silent'; readonly message: string }
  /** It answered that it will not or cannot: REFUSED, SERVFAIL, not authoritative. */
  | { readonly kind: 'unable'; readonly message: string };

export interface ServerView {
  /** `ns1.example.com` or `192.0.2.53:53`, for messages. */
  readonly server: string;
  readonly reply: ServerReply;
}

export type Judgement =
  | { readonly kind: 'matches'; readonly message: string }
  /** All that answer agree, at least one does, and these say nothing. */
  | { readonly kind: 'partial'; readonly silent: readonly string[]; readonly message: string }
  | { readonly kind: 'differs'; readonly message: string };

export function judge(desired: Desired, views: readonly ServerView[]): Judgement {
  if (views.length === 0) {
    return { kind: 'differs', message: `no authoritative server of ${desired.hostname} is known` };
  }
  const silent = views.filter(({ reply }) => reply.kind === 'silent');
  const speaking = views.filter(({ reply }) => reply.kind !== 'silent');
  const complaints = speaking.flatMap((view) => complaint(desired, view));
  if (complaints.length > 0) return { kind: 'differs', message: complaints.join('; ') };
  const silence = silent.map(({ server, reply }) => `${server} ${'message' in reply ? reply.message : ''}`);
  if (speaking.length === 0) return { kind: 'differs', message: silence.join('; ') };
  const said = `${desired.hostname} answers ${valuesOf(desired.targets)} on ${speaking.map(({ server }) => server).join(', ')}${ttlNote(desired, speaking)}`;
  if (silent.length === 0) return { kind: 'matches', message: said };
  return {
    kind: 'partial',
    silent: silent.map(({ server }) => server),
    message: `${said}; could not be checked: ${silence.join('; ')}`,
  };
}

/** What is wrong with one server's answer; empty when nothing is. */
function complaint(desired: Desired, { server, reply }: ServerView): readonly string[] {
  switch (reply.kind) {
    case 'silent':
      return [];
    case 'nxdomain':
      return [`${server} says that ${desired.hostname} does not exist`];
    case 'unable':
      return [`${server} ${reply.message}`];
    case 'answers':
      break;
  }
  const served = servedValues(reply);
  const wished = desired.targets.map((target) => target.value);
  const same = served.length === wished.length && wished.every((value) => served.includes(value));
  return same ? [] : [`${server} answers ${served.join(', ') || 'nothing'} instead of ${wished.join(', ')}`];
}

/** Address queries follow an alias, so where there is a CNAME the addresses are another name's. */
function servedValues({ records }: Answers): readonly string[] {
  const own = records.CNAME.length > 0 ? records.CNAME : [...records.A, ...records.AAAA];
  return [...new Set(own.map((value) => parseTarget(value)?.value ?? value))].toSorted();
}

/** A longer TTL than wished for keeps clients on the lost region for as long. */
function ttlNote(desired: Desired, views: readonly ServerView[]): string {
  const served = views.map(({ reply }) => (reply.kind === 'answers' ? (reply.ttl ?? 0) : 0));
  const longest = Math.max(0, ...served);
  return longest > desired.ttl
    ? `; warning: it is served with a TTL of ${longest}s instead of ${desired.ttl}s, so clients may keep the old answer that long`
    : '';
}
