/**
 * Looks for points in the store of a scenario that lists none: when it, or its
 * whole objective cluster, was made anew, only the store knows of them, and while
 * the source is down no capture would tell. Beside the scenarios' own reconciles,
 * since a store may be slow or away, and ever less often while there is nothing.
 */
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import {
  between,
  type Clock,
  type Millis,
  millis,
  minutes,
  seconds,
  type Tick,
} from '../../../domain/time.ts';
import type { Engine, KeptPoint, ScenarioIdentity } from '../../../engines/engine.ts';
import type { Log } from '../../../kube/log.ts';
import type { WorkQueue } from '../../../kube/work-queue.ts';
import { StoreError } from '../../../store/store.ts';
import { placeKey } from '../../../store/stores.ts';
import { type Beside, createBeside } from '../../beside.ts';
import { ReadTimeoutError, readBounded } from '../../long-read.ts';
import { identityOf, type ScenarioWorld } from '../world.ts';

export interface FindWish {
  readonly scenario: ScenarioIdentity;
  readonly spec: DRScenarioSpec;
}

/** The last look into the store. */
export interface Find {
  /** Newest first. */
  readonly points: readonly KeptPoint[];
  /** Why the store could not be looked through; undefined when it was. */
  readonly problem: string | undefined;
  /** Of the store that was looked into. */
  readonly place: string;
  readonly at: Tick;
  /** No look before that time is over. */
  readonly rest: Millis;
}

export type Finds = Beside<FindWish, Find>;

export interface FindsDeps {
  readonly finds: Pick<WorkQueue, 'add'>;
  readonly scenarios: Pick<WorkQueue, 'add'>;
  readonly engine: (spec: DRScenarioSpec) => Pick<Engine, 'points'>;
  readonly clock: Clock;
  readonly log: Log;
}

const FIRST_REST = seconds(30);
const LONGEST_REST = minutes(10);

/** @returns undefined when status tells of points: from then on captures do */
export function findWishOf(world: ScenarioWorld, inForce: DRScenarioSpec | undefined): FindWish | undefined {
  const { recoveryPoints = [], missingPoints = [] } = world.parsed.status;
  if (inForce === undefined || recoveryPoints.length + missingPoints.length > 0) return undefined;
  return { scenario: identityOf(world), spec: inForce };
}

export function createFinds(deps: FindsDeps): Finds {
  const beside = createBeside<FindWish, Find>({
    queue: deps.finds,
    askers: deps.scenarios,
    work: (wish, before, signal) => look(wish, before, deps, signal),
  });
  return {
    ...beside,
    ask: (key, wish) => {
      if (wish !== undefined) return beside.ask(key, wish);
      // What was found then may be gone by the time that nothing is listed again.
      beside.forget(key);
      return undefined;
    },
  };
}

async function look(
  { scenario, spec }: FindWish,
  before: Find | undefined,
  deps: FindsDeps,
  signal: AbortSignal,
): Promise<Find> {
  const { clock } = deps;
  const place = placeKey(spec.replication.store);
  const isSame = before?.place === place;
  if (isSame && between(before.at, clock.tick()) < before.rest) return before;
  const rest = isSame ? millis(Math.min(2 * before.rest, LONGEST_REST)) : FIRST_REST;
  const name = `${scenario.namespace}/${scenario.name}`;
  const read = (bounded: AbortSignal) => deps.engine(spec).points(scenario, bounded);
  try {
    const points = await readBounded(`the list of recovery points of ${name}`, read, clock, signal);
    if (points.length > 0)
      deps.log.info({ scenario: name, points: points.length }, 'found recovery points that were not listed');
    return { points, problem: undefined, place, at: clock.tick(), rest };
  } catch (error) {
    if (!(error instanceof StoreError || error instanceof ReadTimeoutError) || signal.aborted) throw error;
    deps.log.warn({ scenario: name, problem: error.message }, 'the store is looked into again later');
    return { points: [], problem: error.message, place, at: clock.tick(), rest };
  }
}
