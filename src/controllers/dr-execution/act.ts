/**
 * Carries out the effects of one pass, several at a time, and collects what
 * they showed. An effect that fails or takes too long is an observation of its
 * own step and never hides what the others achieved. Stops starting effects when
 * the pass has taken long enough; the steps left over come first in the next one.
 */
import { UNITS_AT_ONCE } from '../../domain/execution/concurrency.ts';
import { type Effect, type Observation, pauseBefore } from '../../domain/execution/reducer.ts';
import type { CompiledReadiness } from '../../domain/graph/user-rules/compile.ts';
import { compiledReadiness, InvalidRulesError } from '../../domain/graph/user-rules/compiled.ts';
import { inStoreOf } from '../../domain/protection/point-store.ts';
import { between, formatDuration, seconds, type Tick } from '../../domain/time.ts';
import { PointDamagedError, type ScenarioIdentity } from '../../engines/engine.ts';
import {
  InvalidTransformsError,
  restOfUnit,
  type TransformedPoint,
  unitFailure,
} from '../../engines/transformed-point.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { DeadlineExceededError, withinDeadline } from '../../kube/deadline.ts';
import { KubeError } from '../../kube/errors.ts';
import { describeError } from '../../kube/log.ts';
import { StoreError } from '../../store/store.ts';
import { ReadTimeoutError } from '../long-read.ts';
import { afterRestore } from './after-restore.ts';
import { storeOf } from './decide.ts';
import { ageOf, type ExecutionDeps, type Memory, noteTried } from './deps.ts';
import { finish } from './finish.ts';
import type { ActWorld, RunningWorld } from './gather.ts';
import { hooksOf } from './hooks-of.ts';
import { type Look, lookAt } from './look.ts';
import { openPoint } from './open-point.ts';
import { applyUnit, awaitReady, prepare, type RestoreContext } from './restore.ts';
import { switchName } from './switch-name.ts';

/** After this no further effect is started in the pass. */
const PASS_BUDGET = seconds(3);
/**
 * Of one effect. With the budget and what the pass reads and publishes it is less
 * than RUN_DEADLINE: a pass that is cut off loses what all its effects have shown.
 */
const EFFECT_DEADLINE = seconds(75);

/** Effects whose pause since the last try is over, the longest untried first; among equals the order of the journal, which is that of the point. */
export function dueEffects(effects: readonly Effect[], memory: Memory, tick: Tick): readonly Effect[] {
  const triedAt = (effect: Effect): number =>
    memory.lastTried.get(effect.step.id) ?? Number.NEGATIVE_INFINITY;
  return effects
    .filter((effect) => tick - triedAt(effect) >= pauseBefore(effect))
    .toSorted((a, b) => (triedAt(a) === triedAt(b) ? 0 : triedAt(a) - triedAt(b)));
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
  const looks = new Map<Cluster, Look>();
  const look = (target: Cluster): Look => {
    const known = looks.get(target) ?? lookAt(target, lookedFor(effects, memory));
    looks.set(target, known);
    return known;
  };
  const work = async (): Promise<void> => {
    for (let effect = queue.shift(); effect !== undefined; effect = queue.shift()) {
      if (between(startedAt, deps.clock.tick()) > PASS_BUDGET) return;
      signal.throwIfAborted();
      deps.assertLeading();
      noteTried(memory, effect.step.id, deps.clock.tick());
      const observation = await observe(effect, { ...world, look }, memory, deps, signal);
      memory.lastTried.set(effect.step.id, deps.clock.tick());
      observations.set(effect.step.id, observation);
    }
  };
  // Waits for all even when one gives up: no effect may outlive the pass that started it.
  const ended = await Promise.allSettled(Array.from({ length: UNITS_AT_ONCE }, work));
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
  return observations;
}

/** Keys of the objects that the steps of a pass wait for, as far as they were looked at before. */
const lookedFor = (effects: readonly Effect[], { unready }: Memory): readonly string[] =>
  effects.flatMap((effect) => (effect.kind === 'await-ready' ? (unready.get(effect.unit) ?? []) : []));

/** The world as it is looked at in one pass. */
interface SeenWorld extends ActWorld {
  readonly look: (target: Cluster) => Look;
}

