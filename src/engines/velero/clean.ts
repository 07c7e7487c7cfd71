/**
 * Takes back what this engine has made. A backup is deleted by Velero itself
 * where its record still is, since only Velero also deletes its snapshots and
 * the data its mover stored; files are removed directly where it is not.
 * Nothing without our marks is ever touched.
 */
import { textAt } from '../../api/fields.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { KubeError } from '../../kube/errors.ts';
import type { Log } from '../../kube/log.ts';
import { type Store, StoreError } from '../../store/store.ts';
import { createUnlessThere } from '../create-unless-there.ts';
import type { ScenarioIdentity } from '../engine.ts';
import { backupKey, claimKey, MANIFESTS, manifestKey, nameOfKey, nameStem } from '../native/points/layout.ts';
import { erasePoint } from '../native/points/publish.ts';
import { veleroType } from './location.ts';
import { VeleroProblem } from './problem.ts';
import { noteClaims } from './restore/moved-claims.ts';
import { API_VERSION, isMarked, marks, selectorFor, type VeleroSettings } from './settings.ts';
import { isEnd, stageOf } from './stage.ts';

export interface CleanDeps {
  readonly store: Store;
  readonly log: Log;
  readonly settings: VeleroSettings;
}

/**
 * Unpublishes a point and has everything of it removed but its record in the
 * recovery region, see {@link forgetCopiesOfNone}. While Velero in the source cannot be asked the files stay:
 * it forgets a backup whose files are gone, and its snapshots with it. They are found later as an orphan's.
 * @param source undefined while it cannot be reached
 * @throws StoreError when it cannot be unpublished
 */
export async function removePoint(
  name: string,
  scenario: ScenarioIdentity,
  source: Cluster | undefined,
  deps: CleanDeps,
  signal: AbortSignal,
): Promise<void> {
  await deps.store.remove(manifestKey(name), signal);
  const isAsked =
    source && (await attempt(deps, name, () => askDeletion(name, scenario, source, deps, signal), signal));
  if (isAsked === true) await deps.store.remove(claimKey(name), signal);
  if (isAsked === false) await erasePoint(deps.store, name, signal);
}

/** Has a backup deleted that is not to become a point; what fails now is found later as an orphan. */
export async function discardBackup(
  name: string,
  scenario: ScenarioIdentity,
  source: Cluster,
  deps: CleanDeps,
  signal: AbortSignal,
): Promise<void> {
  await attempt(deps, name, () => askDeletion(name, scenario, source, deps, signal), signal);
}

/**
 * Has those backups of the scenario deleted that ended and that no point names:
 * what captures that failed or were killed have left.
 * @param isNeeded of a name: a capture of this process needs it, or it is listed as a point, whose manifest may come back
 * @returns names of all backups of the scenario that the source has
 * @throws KubeError, VeleroProblem, StoreError
 */
export async function removeOrphans(
  scenario: ScenarioIdentity,
  source: Cluster,
  isNeeded: (name: string) => boolean,
  deps: CleanDeps,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const type = await veleroType(source, 'Backup', signal);
  const { namespace } = deps.settings;
  const labelSelector = selectorFor(scenario, 'Point');
  const { items } = await source.list(type, { namespace, labelSelector }, signal);
  const published = await publishedOf(scenario, deps.store, signal);
  for (const item of items) {
    const { name } = item.metadata;
    if (published.has(name) || isNeeded(name) || !isOver(item)) continue;
    deps.log.info({ backup: name, cluster: source.name }, 'deleting a backup that is no recovery point');
    await askDeletion(name, scenario, source, deps, signal);
  }
  return new Set(items.map(({ metadata }) => metadata.name));
}

/**
 * Removes what restores that were killed have left in the recovery cluster:
 * ended Restores of ours, the backups made for them, and records of such
 * backups whose Restore and files are gone already.
 * @param busy names of restores that this process still reads
 * @throws KubeError, VeleroProblem, StoreError
 */
