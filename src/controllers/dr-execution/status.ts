/**
 * Publishing an execution's status, and telling people and metrics what became
 * different with it. The journal is the only thing that survives a crash, so it
 * is written under the resourceVersion it was read at: a process that has lost
 * the lease without knowing cannot overwrite the journal of its successor.
 */
import { isDeepStrictEqual } from 'node:util';
import { fitted } from '../../api/fitted.ts';
import type { KubeObject } from '../../api/object.ts';
import { FIELD_MANAGER } from '../../api/ownership.ts';
import { API_VERSION } from '../../api/v1alpha1/common.ts';
import {
  type DRExecutionStatus,
  drExecutionStatus,
  type StepStatus,
} from '../../api/v1alpha1/dr-execution.ts';
import type { DRExecutionReason } from '../../api/v1alpha1/reasons/dr-execution.ts';
import { withinSize } from '../../domain/execution/journal-size.ts';
import { elapsed, fromRfc3339, type Millis, millis } from '../../domain/time.ts';
import type { ExecutionDeps } from './deps.ts';
import type { Execution } from './gather.ts';

/**
 * Writes the status if it differs from what was read, then records Events and metrics of the difference.
 * @throws KubeError code 'Conflict' when the execution was written by another since it was read
 */
export async function publish(
  execution: Execution,
  told: DRExecutionStatus,
  deps: ExecutionDeps,
  signal: AbortSignal,
): Promise<void> {
  const status = withinSize(fitted(drExecutionStatus, told));
  if (isDeepStrictEqual(execution.status, status)) return;
  await deps.objective.apply(
    withStatus(execution.object, status),
    { fieldManager: FIELD_MANAGER, force: true, subresource: 'status' },
    signal,
  );
  announceDifference(execution, status, deps);
}

function withStatus({ kind, metadata }: KubeObject, status: DRExecutionStatus): KubeObject {
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    apiVersion: API_VERSION,
    kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    status,
  };
}

function announceDifference(execution: Execution, status: DRExecutionStatus, deps: ExecutionDeps): void {
  const { object, namespace, name, spec } = execution;
  const scenario = `${namespace}/${spec.scenario}`;
  const record = (type: 'Normal' | 'Warning', reason: DRExecutionReason, message: string) => {
    deps.events.record(object, type, reason, message);
    const fields = { scenario, execution: name, reason };
    if (type === 'Normal') deps.log.info(fields, message);
    else deps.log.warn(fields, message);
  };
  for (const step of finishedBetween(execution.status.steps ?? [], status.steps ?? [])) {
    deps.observer.executionStep(scenario, step.kind, RESULTS[step.phase], timeTaken(step));
    if (step.phase === 'Failed')
      record('Warning', 'StepFailed', `${step.id}: ${step.message ?? 'no message'}`);
  }
  if (status.phase === undefined || status.phase === execution.status.phase) return;
  const message = status.message ?? '';
  if (status.phase === 'Running') record('Normal', 'ExecutionStarted', message);
  if (status.phase === 'Refused') record('Warning', 'ExecutionRefused', message);
  if (status.phase === 'Succeeded') record('Normal', 'Recovered', message);
  if (status.phase === 'Failed') record('Warning', 'StepsFailed', message);
  if (status.phase !== 'Running' && status.phase !== 'Pending')
    deps.observer.execution(scenario, spec.kind, status.phase);
}

type Finished = StepStatus & { readonly phase: keyof typeof RESULTS };
const RESULTS = { Succeeded: 'succeeded', Failed: 'failed', Skipped: 'skipped' } as const;

const isFinished = (step: StepStatus): step is Finished => step.phase in RESULTS;

/** Steps that ended in `after` and had not in `before`. */
function finishedBetween(before: readonly StepStatus[], after: readonly StepStatus[]): readonly Finished[] {
  const ended = new Set(before.filter(isFinished).map((step) => step.id));
  return after.filter(isFinished).filter((step) => !ended.has(step.id));
}

function timeTaken({ startedAt, finishedAt }: StepStatus): Millis {
  const from = fromRfc3339(startedAt ?? '');
  const to = fromRfc3339(finishedAt ?? '');
  return from === undefined || to === undefined ? millis(0) : millis(Math.max(0, elapsed(from, to)));
}
