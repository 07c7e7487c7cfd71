/** The effect of a DNS step: announce the recovery answer, then ask the authoritative servers whether they give it. */

import type { StepStatus } from '../../api/v1alpha1/dr-execution.ts';
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import { aliasOf, type Hosts } from '../../domain/dns/alias.ts';
import { type Desired, type DnsRecord, desiredOf } from '../../domain/dns/desired.ts';
import { addressesServed, answerOf, judge, needsHosts, type ServerView } from '../../domain/dns/judge.ts';
import { explainStillness } from '../../domain/dns/owner.ts';
import type { Observation } from '../../domain/execution/reducer.ts';
import type { ExecutionPlan } from '../../domain/execution/report.ts';
import { between, type Millis, seconds } from '../../domain/time.ts';
import type { ExecutionDeps, Memory } from './deps.ts';

/**
 * How long a server may be silent while all others agree before the step ends
 * with a warning: name servers inside a lost region must not hold up recovery.
 */
const SILENCE = seconds(15);
/** external-dns needs about five seconds for a change; from then on it is worth asking why nothing moves. */
const EXPLAIN_AFTER = seconds(10);
/** No change is served sooner after its announcement: external-dns and the DNS provider each take their time. */
const SOONEST_PUBLISHED = seconds(5);

export interface SwitchContext {
  readonly scenario: { readonly namespace: string; readonly name: string };
  readonly spec: DRScenarioSpec;
  readonly plan: ExecutionPlan;
  readonly deps: Pick<ExecutionDeps, 'announcer' | 'authority' | 'clusters' | 'clock' | 'resolveHost'>;
  readonly memory: Pick<Memory, 'servedBefore'>;
  /** For how long the step has been tried. */
  readonly age: Millis;
}

/**
 * Announcing is repeated on every look: it writes only when the Service says
 * something else, and so also undoes what somebody else made of it meanwhile.
 * Addresses are those of the spec in force: one corrected during the failover counts.
 */
export async function switchName(
  hostname: string,
  step: StepStatus,
  context: SwitchContext,
  signal: AbortSignal,
): Promise<Observation> {
  const { scenario, spec, plan, deps, memory, age } = context;
  const record = spec.dns.records.find((candidate) => candidate.hostname === hostname);
  if (record === undefined) {
    return { kind: 'failed', message: `${hostname} is not among spec.dns.records of the scenario any more` };
  }
  const region = deps.clusters.region(plan.recoveryRegion);
  const announced = await deps.announcer.announce(
    { scenario, record, side: 'recovery', regionName: plan.recoveryRegion, region },
    signal,
  );
  const unfinished = step.appliedAt === undefined ? 'applied' : 'waiting';
  if (announced.kind === 'refused') return { kind: 'failed', message: announced.message };
  if (announced.kind === 'waiting') {
    return { kind: step.appliedAt === undefined ? 'blocked' : 'waiting', message: announced.message };
  }
  const servers = spec.dns.authoritativeServers;
  const askedAt = deps.clock.tick();
  const views = await deps.authority.ask(hostname, servers, signal);
  const isOfBefore = announced.isChanged && between(askedAt, deps.clock.tick()) < SOONEST_PUBLISHED;
  if (isOfBefore) remember(memory, hostname, views);
  const { desired, resource } = announced;
  const hosts = needsHosts(desired, views) ? await hostsOf(desired, record, context, signal) : undefined;
  const judgement = judge(desired, views, hosts);
  if (judgement.kind === 'matches') return { kind: 'done', message: judgement.message };
  if (judgement.kind === 'partial') {
    return age < SILENCE
      ? { kind: unfinished, message: judgement.message }
      : { kind: 'done', message: `warning: ${judgement.message}` };
  }
  if (age < EXPLAIN_AFTER) return { kind: unfinished, message: judgement.message };
  const claims = await deps.authority.claims(hostname, servers, signal);
  const why = explainStillness(claims, resource, answerOf(views));
  return { kind: unfinished, message: `${judgement.message}; ${why}` };
}

/** The first time only: what is announced again later may be published already. */
function remember(
  { servedBefore }: SwitchContext['memory'],
  hostname: string,
  views: readonly ServerView[],
): void {
  const served = addressesServed(views);
  if (served !== undefined && !servedBefore.has(hostname)) servedBefore.set(hostname, served);
}

/** What the host names of both sides have now, as far as they are such. */
async function hostsOf(
  desired: Desired,
  record: DnsRecord,
  { deps, memory }: SwitchContext,
  signal: AbortSignal,
): Promise<Hosts | undefined> {
  const wished = aliasOf(desired);
  if (wished === undefined) return undefined;
  const source = desiredOf(record, record.source.addresses ?? []);
  const before = source.kind === 'desired' ? aliasOf(source.desired) : undefined;
  const hostOf = async (name: string) => ({ name, found: await deps.resolveHost(name, signal) });
  const [host, left] = await Promise.all([
    hostOf(wished),
    before === undefined || before === wished ? undefined : hostOf(before),
  ]);
  const isBalancer = record.recovery.service !== undefined;
  return { wished: host, left, before: memory.servedBefore.get(record.hostname), isBalancer };
}
