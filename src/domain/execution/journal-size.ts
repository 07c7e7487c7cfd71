/**
 * How large the status of an execution may become: it is one object, and etcd
 * takes none above 1.5 MiB (`--max-request-bytes`, its default). A plan whose
 * journal would outgrow that must not start, and what steps have to say must
 * never make the journal of a plan that did unwritable. Pure.
 */
import { cut } from '../../api/fitted.ts';
import type { DRExecutionStatus, StepStatus } from '../../api/v1alpha1/dr-execution.ts';

/** Of etcd's 1,572,864; the rest is for metadata, and for what the API server and its storage add. */
const LARGEST_STATUS = 1_450_000;
/** What of it the steps may take when planned: the frozen plan, the report and the conditions come on top. */
const LARGEST_PLAN = 1_200_000;
/** Characters that each step can say in a journal that was planned. Most say `ready`. */
const PLANNED_MESSAGE = 100;

/** Whether there is room for all that will be written of these steps, with a short message each. */
export function fitsPlanned(steps: readonly StepStatus[]): boolean {
  const time = '2026-01-01T00:00:00.000Z';
  const ended = { attempts: 99, startedAt: time, appliedAt: time, finishedAt: time };
  const message = 'm'.repeat(PLANNED_MESSAGE);
  const grown = steps.map((step): StepStatus => ({ ...step, ...ended, message, phase: 'Succeeded' }));
  return bytesOf(grown) + ownershipOf(grown) <= LARGEST_PLAN;
}

/** What steps may say at most, tried one after the other. */
const SHORTER = [512, PLANNED_MESSAGE, 20];

/** The status, with what its steps say cut as far as the whole needs to be written. */
export function withinSize(status: DRExecutionStatus): DRExecutionStatus {
  if (isWritable(status)) return status;
  const shorter = SHORTER.map((limit) => ({
    ...status,
    steps: status.steps?.map((step) => saying(step, limit)),
  }));
  return shorter.find(isWritable) ?? shorter.at(-1) ?? status;
}

const isWritable = (status: DRExecutionStatus): boolean =>
  bytesOf(status) + ownershipOf(status.steps ?? []) <= LARGEST_STATUS;

function saying({ notes, ...step }: StepStatus, limit: number): StepStatus {
  const said = step.message === undefined ? {} : { message: cut(step.message, limit) };
  const noted = notes === undefined ? {} : { notes: notes.slice(0, 1).map((note) => cut(note, limit)) };
  return { ...step, ...said, ...noted };
}

const bytesOf = (value: object): number => Buffer.byteLength(JSON.stringify(value));

/** Of `metadata.managedFields`: server-side apply notes who owns each field of each step. */
const ownershipOf = (steps: readonly StepStatus[]): number =>
  steps.reduce(
    (sum, step) =>
      sum +
      bytesOf({ [`k:{"id":"${step.id}"}`]: Object.keys(step).map((field) => ({ [`f:${field}`]: {} })) }),
    0,
  );
