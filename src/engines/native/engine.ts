/**
 * The native engine: recovery points of API objects, read through the API,
 * kept in a store, put back through the API. This file only joins the parts.
 */

import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import type { Clock } from '../../domain/time.ts';
import type { Log } from '../../kube/log.ts';
import { createPace, type Pace, parseBandwidth } from '../../store/pace.ts';
import { paced, type Store } from '../../store/store.ts';
import type { Engine } from '../engine.ts';
import { removeSnapshotsOfNone } from '../volumes/clean/clean.ts';
import { pointsOfFormer } from '../volumes/clean/former.ts';
import { createTrials } from '../volumes/cut/trials.ts';
import { proveClaims } from '../volumes/prove/prove.ts';
import { createSamples } from '../volumes/prove/samples.ts';
import { capture } from './capture/capture.ts';
import { type Memory, scenarioKey } from './capture/remembered.ts';
import { verify } from './capture/verify.ts';
import { missingPoints } from './points/missing.ts';
import { collectHalfWritten, openPoint } from './points/points.ts';
import { marked, pruneSurveyed } from './points/prune.ts';
import { erasePoint } from './points/publish.ts';
import { nothingKnown, survey } from './points/survey.ts';
import { rehearse } from './rehearse/rehearse.ts';
import { type ClusterLimits, clusterLimits } from './restore/cluster-limits.ts';
import { preflight } from './restore/preflight.ts';
import { restoreObjects } from './restore/restore.ts';
import { sessions } from './restore/sessions.ts';
import type { Mirrors } from './source/mirrors.ts';

export interface NativeEngineDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Uid of the objective cluster: whose points are whose on a shared store. Default: not known, then a scenario made anew leaves its former points alone. */
  readonly objective?: string | undefined;
  /** Those of all engines of this process, since they may send to the same clusters. Default: its own. */
  readonly limits?: ClusterLimits;
  /** Of the sources, shared by all engines of this process. Default: none, every capture reads the whole source. */
  readonly mirrors?: Mirrors;
}

export function nativeEngine({
  store,
  clock,
  log,
  limits = clusterLimits(clock),
  mirrors,
  objective,
}: NativeEngineDeps): Engine {
  const busy = new Set<string>();
  const memory: Memory = new Map();
  const known = sessions(clock);
  const manifests = nothingKnown();
  const trials = createTrials(clock);
  const samples = createSamples(clock);
  const deps = { store, clock, log, busy, mirrors, memory, manifests, objective, trials, samples };
  return {
    capture: (scenario, spec, regions, signal) =>
      capture({ ...deps, store: paced(store, paceOf(spec, clock)) }, scenario, spec, regions, signal),
    verify: (point, spec, regions, signal) => verify(deps, point, spec, regions, signal),
    points: async (scenario, signal) => {
      const { points } = await survey(store, scenario, manifests, log, signal);
      return marked(points, { ...scenario, objective });
    },
    prune: async (scenario, request, signal) => {
      const owner = { ...scenario, objective };
      const listed = new Set(request.listed.map(({ name }) => name));
      const isNeeded = (name: string) => busy.has(name) || listed.has(name);
      const halves = await collectHalfWritten(store, owner, isNeeded, clock.now(), signal);
      if (halves.removed.length > 0)
        log.info(
          { points: halves.removed, store: store.location },
          'removed recovery points never published',
        );
      const found = await survey(store, scenario, manifests, log, signal);
      const missing = await missingPoints(request.listed, found, scenario, store, signal);
      const remove = (name: string) => erasePoint(store, name, signal);
      const pruning = { log, now: clock.now(), remove, missing };
      const pruned = await pruneSurveyed(found, owner, request, pruning, signal);
      return { ...pruned, problems: [...halves.problems, ...(pruned.problems ?? [])] };
    },
    collectGarbage: (scenario, region, listed, signal) => {
      const maker = { owner: { ...scenario, objective }, store: store.location };
      return removeSnapshotsOfNone({ maker, store, busy, listed, log, trials }, region, signal);
    },
    formerPoints: (scenario, regions, signal) =>
      pointsOfFormer({ owner: { ...scenario, objective }, store: store.location }, regions, clock, signal),
    open: (name, signal) => openPoint(store, name, signal),
    preflight: (point, scenario, target, signal) =>
      preflight(point, scenario, known.of(point, limits.paced(target)).target, signal),
    rehearse: (point, scenario, target, before, budget, signal) =>
      rehearse(point, scenario, limits.paced(target), before, budget, signal),
    restore: (point, keys, scenario, target, options, signal) => {
      const session = known.of(point, limits.paced(target));
      const maker = { owner: { ...scenario, objective }, store: store.location };
      const data = session.claims(maker);
      return restoreObjects({ ...session, point, scenario, options, log, data }, keys, signal);
    },
    forget: (scenario) => {
      memory.delete(scenarioKey(scenario));
      samples.forget(scenarioKey(scenario));
    },
    prove: (point, keys, cluster, signal) => {
      const target = limits.paced(cluster);
      const { lists } = known.of(point, target);
      return proveClaims(point.manifest, keys, { target, lists }, signal);
    },
  };
}

/** Of one capture; the captures of a scenario follow one another, so it is the scenario's. */
function paceOf({ replication }: DRScenarioSpec, clock: Clock): Pace | undefined {
  const rate = parseBandwidth(replication.schedule.maxBandwidth ?? '');
  return rate === undefined ? undefined : createPace(rate, clock);
}
