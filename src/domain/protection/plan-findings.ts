/** Whether an execution of what is protected could be planned at all: known now, or found out on the day. */
import { type PlanInput, planSteps } from '../execution/plan.ts';
import type { Finding } from './feasibility-finding.ts';

/** @param hostnames that a failover moves */
export function planFindings(graph: PlanInput, hostnames: readonly string[]): readonly Finding[] {
  const planned = planSteps(graph, hostnames);
  if (planned.kind === 'planned') return [];
  const { object, cause, remedy } = planned;
  return [{ object, reason: 'Unplannable', message: cause, remedy }];
}
