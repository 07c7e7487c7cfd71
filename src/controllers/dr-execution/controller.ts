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
import { refuse } from '../../domain/execution/admit.ts';
import { effectsOf, reduce } from '../../domain/execution/reducer.ts';
import { millis, seconds } from '../../domain/time.ts';
import { after, done, type Key, keyText, type Next, type Reconcile } from '../../kube/reconciler.ts';
import { breakOff } from '../long-read.ts';
import { act, dueEffects } from './act.ts';
import { begin, end } from './begin.ts';
import { abandonedStatus, isOver, limitsOf, nextStatus } from './decide.ts';
import { ageOf, type ExecutionDeps, emptyMemory, type Memory } from './deps.ts';
import { exclusively } from './exclusively.ts';
import { type Execution, gather, type RunningWorld, type World } from './gather.ts';
import { publish } from './status.ts';

const AT_ONCE = after(millis(0));
const SOON = after(millis(500));
const LATER = after(seconds(5));

export function drExecutionReconciler(deps: ExecutionDeps): Reconcile {
  const memories = new Map<string, Memory>();
  const memoryOf = (key: Key): Memory => {
    const memory = memories.get(keyText(key)) ?? emptyMemory();
    memories.set(keyText(key), memory);
    return memory;
  };
  const forget = (key: Key): void => {
    const memory = memories.get(keyText(key));
    if (memory !== undefined) for (const read of [memory.read, memory.found, memory.backup]) breakOff(read);
    memories.delete(keyText(key));
    deps.hooks.forget(key);
  };
  const admission = exclusively();
  return async (key, signal) => {
    const world = await gather(key, deps.objective, signal);
    switch (world.kind) {
      case 'gone':
      case 'ended':
        forget(key);
        return done;
      case 'invalid':
        return refuseInvalid(world, deps, signal);
      case 'new': {
        const { namespace, spec } = world.execution;
        // Two executions judged at the same moment would each find that no other runs.
        return admission(`${namespace}/${spec.scenario}`, () => begin(key, memoryOf(key), deps, signal));
      }
      case 'running':
        break;
    }
    return advance(world, memoryOf(key), deps, signal);
  };
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
  const due = dueEffects(effectsOf(world.steps), memory, deps.clock.tick());
  const observations = await act(due, { ...world, acceptedSpec: scenario.spec }, memory, deps, signal);
  const now = deps.clock.now();
  const ages = new Map(world.steps.map(({ id }) => [id, ageOf(memory, id, deps.clock.tick())]));
  const steps = reduce(world.steps, { observations, ages, limits: limitsOf(plan), now });
  deps.assertLeading();
  const status = nextStatus(world, steps, memory.point?.manifest, now, memory.dataNotes);
  await publish(execution, status, deps, signal);
  if (isOver(steps)) return done;
  const running = new Set(world.steps.filter(({ phase }) => phase === 'Running').map(({ id }) => id));
  const started = steps.some(({ id, phase }) => phase === 'Running' && !running.has(id));
  return started ? AT_ONCE : SOON;
}
