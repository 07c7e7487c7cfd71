/** Removes points beyond retention and what was left behind, with Velero's help where it knows of them. */

import type { Clock } from '../../domain/time.ts';
import type { Cluster, Clusters } from '../../kube/cluster.ts';
import { KubeError } from '../../kube/errors.ts';
import { StoreError } from '../../store/store.ts';
import type { Pruned, PruneRequest, ScenarioIdentity } from '../engine.ts';
import type { Owner } from '../native/points/claims.ts';
import { missingPoints } from '../native/points/missing.ts';
import { collectHalfWritten } from '../native/points/points.ts';
import { pruneSurveyed } from '../native/points/prune.ts';
import { type Known, survey } from '../native/points/survey.ts';
import { type CleanDeps, forgetCopiesOfNone, removeOldWaves, removeOrphans, removePoint } from './clean.ts';
import { VeleroProblem } from './problem.ts';

export interface PruneDeps extends CleanDeps {
  readonly clusters: Pick<Clusters, 'region'>;
  readonly clock: Clock;
  readonly busy: ReadonlySet<string>;
  readonly manifests: Known;
  readonly objective?: string | undefined;
}

/** See Engine.prune. @throws StoreError */
export async function prune(
  deps: PruneDeps,
  scenario: ScenarioIdentity,
  request: PruneRequest,
  signal: AbortSignal,
): Promise<Pruned> {
  const { store, log, clock, manifests, objective, clusters, settings } = deps;
  const owner = { ...scenario, objective };
  const access = clusters.region(settings.sourceRegion);
  const source = access.kind === 'available' ? access.cluster : undefined;
  const listed = new Set(request.listed.map(({ name }) => name));
  const isNeeded = (name: string) => deps.busy.has(name) || listed.has(name);
  if (source !== undefined) await collect(deps, owner, source, isNeeded, signal);
  const found = await survey(store, scenario, manifests, log, signal);
  // A manifest whose archive is gone stands for nothing: who deletes a backup through Velero deletes its data too.
  const archived = request.listed.filter(({ name }) => found.damaged.every((point) => point.name !== name));
  const missing = await missingPoints(archived, found, scenario, store, signal);
  const remove = (name: string) => removePoint(name, scenario, source, deps, signal);
  return pruneSurveyed(found, owner, request, { log, now: clock.now(), remove, missing }, signal);
}

/** While the source cannot be asked, nobody knows which files Velero still writes: they are left alone. */
async function collect(
  deps: PruneDeps,
  scenario: Owner,
  source: Cluster,
  isNeeded: (name: string) => boolean,
  signal: AbortSignal,
): Promise<void> {
  const { store, clock, log } = deps;
  const problem = await orProblem(async () => {
    const known = await removeOrphans(scenario, source, isNeeded, deps, signal);
    const isLeft = (name: string) => known.has(name) || isNeeded(name);
    const { removed, problems } = await collectHalfWritten(store, scenario, isLeft, clock.now(), signal);
    if (removed.length > 0)
      log.info({ backups: removed, store: store.location }, 'removed backups never published');
    for (const left of problems) log.warn({ problem: left }, 'what captures left behind is collected later');
  }, signal);
  if (problem !== undefined) log.warn({ problem }, 'what captures left behind is collected later');
}

/** See Engine.collectGarbage: what the source has is removed by Velero with its backup, so {@link prune} sees to it. */
export async function collectGarbage(
  deps: PruneDeps,
  scenario: ScenarioIdentity,
  region: Cluster,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (region.name !== deps.settings.recoveryRegion) return undefined;
  return orProblem(async () => {
    await removeOldWaves(scenario, region, deps.busy, deps, signal);
    await forgetCopiesOfNone(scenario, region, deps, signal);
  }, signal);
}

/** @returns what stood in the way. @throws whatever is not expected to */
async function orProblem(work: () => Promise<void>, signal: AbortSignal): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    const isExpected =
      error instanceof KubeError || error instanceof VeleroProblem || error instanceof StoreError;
    if (!isExpected || signal.aborted) throw error;
    return error.message;
  }
}
