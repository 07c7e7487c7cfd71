/** Following DRExecutions from outside, through kubectl, as a user would. */

import type { KubeObject } from '../../src/api/object.ts';
import type { DRExecutionStatus, StepStatus } from '../../src/api/v1alpha1/dr-execution.ts';
import { drExecutionKind, drExecutionSpec, drExecutionStatus } from '../../src/api/v1alpha1/dr-execution.ts';
import { parseResource } from '../../src/api/v1alpha1/parse.ts';
import type { LabCluster } from '../lab/types.ts';
import { waitFor } from './wait.ts';

export interface ScenarioKey {
  readonly namespace: string;
  readonly scenario: string;
}

export interface ExecutionSight {
  readonly name: string;
  readonly status: DRExecutionStatus;
}

const ENDED: readonly (string | undefined)[] = ['Succeeded', 'Failed', 'Refused'];

/** Every execution of a scenario. */
export async function executionsOf(
  objective: LabCluster,
  key: ScenarioKey,
): Promise<readonly ExecutionSight[]> {
  const text = await objective.kubectl(['-n', key.namespace, 'get', drExecutionKind.plural, '-o', 'json']);
  const list: { readonly items: readonly KubeObject[] } = JSON.parse(text);
  return list.items.flatMap((object) => {
    const parsed = parseResource(object, { spec: drExecutionSpec, status: drExecutionStatus });
    return parsed.kind === 'valid' && parsed.spec.scenario === key.scenario
      ? [{ name: object.metadata.name, status: parsed.status }]
      : [];
  });
}

/**
 * Waits for the scenario's execution to end.
 * @param onStep called once for each step that has ended, in the order seen
 * @throws DeadlineError when it has not ended within `seconds`
 */
export function untilExecuted(
  objective: LabCluster,
  key: ScenarioKey,
  seconds: number,
  onStep: (step: StepStatus) => void = () => undefined,
): Promise<ExecutionSight> {
  const told = new Set<string>();
  return waitFor({ what: `the execution of ${key.scenario} to end`, seconds, every: 300 }, async () => {
    const [execution] = await executionsOf(objective, key);
    if (execution === undefined) return undefined;
    const ended = (execution.status.steps ?? []).filter(({ finishedAt }) => finishedAt !== undefined);
    for (const step of ended.toSorted((a, b) => (a.finishedAt ?? '').localeCompare(b.finishedAt ?? ''))) {
      if (!told.has(step.id)) onStep(step);
      told.add(step.id);
    }
    return ENDED.includes(execution.status.phase) ? execution : undefined;
  });
}
