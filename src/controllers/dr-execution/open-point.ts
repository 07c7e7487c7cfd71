/** The recovery point of an execution: read beside its passes, once in this process, and as its steps need it. */
import type { StoreSpec } from '../../api/v1alpha1/dr-scenario-store.ts';
import type { DRExecutionReason } from '../../api/v1alpha1/reasons/dr-execution.ts';
import type { PointFacts } from '../../domain/execution/choose-point.ts';
import { InvalidRulesError } from '../../domain/graph/user-rules/compiled.ts';
import { inStoreOf } from '../../domain/protection/point-store.ts';
import { millis } from '../../domain/time.ts';
import { type Engine, type OpenPoint, PointDamagedError } from '../../engines/engine.ts';
import {
  InvalidTransformsError,
  type TransformedPoint,
  transformedPoint,
} from '../../engines/transformed-point.ts';
import { StoreError } from '../../store/store.ts';
import { placeKey } from '../../store/stores.ts';
import { type Reading, ReadTimeoutError, readBeside } from '../long-read.ts';
import { storeOf, type Waiting } from './decide.ts';
import type { ExecutionDeps, Memory } from './deps.ts';
import type { ActWorld } from './gather.ts';

/** A pass waits for what it reads, so the next one may follow soon. */
const READING = millis(500);

export const waitingToRead = (problem: Error | undefined, point: string): Waiting =>
  waitingFor(problem, `reading recovery point ${point}`);

/** While it is read again, what reading it came to before stays told. */
export function waitingFor(problem: Error | undefined, message: string): Waiting {
  const base = { kind: 'waiting', again: READING } as const;
  return problem === undefined
    ? { ...base, reason: 'ReadingRecoveryPoint', message }
    : { ...base, reason: reasonOf(problem) ?? 'StoreUnavailable', message: problem.message };
}

/** Of what reading a point, and making it what it is to be in the recovery region, may throw; undefined for anything else. */
export function reasonOf(error: Error): DRExecutionReason | undefined {
  if (error instanceof StoreError) return 'StoreUnavailable';
  if (error instanceof ReadTimeoutError) return 'RecoveryPointUnread';
  if (error instanceof PointDamagedError) return 'RecoveryPointDamaged';
  const isOfSpec = error instanceof InvalidTransformsError || error instanceof InvalidRulesError;
  return isOfSpec ? 'Unplannable' : undefined;
}

/**
 * As it is stored, once it is seen to be what was verified.
 * @param store where it is
 * @throws PointDamagedError, ReadTimeoutError, StoreError
 */
export function readPoint(
  { name, digest }: Pick<PointFacts, 'name' | 'digest'>,
  { engine, store }: { readonly engine: Engine; readonly store: StoreSpec },
  memory: Memory,
  deps: ExecutionDeps,
  signal: AbortSignal,
): Promise<Reading<OpenPoint>> {
  const read = async (lasting: AbortSignal): Promise<OpenPoint> => {
    const opened = await engine.open(name, lasting);
    if (opened.digest === digest) return opened;
    throw new PointDamagedError(
      `recovery point ${name} was changed since it was verified (${opened.digest} instead of ${digest}); choose another`,
    );
  };
  const id = `${placeKey(store)} ${name} ${digest}`;
  return readBeside(memory.read, { id, what: `recovery point ${name}`, read }, deps, signal);
}

export type Opened =
  | { readonly kind: 'open'; readonly point: TransformedPoint }
  | { readonly kind: 'reading'; readonly message: string };

/**
 * As it is to be in the recovery region. The time of the first read is not that
 * of the step: the point of an execution that another process has begun may take
 * longer to read than a step may last.
 * @param stepId of the step that needs it
 * @throws PointDamagedError, ReadTimeoutError, StoreError, InvalidTransformsError
 */
export async function openPoint(
  stepId: string,
  { plan, acceptedSpec }: ActWorld,
  memory: Memory,
  deps: ExecutionDeps,
  signal: AbortSignal,
): Promise<Opened> {
  if (memory.point !== undefined) return { kind: 'open', point: memory.point };
  const { recoveryPoint: name, pointDigest: digest } = plan;
  const store = storeOf(plan);
  const engine = deps.engine(inStoreOf(acceptedSpec, store));
  const reading = await readPoint({ name, digest }, { engine, store }, memory, deps, signal);
  if (reading.kind === 'reading') {
    if (reading.problem === undefined) memory.triedSince.set(stepId, deps.clock.tick());
    return { kind: 'reading', message: waitingToRead(reading.problem, name).message };
  }
  memory.point ??= transformedPoint(reading.value, plan.transforms ?? []);
  return { kind: 'open', point: memory.point };
}
