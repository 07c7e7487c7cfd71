/**
 * Judges a new execution and, when it is admitted, freezes its plan. Nothing is
 * touched yet. Its point is read beside the passes: while that lasts it is
 * Pending, and judged anew in each of them. So is an automatic one while
 * something is in its way that may pass.
 */
import type { StepStatus } from '../../api/v1alpha1/dr-execution.ts';
import { hostnamesOf, stuckNames } from '../../domain/dns/desired.ts';
import {
  type Admission,
  admit,
  mayFind,
  mayPass,
  type Refusal,
  refuse,
} from '../../domain/execution/admit.ts';
import { planSteps } from '../../domain/execution/plan.ts';
import { reduce } from '../../domain/execution/reducer.ts';
import type { ExecutionPlan } from '../../domain/execution/report.ts';
import type { PointManifest } from '../../domain/protection/point.ts';
import { isDataElsewhere, pointData } from '../../domain/protection/point-data.ts';
import { inStoreOf } from '../../domain/protection/point-store.ts';
import { millis, seconds } from '../../domain/time.ts';
import { transformedPoint } from '../../engines/transformed-point.ts';
import { after, done, type Key, type Next } from '../../kube/reconciler.ts';
import { freezePlan, limitsOf, refusedStatus, startedStatus, type Waiting, waitingStatus } from './decide.ts';
import type { ExecutionDeps, Memory } from './deps.ts';
import { withFoundPoints } from './found-points.ts';
import { type AdmissionWorld, type Execution, gather, gatherAdmission } from './gather.ts';
import { readPoint, reasonOf, waitingToRead } from './open-point.ts';
import { publish } from './status.ts';

const AT_ONCE = after(millis(0));
const LATER = seconds(5);
/** To see whether the damage has passed, the whole point is read once more. */
const AFTER_DAMAGE = seconds(30);

type Judged =
  | {
      readonly kind: 'planned';
      readonly plan: ExecutionPlan;
      readonly steps: readonly StepStatus[];
      /** Why names cannot be moved, as far as is known by now. */
      readonly stuck: readonly string[];
    }
  | Waiting
  | Refusal;

export async function begin(
  key: Key,
  memory: Memory,
  deps: ExecutionDeps,
  signal: AbortSignal,
): Promise<Next> {
  const world = await gather(key, deps.objective, signal);
  if (world.kind !== 'new') return AT_ONCE;
  const { execution } = world;
  const judged = await judge(execution, memory, deps, signal);
  const now = deps.clock.now();
  switch (judged.kind) {
    case 'refused':
      return end(execution, judged, deps, signal);
    case 'waiting':
      await publish(execution, waitingStatus(execution, judged, now), deps, signal);
      return after(judged.again);
    case 'planned':
      break;
  }
  const { plan, stuck } = judged;
  deps.assertLeading();
  // The plan and the intent of the first step in one write.
  const unobserved = { observations: new Map(), ages: new Map(), limits: limitsOf(plan), now };
  const steps = reduce(judged.steps, unobserved);
  await publish(execution, startedStatus(execution, plan, steps, now, stuck), deps, signal);
  return AT_ONCE;
}

/** Nothing has been touched, and nothing will be. */
export async function end(
  execution: Execution,
  refusal: Refusal,
  deps: ExecutionDeps,
  signal: AbortSignal,
): Promise<Next> {
  await publish(execution, refusedStatus(execution, refusal, deps.clock.now()), deps, signal);
  return done;
}

async function judge(
  execution: Execution,
  memory: Memory,
  deps: ExecutionDeps,
  signal: AbortSignal,
): Promise<Judged> {
  const world = await gatherAdmission(execution, deps.objective, deps.clock.now(), signal);
  const judged = await judgeBy(world, execution, memory, deps, signal);
  if (judged.kind !== 'refused' || !mayPass(world.facts, judged)) return judged;
  const { rule: reason, message } = judged;
  return {
    kind: 'waiting',
    reason,
    message,
    again: reason === 'RecoveryPointDamaged' ? AFTER_DAMAGE : LATER,
  };
}

async function judgeBy(
  world: AdmissionWorld,
  execution: Execution,
  memory: Memory,
  deps: ExecutionDeps,
  signal: AbortSignal,
): Promise<Judged> {
  try {
    const admission = admit(world.facts);
    if (admission.kind === 'admitted') return await planFor(admission, world, memory, deps, signal);
    if (!mayFind(world.facts, admission)) return admission;
    const found = await withFoundPoints(world, execution, memory, deps, signal);
    if (found.kind !== 'facts') return found;
    const again = admit(found.facts);
    return again.kind === 'refused' ? again : await planFor(again, world, memory, deps, signal);
  } catch (error) {
    const reason = error instanceof Error ? reasonOf(error) : undefined;
    if (!(error instanceof Error) || reason === undefined) throw error;
    const { message } = error;
    return reason === 'StoreUnavailable'
      ? { kind: 'waiting', reason, message, again: LATER }
      : refuse(reason, message);
  }
}

/** @throws StoreError, ReadTimeoutError, PointDamagedError, InvalidTransformsError */
async function planFor(
  admission: Extract<Admission, { kind: 'admitted' }>,
  world: AdmissionWorld,
  memory: Memory,
  deps: ExecutionDeps,
  signal: AbortSignal,
): Promise<Judged> {
  const { spec, point } = admission;
  const store = deps.storePlace(inStoreOf(spec, point.store));
  const source = { engine: deps.engine(inStoreOf(spec, store)), store };
  const reading = await readPoint(point, source, memory, deps, signal);
  if (reading.kind === 'reading') return waitingToRead(reading.problem, point.name);
  const elsewhere = dataElsewhere(point.name, reading.value.manifest, spec.recovery.region);
  if (elsewhere !== undefined) return refuse('NoVerifiedRecoveryPoint', elsewhere);
  // As it reads in the recovery region.
  const { units, edges } = transformedPoint(reading.value, spec.replication.transforms).manifest;
  const planned = planSteps({ name: `recovery point ${point.name}`, units, edges }, hostnamesOf(spec));
  if (planned.kind === 'unplannable') return refuse('Unplannable', planned.message);
  const stuck = stuckNames(spec.dns.records, world.names);
  return { kind: 'planned', plan: freezePlan(world, admission, store), steps: planned.steps, stuck };
}

/** Of a point whose data status did not tell of, as earlier versions did not. */
function dataElsewhere(name: string, manifest: PointManifest, region: string): string | undefined {
  const data = pointData(manifest);
  return isDataElsewhere(data, region)
    ? `recovery point ${name} has the data of its volumes in ${data.dataRegion}, not in ${region}: choose another, or set spec.recovery.region of the scenario back to ${data.dataRegion}`
    : undefined;
}
