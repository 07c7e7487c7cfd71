/**
 * Has removed from both regions what belongs to points that are no more, beside
 * the scenarios' own cycles: a region that does not answer must not hold up the
 * next point. What cannot be removed now is found by its marks later.
 */
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { between, type Clock, minutes, type Tick } from '../../../domain/time.ts';
import type { Engine, ScenarioIdentity } from '../../../engines/engine.ts';
import type { Clusters } from '../../../kube/cluster.ts';
import type { Log } from '../../../kube/log.ts';
import type { WorkQueue } from '../../../kube/work-queue.ts';
import { type Beside, createBeside } from '../../beside.ts';

export interface GarbageWish {
  readonly scenario: ScenarioIdentity;
  readonly spec: DRScenarioSpec;
  /** Name of the newest one: with another, older ones may have gone. */
  readonly point: string;
  /** Names of all points that are on offer or missing. */
  readonly listed: ReadonlySet<string>;
}

/** The last time that both regions were cleared. */
export interface Cleared {
  readonly point: string;
  readonly at: Tick;
}

export type Garbage = Beside<GarbageWish, Cleared>;

export interface GarbageDeps {
  readonly garbage: Pick<WorkQueue, 'add'>;
  readonly engine: (spec: DRScenarioSpec) => Pick<Engine, 'collectGarbage'>;
  readonly clusters: Pick<Clusters, 'region'>;
  readonly clock: Pick<Clock, 'tick'>;
  readonly log: Log;
}

/** Points also go without a new one, by their age. */
const CLEAR_AGAIN = minutes(10);

export function createGarbage(deps: GarbageDeps): Garbage {
  return createBeside({
    queue: deps.garbage,
    // Nothing of it is shown.
    askers: { add: () => undefined },
    work: (wish, cleared, signal) => clear(wish, cleared, deps, signal),
  });
}

async function clear(
  { scenario, spec, point, listed }: GarbageWish,
  cleared: Cleared | undefined,
  deps: GarbageDeps,
  signal: AbortSignal,
): Promise<Cleared | undefined> {
  const at = deps.clock.tick();
  if (cleared?.point === point && between(cleared.at, at) < CLEAR_AGAIN) return cleared;
  const engine = deps.engine(spec);
  const clearOne = async (region: string): Promise<boolean> => {
    const access = deps.clusters.region(region);
    if (access.kind === 'unavailable') return false;
    const problem = await engine.collectGarbage(scenario, access.cluster, listed, signal);
    const fields = { scenario: `${scenario.namespace}/${scenario.name}`, cluster: region, problem };
    if (problem !== undefined) deps.log.warn(fields, 'what removed points have left is removed later');
    return problem === undefined;
  };
  const all = await Promise.all([spec.source.region, spec.recovery.region].map(clearOne));
  return all.every(Boolean) ? { point, at } : cleared;
}
