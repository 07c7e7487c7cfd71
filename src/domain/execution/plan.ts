/**
 * From a recovery point to the steps of an execution. Decides only what there
 * is to do and what must come first; when a step starts is the reducer's
 * business. The same point and records always give the same steps with the
 * same ids, so a plan made again after a crash is the plan made before.
 */
import type { StepStatus } from '../../api/v1alpha1/dr-execution.ts';
import { fitsPlanned } from './journal-size.ts';

export const PREPARE = 'prepare';
export const REPORT = 'report';
const RESTORE = 'restore/';
const DNS = 'dns/';

export const restoreStepId = (unit: string): string => `${RESTORE}${unit}`;
export const dnsStepId = (hostname: string): string => `${DNS}${hostname}`;
/** The unit id of a restore step, or the hostname of a DNS step; the id itself for the others. */
export function subjectOf(step: StepStatus): string {
  if (step.kind === 'Restore') return step.id.slice(RESTORE.length);
  return step.kind === 'DNS' ? step.id.slice(DNS.length) : step.id;
}

/** Sizes the schema of DRExecution's status allows; a plan beyond them cannot be recorded, so it must not start. */
const MAX_STEPS = 2048;
const MAX_ID_LENGTH = 600;

/** Why a point has no plan, and what a person can do. */
export interface PlanProblem {
  /** The unit it is about, or the field of the scenario's spec. */
  readonly object: string;
  readonly cause: string;
  readonly remedy: string;
}

export type PlanResult =
  | { readonly kind: 'planned'; readonly steps: readonly StepStatus[] }
  | ({ readonly kind: 'unplannable'; readonly message: string } & PlanProblem);

/** What is to be planned: of a point, or of the source as it would be captured. */
export interface PlanInput {
  /** For messages: `recovery point dr-shop-20260301120000`. */
  readonly name: string;
  readonly units: readonly { readonly id: string; readonly objects: readonly string[] }[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
}

/**
 * `prepare`, one `restore/<unit>` per unit of the point, one `dns/<hostname>`
 * per record, `report`; all Pending. Restore steps name what they need; DNS
 * steps wait for all of them and `report` for everything, by their kind, since
 * a list of all steps in each would outgrow the status of a large execution.
 */
export function planSteps(input: PlanInput, hostnames: readonly string[]): PlanResult {
  const needs = new Map(input.units.map((unit) => [unit.id, new Set<string>()]));
  for (const { from, to } of input.edges) {
    const known = needs.get(from);
    if (known === undefined || !needs.has(to)) {
      return unplannable({
        object: from,
        cause: `${input.name} orders ${from} after ${to}, but does not hold both`,
        remedy: 'choose another recovery point',
      });
    }
    known.add(to);
  }
  const steps: readonly StepStatus[] = [
    { id: PREPARE, kind: 'Prepare', phase: 'Pending' },
    ...input.units.map(
      (unit): StepStatus => ({
        id: restoreStepId(unit.id),
        kind: 'Restore',
        phase: 'Pending',
        needs: [PREPARE, ...[...(needs.get(unit.id) ?? [])].toSorted().map(restoreStepId)],
        objects: unit.objects.length,
      }),
    ),
    ...hostnames.map((hostname): StepStatus => ({ id: dnsStepId(hostname), kind: 'DNS', phase: 'Pending' })),
    { id: REPORT, kind: 'Report', phase: 'Pending' },
  ];
  const problem = sizeProblem(steps) ?? circleProblem(steps);
  return problem === undefined ? { kind: 'planned', steps } : unplannable(problem);
}

const unplannable = (problem: PlanProblem): PlanResult => ({
  kind: 'unplannable',
  message: `${problem.cause}: ${problem.remedy}`,
  ...problem,
});

function sizeProblem(steps: readonly StepStatus[]): PlanProblem | undefined {
  const about = {
    object: 'spec.resources',
    remedy: 'split the scenario into several, by namespaces or labels',
  };
  if (steps.length > MAX_STEPS) {
    const cause = `an execution would have ${steps.length} steps, more than the ${MAX_STEPS} that one can hold`;
    return { ...about, cause };
  }
  const long = steps.find((step) => step.id.length > MAX_ID_LENGTH);
  if (long !== undefined) {
    const object = subjectOf(long);
    const remedy = 'give it a shorter name, or leave it out with resources.exclude';
    return { object, cause: 'its name is too long for a step of an execution', remedy };
  }
  if (fitsPlanned(steps)) return undefined;
  const cause = `the record of an execution with ${steps.length} steps and what each waits for would be larger than the 1.5 MiB that an object can be`;
  return { ...about, cause };
}

/** Units that wait for one another would never start. Kahn's algorithm: whatever is left over is in or behind a circle. */
function circleProblem(steps: readonly StepStatus[]): PlanProblem | undefined {
  const open = new Map(steps.map((step) => [step.id, (step.needs ?? []).length]));
  const dependants = new Map<string, string[]>();
  for (const step of steps)
    for (const need of step.needs ?? []) dependants.set(need, [...(dependants.get(need) ?? []), step.id]);
  const free = [...open].filter(([, count]) => count === 0).map(([id]) => id);
  for (let id = free.pop(); id !== undefined; id = free.pop()) {
    open.delete(id);
    for (const dependant of dependants.get(id) ?? []) {
      const left = (open.get(dependant) ?? 0) - 1;
      open.set(dependant, left);
      if (left === 0) free.push(dependant);
    }
  }
  if (open.size === 0) return undefined;
  const units = steps.filter(({ id }) => open.has(id)).map(subjectOf);
  const cause = `units wait for one another: ${units.slice(0, 5).join(', ')}`;
  return { object: units[0] ?? '', cause, remedy: 'choose another recovery point' };
}
