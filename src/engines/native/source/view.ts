/**
 * One look at the source on behalf of a scenario: through the mirror where there
 * is one, else through the API alone. Says how old what is seen may be, and
 * tells the mirror what the scenario reads, so that it is there next time.
 */
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import {
  between,
  type Clock,
  type Instant,
  instant,
  type Millis,
  millis,
  minutes,
  parseDuration,
} from '../../../domain/time.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { mirrorSight, partKey, type Read } from './mirror-sight.ts';
import type { Mirrors } from './mirrors.ts';
import { directSight, type Sight } from './sight.ts';

export interface ViewDeps {
  readonly clock: Clock;
  /** Undefined: every look asks the API for everything. */
  readonly mirrors?: Mirrors | undefined;
}

export interface Looker {
  /** Of the scenario. */
  readonly namespace: string;
  readonly name: string;
  readonly spec: DRScenarioSpec;
  readonly source: Cluster;
  /** Everything is to be read from the API now, because something else is cut at the same time. */
  readonly anew?: boolean;
}

export interface View {
  readonly sight: Sight;
  /** What was seen was so at this instant, or was deleted since: nothing older is missing from it. */
  asOf(): Instant;
  /** What was read, to be compared next time; undefined when the API alone was asked. */
  reads(): readonly Read[] | undefined;
  /** Kinds that had to be listed because they may not be watched. */
  readonly unwatched: readonly string[];
  /** All was read that the scenario reads: let it be watched. */
  done(): void;
}

/** @throws KubeError */
export async function viewOf(deps: ViewDeps, looker: Looker, signal: AbortSignal): Promise<View> {
  const { clock, mirrors } = deps;
  const { source, spec } = looker;
  // Before the first read: whatever was there at this instant is seen, or was deleted since.
  const begun = clock.now();
  if (mirrors === undefined)
    return {
      sight: await directSight(source, signal),
      asOf: () => begun,
      reads: () => undefined,
      unwatched: [],
      done: () => undefined,
    };
  const mirror = mirrors.of(source);
  const rpo = parseDuration(spec.objectives.rpo) ?? millis(0);
  const freshness = looker.anew === true ? millis(0) : freshEnough(rpo);
  const begunAt = clock.tick();
  const sight = await mirrorSight(mirror, { freshness, clock }, signal);
  return {
    sight,
    asOf: () => instant(Math.floor(begun - between(sight.asOf(), begunAt))),
    reads: () => sight.reads(),
    unwatched: mirror.unwatched(),
    done: () => {
      const parts = sight.reads().map(({ type, namespace, name }) => ({ type, namespace, name }));
      mirror.lease(
        `${looker.namespace}/${looker.name}`,
        new Map(parts.map((part) => [partKey(part), part])),
        holdFor(rpo),
      );
      mirrors.keep(source);
    },
  };
}

/**
 * What is cached may be as old as half of the RPO: the next look then comes
 * soon enough for the whole. From an RPO of 150 s on, bookmarks alone keep it
 * younger than that; below, or when none come, quiet kinds are listed again.
 */
const freshEnough = (rpo: Millis): Millis => millis(rpo / 2);

/** A scenario that has not looked for so long is gone, or held: its watches end. */
const holdFor = (rpo: Millis): Millis => millis(Math.max(minutes(10), 3 * rpo));
