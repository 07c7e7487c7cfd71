/** The effect of a DNS step: announce the recovery answer, then ask the authoritative servers whether they give it. */

import type { StepStatus } from '../../api/v1alpha1/dr-execution.ts';
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import { judge, type ServerView } from '../../domain/dns/judge.ts';
import { explainStillness } from '../../domain/dns/owner.ts';
import type { Observation } from '../../domain/execution/reducer.ts';
import type { ExecutionPlan } from '../../domain/execution/report.ts';
import { type Millis, seconds } from '../../domain/time.ts';
import type { ExecutionDeps } from './deps.ts';

/**
 * How long a server may be silent while all others agree before the step ends
 * with a warning: name servers inside a lost region must not hold up recovery.
 */
const SILENCE = seconds(15);
/** external-dns needs about five seconds for a change; from then on it is worth asking why nothing moves. */
const EXPLAIN_AFTER = seconds(10);

export interface SwitchContext {
  readonly scenario: { readonly namespace: string; readonly name: string };
  readonly spec: DRScenarioSpec;
  readonly plan: ExecutionPlan;
  readonly deps: Pick<ExecutionDeps, 'announcer' | 'authority' | 'clusters'>;
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
  const { scenario, spec, plan, deps, age } = context;
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
  const views = await deps.authority.ask(hostname, servers, signal);
  const judgement = judge(announced.desired, views);
  if (judgement.kind === 'matches') return { kind: 'done', message: judgement.message };
  if (judgement.kind === 'partial') {
    return age < SILENCE
      ? { kind: unfinished, message: judgement.message }
      : { kind: 'done', message: `warning: ${judgement.message}` };
  }
  if (age < EXPLAIN_AFTER) return { kind: unfinished, message: judgement.message };
  const claims = await deps.authority.claims(hostname, servers, signal);
  const why = explainStillness(claims, announced.resource, views.some(hasAnswer));
  return { kind: unfinished, message: `${judgement.message}; ${why}` };
}

const hasAnswer = ({ reply }: ServerView): boolean =>
  reply.kind === 'answers' && Object.values(reply.records).some((values) => values.length > 0);
