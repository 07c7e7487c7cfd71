/** Where the executions of a scenario have brought its workload. */
import type { DRExecutionStatus } from '../../api/v1alpha1/dr-execution.ts';

/**
 * The region that the last successful one restored it in; undefined when none was successful.
 * @param executions of one scenario name
 * @param scenarioUid one of another scenario of that name moved another workload
 */
export function lastMove(
  executions: readonly { readonly status: DRExecutionStatus }[],
  scenarioUid: string | undefined,
): string | undefined {
  const moves = executions
    .filter(({ status }) => status.phase === 'Succeeded' && status.plan?.scenarioUid === scenarioUid)
    .toSorted((a, b) => (a.status.finishedAt ?? '').localeCompare(b.status.finishedAt ?? ''));
  return moves.at(-1)?.status.plan?.recoveryRegion;
}