async function observe(
  effect: Effect,
  world: SeenWorld,
  memory: Memory,
  deps: ExecutionDeps,
  signal: AbortSignal,
): Promise<Observation> {
  try {
    return await withinDeadline(deps.clock, EFFECT_DEADLINE, signal, (bounded) =>
      perform(effect, world, memory, deps, bounded),
    );
  } catch (error) {
    signal.throwIfAborted();
    if (isHopeless(error)) return { kind: 'failed', message: error.message };
    const again = effect.step.appliedAt === undefined ? 'blocked' : 'waiting';
    if (error instanceof DeadlineExceededError) return { kind: again, message: late(effect, world.plan) };
    if (error instanceof KubeError || error instanceof StoreError)
      return { kind: again, message: error.message };
    const { namespace, name, spec } = world.execution;
    const fields = { scenario: `${namespace}/${spec.scenario}`, execution: name, step: effect.step.id };
    deps.log.error({ ...fields, error: describeError(error) }, 'a step failed in a way that is not foreseen');
    return { kind: again, message: `internal error, see the operator's log: ${describeError(error)}` };
  }
}

/** What was done before the deadline stays, so that the next attempt gets further. */
function late(effect: Effect, { recoveryRegion }: RunningWorld['plan']): string {
  const where = effect.kind === 'switch-name' ? 'DNS' : recoveryRegion;
  return `${where} did not get it done within ${formatDuration(EFFECT_DEADLINE)}, and it is tried again: see what makes ${where} slow`;
}

const isHopeless = (error: unknown): error is Error =>
  error instanceof PointDamagedError ||
  error instanceof ReadTimeoutError ||
  error instanceof InvalidRulesError ||
  error instanceof InvalidTransformsError;

async function perform(
  effect: Effect,
  world: SeenWorld,
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
      { scenario, spec: acceptedSpec, plan, deps, memory, age },
      signal,
    );
  }
  if (effect.kind === 'report') return finish(effect.step, world, memory, deps, signal);
  const access = deps.clusters.region(plan.recoveryRegion);
  if (access.kind === 'unavailable') {
    const again = effect.kind === 'await-ready' ? 'waiting' : 'blocked';
    return { kind: again, message: `${plan.recoveryRegion} cannot be reached: ${access.message}` };
  }
  const opened = await openPoint(effect.step.id, world, memory, deps, signal);
  if (opened.kind === 'reading') return { kind: 'waiting', message: opened.message };
  const { point } = opened;
  const context = {
    engine: deps.engine(inStoreOf(acceptedSpec, storeOf(plan))),
    identity: identityOf(world),
    target: access.cluster,
    look: world.look(access.cluster),
    point,
    options: { conflicts: acceptedSpec.replication.conflicts },
    rules: rulesOf(plan, memory),
    memory,
  };
  const hooks = hooksOf(effect.step, { world, point, target: access.cluster }, memory, deps);
  switch (effect.kind) {
    case 'prepare':
      return prepare(context, signal);
    case 'apply': {
      const message = unitFailure(point, effect.unit);
      if (message !== undefined) return applyRest(effect.unit, message, point, context, signal);
      const applied = await applyUnit(effect.unit, context, signal);
      return afterRestore(effect.unit, applied, hooks);
    }
    case 'await-ready':
      break;
  }
  return afterRestore(effect.unit, await awaitReady(effect.unit, context, signal), hooks);
}

/** Objects that have nothing to do with each other share a unit: one that a transform does not fit is no reason to lose the others. */
async function applyRest(
  unit: string,
  message: string,
  point: TransformedPoint,
  context: RestoreContext,
  signal: AbortSignal,
): Promise<Observation> {
  const rest = restOfUnit(point, unit);
  const applied = rest === undefined ? undefined : await applyUnit(unit, { ...context, point: rest }, signal);
  return applied?.kind === 'blocked' ? applied : { kind: 'failed', message };
}

function identityOf({ execution, plan }: RunningWorld): ScenarioIdentity {
  return { namespace: execution.namespace, name: execution.spec.scenario, uid: plan.scenarioUid };
}

/** Compiled once in this process. @throws InvalidRulesError when another version of this operator froze the plan */
function rulesOf({ readiness = [] }: RunningWorld['plan'], memory: Memory): readonly CompiledReadiness[] {
  memory.rules ??= compiledReadiness(readiness);
  return memory.rules;
}
