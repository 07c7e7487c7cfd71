/**
 * Whether the authoritative servers answer what is desired: exactly that set,
 * on every server. What a single server says is a value here, its silence too.
 */
import type { RecordType } from './address.ts';
import { aliasOf, canonical, type Hosts, judgeAddresses } from './alias.ts';
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
  /** None that answers contradicts, at least one answers, and some say nothing or not enough. */
  | { readonly kind: 'partial'; readonly silent: readonly string[]; readonly message: string }
  | { readonly kind: 'differs'; readonly message: string };

/** @param hosts what is known of the host name it was announced with; see `needsHosts` */
export function judge(desired: Desired, views: readonly ServerView[], hosts?: Hosts): Judgement {
  if (views.length === 0) {
    return { kind: 'differs', message: `no authoritative server of ${desired.hostname} is known` };
  }
  const silent = views.filter(({ reply }) => reply.kind === 'silent');
  const speaking = views.filter(({ reply }) => reply.kind !== 'silent');
  const findings = speaking.map((view) => ({ view, ...findingOf(desired, view, hosts) }));
  const wrong = findings.flatMap((finding) => (finding.kind === 'wrong' ? finding.message : []));
  if (wrong.length > 0) return { kind: 'differs', message: wrong.join('; ') };
  const silence = silent.map(({ server, reply }) => `${server} ${'message' in reply ? reply.message : ''}`);
  if (speaking.length === 0) return { kind: 'differs', message: silence.join('; ') };
  const right = findings.flatMap(({ kind, view }) => (kind === 'right' ? view : []));
  const doubts = findings.flatMap((finding) => (finding.kind === 'likely' ? finding.message : []));
  const said = [...(right.length > 0 ? [sayRight(desired, right)] : []), ...doubts];
  const message = said.join('; ') + ttlNote(desired, speaking);
  if (silent.length === 0 && doubts.length === 0) return { kind: 'matches', message };
  return {
    kind: 'partial',
    silent: silent.map(({ server }) => server),
    message: silence.length === 0 ? message : `${message}; could not be checked: ${silence.join('; ')}`,
  };
}

/** Whether host names must be looked up to judge this: one is wished for and addresses are served. */
export const needsHosts = (desired: Desired, views: readonly ServerView[]): boolean =>
  aliasOf(desired) !== undefined && answerOf(views) === 'addresses';

type AnswerKind = 'nothing' | 'alias' | 'addresses';

/** What kind of records the servers have of a name itself: addresses if one of them has any. */
export function answerOf(views: readonly ServerView[]): AnswerKind {
  const kinds = new Set(views.map(({ reply }) => kindOf(reply)));
  if (kinds.has('addresses')) return 'addresses';
  return kinds.has('alias') ? 'alias' : 'nothing';
}

function kindOf(reply: ServerReply): AnswerKind {
  if (reply.kind !== 'answers' || servedValues(reply).length === 0) return 'nothing';
  return reply.records.CNAME.length > 0 ? 'alias' : 'addresses';
}

/** Addresses that the servers have of a name itself; undefined when none of them says. */
export function addressesServed(views: readonly ServerView[]): readonly string[] | undefined {
  const said = views.filter(({ reply }) => reply.kind === 'answers' || reply.kind === 'nxdomain');
  if (said.length === 0) return undefined;
  return canonical(
    said.flatMap(({ reply }) =>
      reply.kind === 'answers' && kindOf(reply) === 'addresses' ? servedValues(reply) : [],
    ),
  );
}

type Finding =
  | { readonly kind: 'right' }
  | { readonly kind: 'likely'; readonly message: string }
  | { readonly kind: 'wrong'; readonly message: string };

/** What one server's answer says, which is not silent. */
function findingOf(desired: Desired, { server, reply }: ServerView, hosts: Hosts | undefined): Finding {
  const wrong = (message: string): Finding => ({ kind: 'wrong', message: `${server} ${message}` });
  switch (reply.kind) {
    case 'silent':
    case 'unable':
      return wrong(reply.message);
    case 'nxdomain':
      return wrong(`says that ${desired.hostname} does not exist`);
    case 'answers':
      break;
  }
  const served = servedValues(reply);
  const wished = desired.targets.map((target) => target.value);
  if (served.length === wished.length && wished.every((value) => served.includes(value)))
    return { kind: 'right' };
  if (hosts === undefined || kindOf(reply) !== 'addresses')
    return wrong(`answers ${served.join(', ') || 'nothing'} instead of ${wished.join(', ')}`);
  const evidence = judgeAddresses(served, hosts);
  if (evidence.kind === 'shown') return { kind: 'right' };
  const { kind, message } = evidence;
  return kind === 'likely' ? { kind, message: `${server} ${message}` } : wrong(message);
}

/** Address queries follow an alias, so where there is a CNAME the addresses are another name's. */
const servedValues = ({ records }: Answers): readonly string[] =>
  canonical(records.CNAME.length > 0 ? records.CNAME : [...records.A, ...records.AAAA]);

function sayRight(desired: Desired, views: readonly ServerView[]): string {
  const alias = aliasOf(desired);
  const served = canonical(
    views.flatMap(({ reply }) => (reply.kind === 'answers' ? servedValues(reply) : [])),
  );
  const own = served.filter((value) => value !== alias);
  const answer =
    alias === undefined || own.length === 0
      ? valuesOf(desired.targets)
      : `${own.join(', ')}, addresses of ${alias},`;
  return `${desired.hostname} answers ${answer} on ${views.map(({ server }) => server).join(', ')}`;
}

/** A longer TTL than wished for keeps clients on the lost region for as long. */
function ttlNote(desired: Desired, views: readonly ServerView[]): string {
  const served = views.map(({ reply }) => (reply.kind === 'answers' ? (reply.ttl ?? 0) : 0));
  const longest = Math.max(0, ...served);
  return longest > desired.ttl
    ? `; warning: it is served with a TTL of ${longest}s instead of ${desired.ttl}s, so clients may keep the old answer that long`
    : '';
}
