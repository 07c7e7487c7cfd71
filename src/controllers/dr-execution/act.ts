/**
 * Carries out the effects of one pass, several at a time, and collects what
 * they showed. A failing effect is an observation of its own step and never
 * hides what the others achieved. Stops starting effects when the pass has
 * taken long enough; the steps left over come first in the next one.
 */
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import { type Effect, type Observation, pauseBefore } from '../../domain/execution/reducer.ts';
import { between, seconds, type Tick } from '../../domain/time.ts';
import { type OpenPoint, PointDamagedError, type ScenarioIdentity } from '../../engines/engine.ts';
import { KubeError } from '../../kube/errors.ts';
import { describeError } from '../../kube/log.ts';
import { StoreError } from '../../store/store.ts';
import { frozenSpec } from './decide.ts';
import { ageOf, type ExecutionDeps, type Memory } from './deps.ts';
import type { RunningWorld } from './gather.ts';
import { applyUnit, awaitReady, prepare } from './restore.ts';
import { switchName } from './switch-name.ts';

/** Units restored at once; the objects of one unit are applied one after the other. */
const CONCURRENCY = 8;
/** After this no further effect is started in the pass. */
const PASS_BUDGET = seconds(3);

/** The running world with the spec it runs by. */
export interface ActWorld extends RunningWorld {
  readonly acceptedSpec: DRScenarioSpec;
}

/** Effects whose pause since the last try is over, the longest untried first. */
export function dueEffects(effects: readonly Effect[], memory: Memory, tick: Tick): readonly Effect[] {
  const triedAt = (effect: Effect): number =>
    memory.lastTried.get(effect.step.id) ?? Number.NEGATIVE_INFINITY;
  return effects
    .filter((effect) => tick - triedAt(effect) >= pauseBefore(effect))
    .toSorted((a, b) => triedAt(a) - triedAt(b) || (a.step.id < b.step.id ? -1 : 1));
}

/** @throws what `assertLeading` throws, and the signal's reason when it is aborted; nothing else */
export async function act(
  effects: readonly Effect[],
  world: ActWorld,
  memory: Memory,
  deps: ExecutionDeps,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Observation>> {
  const observations = new Map<string, Observation>();
  const startedAt = deps.clock.tick();
  const queue = [...effects];
  const work = async (): Promise<void> => {
    for (let effect = queue.shift(); effect !== undefined; effect = queue.shift()) {
      if (between(startedAt, deps.clock.tick()) > PASS_BUDGET) return;
      signal.throwIfAborted();
      deps.assertLeading();
      const observation = await observe(effect, world, memory, deps, signal);
      memory.lastTried.set(effect.step.id, deps.clock.tick());
      observations.set(effect.step.id, observation);
    }
  };
  // Waits for all even when one gives up: no effect may outlive the pass that started it.
  const ended = await Promise.allSettled(Array.from({ length: CONCURRENCY }, work));
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
  return observations;
}

async function observe(
  effect: Effect,
  world: ActWorld,
  memory: Memory,
  deps: ExecutionDeps,
  signal: AbortSignal,
): Promise<Observation> {
  try {
    return await perform(effect, world, memory, deps, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof PointDamagedError) return { kind: 'failed', message: error.message };
    const again = effect.step.appliedAt === undefined ? 'blocked' : 'waiting';
    if (error instanceof KubeError || error instanceof StoreError)
      return { kind: again, message: error.message };
    const { namespace, name, spec } = world.execution;
    const fields = { scenario: `${namespace}/${spec.scenario}`, execution: name, step: effect.step.id };
    deps.log.error({ ...fields, error: describeError(error) }, 'a step failed in a way that is not foreseen');
    return { kind: again, message: `internal error, see the operator's log: ${describeError(error)}` };
  }
}

async function perform(
  effect: Effect,
  world: ActWorld,
  memory: Memory,
  deps: ExecutionDeps,
  signal: AbortSignal,
): Promise<Observation> {
  const { plan, acceptedSpec, execution } = world;
  if (effect.kind === 'switch-name') {
    const scenario = { namespace: execution.namespace, name: execution.spec.scenario };
    const age = ageOf(memory, effect.step.id, deps.clock.tick());
    return switchName(
      effect.hostname,
      effect.step,
      { scenario, spec: acceptedSpec, plan, deps, age },
      signal,
    );
  }
  if (effect.kind === 'report') return reread(world, memory, deps, signal);
  const access = deps.clusters.region(plan.recoveryRegion);
  if (access.kind === 'unavailable') {
    const again = effect.kind === 'await-ready' ? 'waiting' : 'blocked';
    return { kind: again, message: `${plan.recoveryRegion} cannot be reached: ${access.message}` };
  }
  const context = {
    engine: deps.engine(frozenSpec(acceptedSpec, plan.storePath)),
    identity: identityOf(world),
    target: access.cluster,
    point: await openPoint(world, memory, deps, signal),
    memory,
  };
  switch (effect.kind) {
    case 'prepare':
      return prepare(context, signal);
    case 'apply':
      return applyUnit(effect.unit, context, signal);
    case 'await-ready':
      break;
  }
  return awaitReady(effect.unit, context, signal);
}

function identityOf({ execution, plan }: RunningWorld): ScenarioIdentity {
  return { namespace: execution.namespace, name: execution.spec.scenario, uid: plan.scenarioUid };
}

/** Read and checked once in this process, however many steps need it. */
async function openPoint(
  { plan, acceptedSpec }: ActWorld,
  memory: Memory,
  deps: ExecutionDeps,
  signal: AbortSignal,
): Promise<OpenPoint> {
  if (memory.point !== undefined) return memory.point;
  const point = await deps.engine(frozenSpec(acceptedSpec, plan.storePath)).open(plan.recoveryPoint, signal);
  if (point.digest !== plan.pointDigest) {
    throw new PointDamagedError(
      `recovery point ${plan.recoveryPoint} was changed since it was verified (${point.digest} instead of ${plan.pointDigest})`,
    );
  }
  memory.point = point;
  return point;
}

/** The report names what the point did not hold; a recovery that succeeded does not fail because that cannot be read again. */
async function reread(
  world: ActWorld,
  memory: Memory,
  deps: ExecutionDeps,
  signal: AbortSignal,
): Promise<Observation> {
  try {
    await openPoint(world, memory, deps, signal);
    return { kind: 'done', message: 'written' };
  } catch (error) {
    if (!(error instanceof StoreError || error instanceof PointDamagedError)) throw error;
    return { kind: 'done', message: `written without what the point did not hold: ${error.message}` };
  }
}
