/**
 * Drives one DRExecution from its creation to its end, one pass at a time. A
 * pass acts only for steps that the published journal says are running, and
 * publishes what came of it together with the steps that start next:
 *
 *   gather (journal as published) ─► act (its running steps) ─► reduce ─► publish
 *        ▲                                                                  │
 *        └──────────── at once when steps start, else after a moment ◄──────┘
 *
 * Killed anywhere, the next process finds every step that may have had an
 * effect marked Running, and runs it again.
 */
import { drExecutionStatus } from '../../api/v1alpha1/dr-execution.ts';
import { admit, type PointFacts, type Refusal, refuse } from '../../domain/execution/admit.ts';
import { planSteps } from '../../domain/execution/plan.ts';
import { effectsOf, reduce } from '../../domain/execution/reducer.ts';
import type { PointManifest } from '../../domain/protection/point.ts';
import { millis, seconds } from '../../domain/time.ts';
import { type Engine, PointDamagedError } from '../../engines/engine.ts';
import { after, done, type Key, keyText, type Next, type Reconcile } from '../../kube/reconciler.ts';
import { StoreError } from '../../store/store.ts';
import { act, dueEffects } from './act.ts';
import {
  abandonedStatus,
  freezePlan,
  frozenSpec,
  isOver,
  limitsOf,
  nextStatus,
  refusedStatus,
  startedStatus,
  waitingStatus,
} from './decide.ts';
import { ageOf, type ExecutionDeps, emptyMemory, type Memory, noteRunning } from './deps.ts';
import { exclusively } from './exclusively.ts';
import { type Execution, gather, gatherAdmission, type RunningWorld, type World } from './gather.ts';
import { publish } from './status.ts';

const AT_ONCE = after(millis(0));
const SOON = after(millis(500));
const LATER = after(seconds(5));

export function drExecutionReconciler(deps: ExecutionDeps): Reconcile {
  const memories = new Map<string, Memory>();
  const admission = exclusively();
  return async (key, signal) => {
    const world = await gather(key, deps.objective, signal);
    switch (world.kind) {
      case 'gone':
      case 'ended':
        memories.delete(keyText(key));
        return done;
      case 'invalid':
        return refuseInvalid(world, deps, signal);
      case 'new': {
        const { namespace, spec } = world.execution;
        // Two executions judged at the same moment would each find that no other runs.
        return admission(`${namespace}/${spec.scenario}`, () => begin(key, deps, signal));
      }
      case 'running':
        break;
    }
    const memory = memories.get(keyText(key)) ?? emptyMemory();
    memories.set(keyText(key), memory);
    return advance(world, memory, deps, signal);
  };
}

/** Judges a new execution and, when it is admitted, freezes its plan. Nothing is touched yet. */
async function begin(key: Key, deps: ExecutionDeps, signal: AbortSignal): Promise<Next> {
  const world = await gather(key, deps.objective, signal);
  if (world.kind !== 'new') return AT_ONCE;
  const { execution } = world;
  const now = deps.clock.now();
  const admissionWorld = await gatherAdmission(execution, deps.objective, now, signal);
  const admission = admit(admissionWorld.facts);
  if (admission.kind === 'refused') return end(execution, admission, deps, signal);
  const { spec, point } = admission;
  const storePath = spec.replication.store.filesystem?.path ?? deps.defaultStorePath;
  const opened = await readManifest(point, deps.engine(frozenSpec(spec, storePath)), signal);
  if (opened.kind === 'refused') return end(execution, opened, deps, signal);
  if (opened.kind === 'unreadable') {
    await publish(execution, waitingStatus(execution, opened.message, now), deps, signal);
    return LATER;
  }
  const hostnames = spec.dns.records.map((record) => record.hostname);
  const planned = planSteps(opened.manifest, hostnames);
  if (planned.kind === 'unplannable') {
    return end(execution, refuse('Unplannable', planned.message), deps, signal);
  }
  const plan = freezePlan(admissionWorld, admission, storePath);
  deps.assertLeading();
  // The plan and the intent of the first step in one write.
  const unobserved = { observations: new Map(), ages: new Map(), limits: limitsOf(plan), now };
  const steps = reduce(planned.steps, unobserved);
  await publish(execution, startedStatus(execution, plan, steps, now), deps, signal);
  return AT_ONCE;
}

type Reading =
  | { readonly kind: 'read'; readonly manifest: PointManifest }
  | { readonly kind: 'unreadable'; readonly message: string }
  | Refusal;

async function readManifest(point: PointFacts, engine: Engine, signal: AbortSignal): Promise<Reading> {
  try {
    const { manifest, digest } = await engine.open(point.name, signal);
    if (digest === point.digest) return { kind: 'read', manifest };
    const message = `recovery point ${point.name} was changed since it was verified (${digest} instead of ${point.digest}); choose another`;
    return refuse('RecoveryPointDamaged', message);
  } catch (error) {
    if (error instanceof PointDamagedError) return refuse('RecoveryPointDamaged', error.message);
    if (error instanceof StoreError) return { kind: 'unreadable', message: error.message };
    throw error;
  }
}

async function end(
  execution: Execution,
  refusal: Refusal,
  deps: ExecutionDeps,
  signal: AbortSignal,
): Promise<Next> {
  await publish(execution, refusedStatus(execution, refusal, deps.clock.now()), deps, signal);
  return done;
}

/** Admission lets no such object in; one that was stored under an older schema ends here. */
function refuseInvalid(
  { object, message }: Extract<World, { kind: 'invalid' }>,
  deps: ExecutionDeps,
  signal: AbortSignal,
): Promise<Next> {
  const { name, namespace = '', generation = 0 } = object.metadata;
  const status = drExecutionStatus.parse({});
  const spec = { scenario: name, kind: 'Failover' as const, recoveryPoint: 'latest', reason: '' };
  const execution: Execution = { object, namespace, name, generation, spec, status };
  return end(execution, refuse('InvalidExecution', message), deps, signal);
}

/** One pass over a running execution. */
async function advance(
  world: RunningWorld,
  memory: Memory,
  deps: ExecutionDeps,
  signal: AbortSignal,
): Promise<Next> {
  const { execution, plan, scenario } = world;
  if (scenario.kind === 'deleted') {
    await publish(execution, abandonedStatus(world, deps.clock.now()), deps, signal);
    return done;
  }
  if (scenario.kind === 'unknown') {
    const fields = {
      scenario: `${execution.namespace}/${execution.spec.scenario}`,
      execution: execution.name,
    };
    deps.log.warn(fields, 'the accepted spec of the scenario is missing from its status: waiting for it');
    return LATER;
  }
  const tick = deps.clock.tick();
  noteRunning(memory, world.steps, tick);
  const due = dueEffects(effectsOf(world.steps), memory, tick);
  const observations = await act(due, { ...world, acceptedSpec: scenario.spec }, memory, deps, signal);
  const now = deps.clock.now();
  const ages = new Map(world.steps.map(({ id }) => [id, ageOf(memory, id, deps.clock.tick())]));
  const steps = reduce(world.steps, { observations, ages, limits: limitsOf(plan), now });
  deps.assertLeading();
  await publish(execution, nextStatus(world, steps, memory.point?.manifest, now), deps, signal);
  if (isOver(steps)) return done;
  const running = new Set(world.steps.filter(({ phase }) => phase === 'Running').map(({ id }) => id));
  const started = steps.some(({ id, phase }) => phase === 'Running' && !running.has(id));
  return started ? AT_ONCE : SOON;
}
