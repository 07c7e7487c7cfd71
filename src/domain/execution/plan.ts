/**
 * From a recovery point to the steps of an execution. Decides only what there
 * is to do and what must come first; when a step starts is the reducer's
 * business. The same point and records always give the same steps with the
 * same ids, so a plan made again after a crash is the plan made before.
 */
import type { StepStatus } from '../../api/v1alpha1/dr-execution.ts';
import type { PointManifest } from '../protection/point.ts';

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
const MAX_STEPS = 1024;
const MAX_NEEDS = 256;
const MAX_ID_LENGTH = 600;

export type PlanResult =
  | { readonly kind: 'planned'; readonly steps: readonly StepStatus[] }
  | { readonly kind: 'unplannable'; readonly message: string };

/**
 * `prepare`, one `restore/<unit>` per unit of the point, one `dns/<hostname>`
 * per record, `report`; all Pending. Restore steps name what they need; DNS
 * steps wait for all of them and `report` for everything, by their kind, since
 * a list of all steps in each would outgrow the status of a large execution.
 */
export function planSteps(manifest: PointManifest, hostnames: readonly string[]): PlanResult {
  const needs = new Map(manifest.units.map((unit) => [unit.id, new Set<string>()]));
  for (const { from, to } of manifest.edges) {
    const known = needs.get(from);
    if (known === undefined || !needs.has(to)) {
      return unplannable(
        `recovery point ${manifest.name} orders ${from} after ${to}, but does not hold both`,
      );
    }
    known.add(to);
  }
  const steps: readonly StepStatus[] = [
    { id: PREPARE, kind: 'Prepare', phase: 'Pending' },
    ...manifest.units.map(
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

const unplannable = (message: string): PlanResult => ({ kind: 'unplannable', message });

function sizeProblem(steps: readonly StepStatus[]): string | undefined {
  if (steps.length > MAX_STEPS) {
    return `the execution would have ${steps.length} steps, more than the ${MAX_STEPS} one can hold: split the scenario`;
  }
  const wide = steps.find((step) => (step.needs ?? []).length > MAX_NEEDS);
  if (wide !== undefined) {
    return `${subjectOf(wide)} waits for more than ${MAX_NEEDS} units: split the scenario or remove dependency edges`;
  }
  const long = steps.find((step) => step.id.length > MAX_ID_LENGTH);
  return long === undefined ? undefined : `the name of ${subjectOf(long)} is too long for a step`;
}

/** Units that wait for one another would never start. Kahn's algorithm: whatever is left over is in or behind a circle. */
function circleProblem(steps: readonly StepStatus[]): string | undefined {
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
  return `units of the recovery point wait for one another: ${[...open.keys()].slice(0, 5).join(', ')}`;
}
