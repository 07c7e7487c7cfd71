/** The last step of an execution: hooks that are for no unit in particular, and what its report needs to know. */
import type { StepStatus } from '../../api/v1alpha1/dr-execution.ts';
import type { Observation } from '../../domain/execution/reducer.ts';
import { inStoreOf } from '../../domain/protection/point-store.ts';
import { PointDamagedError } from '../../engines/engine.ts';
import type { TransformedPoint } from '../../engines/transformed-point.ts';
import { StoreError } from '../../store/store.ts';
import { ReadTimeoutError } from '../long-read.ts';
import { afterAll } from './after-restore.ts';
import { storeOf } from './decide.ts';
import type { ExecutionDeps, Memory } from './deps.ts';
import type { ActWorld } from './gather.ts';
import { hooksOf } from './hooks-of.ts';
import { type Opened, openPoint } from './open-point.ts';

/** @throws KubeError */
export async function finish(
  step: StepStatus,
  world: ActWorld,
  memory: Memory,
  deps: ExecutionDeps,
  signal: AbortSignal,
): Promise<Observation> {
  const opened = await openPoint(step.id, world, memory, deps, signal).catch(unreadable);
  if (opened.kind === 'reading') return { kind: 'waiting', message: opened.message };
  if (world.plan.hooks === undefined) return noted(opened, world, memory, deps, signal);
  const hooked = lastHooks(step, opened, world, memory, deps);
  if (hooked.kind !== 'done') return hooked;
  const { kind, message } = await noted(opened, world, memory, deps, signal);
  return { kind, message: `${hooked.message}; ${message}` };
}

interface Unreadable {
  readonly kind: 'unreadable';
  readonly message: string;
}
type Known = Extract<Opened, { kind: 'open' }> | Unreadable;

/** A recovery that succeeded does not fail because its point cannot be read again. */
function unreadable(error: unknown): Unreadable {
  const isExpected =
    error instanceof StoreError || error instanceof PointDamagedError || error instanceof ReadTimeoutError;
  if (!isExpected) throw error;
  return { kind: 'unreadable', message: error.message };
}

function lastHooks(
  step: StepStatus,
  opened: Known,
  world: ActWorld,
  memory: Memory,
  deps: ExecutionDeps,
): Observation {
  const access = deps.clusters.region(world.plan.recoveryRegion);
  if (access.kind === 'unavailable') return { kind: 'blocked', message: access.message };
  if (opened.kind === 'unreadable')
    return { kind: 'done', message: `hooks for the Pods of no unit were not run: ${opened.message}` };
  return afterAll(hooksOf(step, { world, point: opened.point, target: access.cluster }, memory, deps));
}

/** The report names what the point did not hold. */
async function noted(
  opened: Known,
  world: ActWorld,
  memory: Memory,
  deps: ExecutionDeps,
  signal: AbortSignal,
): Promise<Observation> {
  if (opened.kind === 'unreadable')
    return { kind: 'done', message: `written without what the point did not hold: ${opened.message}` };
  memory.dataNotes = await dataNotes(opened.point, world, deps, signal);
  return { kind: 'done', message: 'written' };
}

/** What is to be said of claims whose data is not seen to be there although all units are ready. */
async function dataNotes(
  point: TransformedPoint,
  { plan, acceptedSpec }: ActWorld,
  deps: ExecutionDeps,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const claims = (point.manifest.volumes ?? []).map(({ claim }) => claim);
  const access = deps.clusters.region(plan.recoveryRegion);
  if (claims.length === 0 || access.kind === 'unavailable') return [];
  const engine = deps.engine(inStoreOf(acceptedSpec, storeOf(plan)));
  const evidence = await engine.prove(point, claims, access.cluster, signal);
  return [...evidence].flatMap(([claim, found]) =>
    found.kind === 'proven' ? [] : [`The data of ${claim} is not seen to be there: ${found.message}.`],
  );
}
