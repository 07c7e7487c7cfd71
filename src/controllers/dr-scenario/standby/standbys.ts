/**
 * Looks after the standbys of all scenarios beside their own reconciles.
 * Whatever is still on its way when a look is broken off, as by an execution
 * that begins, cannot change what the execution has put to work (native/standby/guard.ts).
 */
import type { WorkQueue } from '../../../kube/work-queue.ts';
import { type Beside, createBeside } from '../../beside.ts';
import { look, type StandbyDeps, type StandbyMemory, type StandbyWish } from './standby.ts';

export type Standbys = Beside<StandbyWish, StandbyMemory>;

export interface StandbysDeps extends StandbyDeps {
  readonly standbys: Pick<WorkQueue, 'add'>;
  readonly scenarios: Pick<WorkQueue, 'add'>;
}

export function createStandbys(deps: StandbysDeps): Standbys {
  return createBeside({
    queue: deps.standbys,
    askers: deps.scenarios,
    work: (wish, memory, signal) => look(wish, memory, deps, signal),
  });
}
