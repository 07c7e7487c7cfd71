/**
 * What a name should answer, from the record of a scenario and the addresses it
 * resolves to; or why that cannot be asked of a DNS server. A name is either
 * A/AAAA records or one CNAME, and stays what it is: providers add the new type
 * and remove the old in separate messages, so that a change of type fails or
 * leaves a gap in which the name does not exist.
 */
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import { parseTarget, type RecordType, type Target } from './address.ts';

export type DnsRecord = DRScenarioSpec['dns']['records'][number];
/** Which of a record's two answers. */
export type Side = 'source' | 'recovery';

export interface Desired {
  readonly hostname: string;
  /** Seconds. */
  readonly ttl: number;
  /** Sorted, without repetition, never empty; canonical. */
  readonly targets: readonly Target[];
}

export type DesiredResult =
  | { readonly kind: 'desired'; readonly desired: Desired }
  /** There is nothing to answer with yet. */
  | { readonly kind: 'empty'; readonly message: string }
  | { readonly kind: 'refused'; readonly message: string };

/** The names that a failover moves. */
export const hostnamesOf = ({ dns }: DRScenarioSpec): readonly string[] =>
  dns.records.map(({ hostname }) => hostname);

/** @param addresses those of the record's side: as written, or as found in a Service's status */
export function desiredOf(record: DnsRecord, addresses: readonly string[]): DesiredResult {
  const { hostname, ttl } = record;
  if (addresses.length === 0) return { kind: 'empty', message: `there is no address for ${hostname} yet` };
  const targets = new Map<string, Target>();
  for (const address of addresses) {
    const target = parseTarget(address);
    if (target === undefined) {
      return {
        kind: 'refused',
        message: `"${address}" of ${hostname} is neither an IP address nor a host name`,
      };
    }
    targets.set(target.value, target);
  }
  const sorted = [...targets.values()].toSorted((a, b) => (a.value < b.value ? -1 : 1));
  const names = sorted.filter((target) => target.type === 'CNAME');
  if (names.length > 1 || (names.length === 1 && sorted.length > 1)) {
    return {
      kind: 'refused',
      message: `${hostname} would answer with ${valuesOf(sorted)}: a name is either IP addresses or exactly one host name`,
    };
  }
  return { kind: 'desired', desired: { hostname, ttl, targets: sorted } };
}

export const valuesOf = (targets: readonly Target[]): string =>
  targets.map((target) => target.value).join(', ') || 'nothing';

const typesOf = (targets: readonly Target[]): readonly RecordType[] =>
  [...new Set(targets.map((target) => target.type))].toSorted();

const describeTypes = (targets: readonly Target[]): string => typesOf(targets).join('+');

/**
 * Why a name that answers `before` must not be given `after`; undefined when it
 * may. Also a family of addresses that only one side has is refused: external-dns
 * in its safe policy (upsert-only) never removes, so it would be left behind.
 * What helps is for the caller to say.
 */
export function changeProblem(
  hostname: string,
  before: readonly Target[],
  after: readonly Target[],
): string | undefined {
  const [was, becomes] = [describeTypes(before), describeTypes(after)];
  if (was === becomes || was === '' || becomes === '') return undefined;
  return `${hostname} would change from ${was} (${valuesOf(before)}) to ${becomes} (${valuesOf(after)}): DNS providers cannot do that without a gap or without leaving the old answer`;
}

const SAME_TYPES = 'use the same types on both sides';

/** As far as it can be told from the spec alone: addresses of Services are known only later. */
export function typeChange(record: DnsRecord): string | undefined {
  const sides: Target[][] = [];
  for (const side of ['source', 'recovery'] as const) {
    const { addresses } = record[side];
    if (addresses === undefined) continue;
    const result = desiredOf(record, addresses);
    if (result.kind !== 'desired') return result.message;
    sides.push([...result.desired.targets]);
  }
  const [source, recovery] = sides;
  const problem =
    source === undefined || recovery === undefined
      ? undefined
      : changeProblem(record.hostname, source, recovery);
  return problem === undefined ? undefined : `${problem}; ${SAME_TYPES}`;
}

/**
 * Why a failover could not move a name that is announced with `targets`;
 * undefined when it could, and when only the recovery region will know.
 */
export function moveProblem(record: DnsRecord, targets: readonly Target[]): string | undefined {
  const recovery = writtenTargets(record, 'recovery');
  const problem = recovery === undefined ? undefined : changeProblem(record.hostname, targets, recovery);
  return problem === undefined ? undefined : `${problem}; ${SAME_TYPES}`;
}

/** What the Service of a name says now. */
export interface Announced {
  /** `namespace/name` of that Service, in the objective cluster. */
  readonly service: string;
  readonly targets: readonly Target[];
}

/**
 * Why `after`, the answer of `side`, must not be announced in place of what is,
 * and what helps: types that differ between the sides are to be made the same;
 * once they are, only a name that is made anew can have them.
 */
export function announcementProblem(
  record: DnsRecord,
  side: Side,
  after: readonly Target[],
  { service, targets }: Announced,
): string | undefined {
  const problem = changeProblem(record.hostname, targets, after);
  if (problem === undefined) return undefined;
  const anew = `delete Service ${service} of the objective cluster once, and at the DNS provider the old records of ${record.hostname} with their TXT records, which external-dns leaves there under --policy=upsert-only; expect a gap in which the name does not exist`;
  const other = writtenTargets(record, side === 'source' ? 'recovery' : 'source');
  if (other === undefined) return `${problem}; ${SAME_TYPES}, or ${anew}`;
  const types = describeTypes(after);
  if (describeTypes(other) !== types) return `${problem}; ${SAME_TYPES}`;
  // A family that is added leaves nothing behind, and the other side has it too.
  if (typesOf(targets).every((type) => typesOf(after).includes(type))) return undefined;
  return `${problem}; both sides of the record are ${types} by now: ${anew}`;
}

/** Those of `records` that a failover cannot move as they are announced, with why and what helps, as far as is known before it. */
export function stuckNames(
  records: readonly DnsRecord[],
  names: readonly (Announced & { readonly hostname: string })[],
): readonly string[] {
  return records.flatMap((record) => {
    const recovery = writtenTargets(record, 'recovery');
    const announced = names.find(({ hostname }) => hostname === record.hostname);
    if (recovery === undefined || announced === undefined) return [];
    return announcementProblem(record, 'recovery', recovery, announced) ?? [];
  });
}

/** Undefined for those of a Service, which its region alone knows. */
function writtenTargets(record: DnsRecord, side: Side): readonly Target[] | undefined {
  const result = desiredOf(record, record[side].addresses ?? []);
  return result.kind === 'desired' ? result.desired.targets : undefined;
}