export async function removeOldWaves(
  scenario: ScenarioIdentity,
  recovery: Cluster,
  busy: ReadonlySet<string>,
  deps: CleanDeps,
  signal: AbortSignal,
): Promise<void> {
  const { namespace } = deps.settings;
  const labelSelector = selectorFor(scenario, 'Wave');
  const restores = await veleroType(recovery, 'Restore', signal);
  const { items } = await recovery.list(restores, { namespace, labelSelector }, signal);
  const names = new Set(items.map(({ metadata }) => metadata.name));
  for (const item of items)
    if (!busy.has(item.metadata.name) && isOver(item))
      await removeWave(item.metadata.name, recovery, deps, signal);
  const backups = await veleroType(recovery, 'Backup', signal);
  const records = await recovery.list(backups, { namespace, labelSelector }, signal);
  for (const { metadata } of records.items) {
    const { name } = metadata;
    // With its files it may be one that is being made: those have a claim, and go when that is old.
    if (names.has(name) || (await deps.store.get(backupKey(name), signal)) !== undefined) continue;
    await recovery.remove(backups, { namespace, name }, signal);
  }
}

/**
 * What it says of the claims is noted on them first. Then the files go: Velero
 * would make records for them again. The Restore is removed by its server, which
 * may take a moment and needs the record for it.
 * @param name of one that has ended
 * @throws KubeError, StoreError
 */
export async function removeWave(
  name: string,
  target: Cluster,
  { store, settings: { namespace } }: CleanDeps,
  signal: AbortSignal,
): Promise<void> {
  await noteClaims(name, target, store, signal);
  for (const key of await store.list(`velero/restores/${name}/`, signal)) await store.remove(key, signal);
  // Its files only: deleted by Velero, it would take the snapshots of the point with it.
  await erasePoint(store, name, signal);
  const restores = await veleroType(target, 'Restore', signal);
  await target.remove(restores, { namespace, name }, signal);
  const backups = await veleroType(target, 'Backup', signal);
  await target.remove(backups, { namespace, name }, signal);
}

/**
 * Forgets the copied records in the recovery cluster of backups that are no points;
 * the files belong to the source's. Velero there makes them again for a backup that is being deleted in the
 * source, as long as its files are there. Only the records go.
 * @throws KubeError, VeleroProblem, StoreError
 */
export async function forgetCopiesOfNone(
  scenario: ScenarioIdentity,
  recovery: Cluster,
  deps: CleanDeps,
  signal: AbortSignal,
): Promise<void> {
  const type = await veleroType(recovery, 'Backup', signal);
  const labelSelector = selectorFor(scenario, 'Point');
  const { namespace } = deps.settings;
  const { items } = await recovery.list(type, { namespace, labelSelector }, signal);
  const published = await publishedOf(scenario, deps.store, signal);
  for (const { metadata } of items.filter((item) => isMarked(item, scenario, 'Point')))
    if (!published.has(metadata.name))
      await recovery.remove(type, { namespace, name: metadata.name }, signal);
}

async function publishedOf(
  scenario: ScenarioIdentity,
  store: Store,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  return new Set((await store.list(`${MANIFESTS}${nameStem(scenario)}`, signal)).map(nameOfKey));
}

/** A completed one may be published by the next capture; it is an orphan only for prune, which runs after that. */
const isOver = (backup: KubeObject): boolean =>
  isEnd(stageOf(backup)) && textAt(backup, 'status', 'phase') !== 'Deleting';

/** @returns false when the source has no such backup of ours. @throws KubeError, VeleroProblem */
async function askDeletion(
  name: string,
  scenario: ScenarioIdentity,
  source: Cluster,
  { settings: { namespace } }: CleanDeps,
  signal: AbortSignal,
): Promise<boolean> {
  const backups = await veleroType(source, 'Backup', signal);
  const backup = await source.get(backups, { namespace, name }, signal);
  if (backup === undefined || !isMarked(backup, scenario, 'Point')) return false;
  const requests = await veleroType(source, 'DeleteBackupRequest', signal);
  const before = await source.get(requests, { namespace, name }, signal);
  // One that was processed and has not removed the backup says why in its status; it is asked for again.
  if (before !== undefined && textAt(before, 'status', 'phase') === 'Processed')
    await source.remove(requests, { namespace, name }, signal);
  else if (before !== undefined) return true;
  const labels = marks(scenario, 'Point');
  const metadata = { name, namespace, labels };
  const request = {
    apiVersion: API_VERSION,
    kind: 'DeleteBackupRequest',
    metadata,
    spec: { backupName: name },
  };
  await createUnlessThere(request, source, signal);
  return true;
}

async function attempt<Result>(
  { log }: CleanDeps,
  name: string,
  work: () => Promise<Result>,
  signal: AbortSignal,
): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    const isExpected =
      error instanceof KubeError || error instanceof VeleroProblem || error instanceof StoreError;
    if (!isExpected || signal.aborted) throw error;
    log.warn({ backup: name, problem: error.message }, 'what is left of a backup is removed later');
    return undefined;
  }
}
