/**
 * Asks Velero for a backup, or finds the one that was asked for before: an
 * operator that was restarted goes on with it, and while no server runs the
 * requests do not pile up.
 */
import type { KubeObject } from '../../../api/object.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { KubeError } from '../../../kube/errors.ts';
import type { Store } from '../../../store/store.ts';
import { claimBody, claimName, type Owner } from '../../native/points/claims.ts';
import { manifestKey } from '../../native/points/layout.ts';
import { freeName } from '../../native/points/publish.ts';
import { veleroType } from '../location.ts';
import { INSTANT_ANNOTATION, isMarked, selectorFor } from '../settings.ts';
import { stageOf } from '../stage.ts';
import { type BackupWish, backupRequest, isSameWish } from './backup-request.ts';

export interface Requested {
  readonly name: string;
  /** RFC 3339: nothing older is missing from it. */
  readonly capturedAt: string;
  /** It was asked for by an earlier run, which saw an older source. */
  readonly isAdopted: boolean;
}

/** @throws VeleroProblem, KubeError, StoreError */
export async function requestBackup(
  wish: Omit<BackupWish, 'name'>,
  owner: Owner,
  source: Cluster,
  store: Store,
  signal: AbortSignal,
): Promise<Requested> {
  const pending = await pendingBackup(wish, source, store, signal);
  if (pending !== undefined) return renewed(pending, wish, source, signal);
  const name = await freeName(store, wish.scenario, wish.capturedAt, new Set(), signal);
  // Whatever a crash leaves in the bucket under this name is known to be ours.
  await claimName(store, name, claimBody(wish.capturedAt, owner), signal);
  await source.create(backupRequest({ ...wish, name }), signal);
  return { name, capturedAt: wish.capturedAt, isAdopted: false };
}

/**
 * The newest one for the same wish that is not ended, or well ended and not
 * published; none that is older than a point: that would be made of what a prune
 * has unpublished and could not delete yet, and be taken for the present.
 */
async function pendingBackup(
  wish: Omit<BackupWish, 'name'>,
  source: Cluster,
  store: Store,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  const type = await veleroType(source, 'Backup', signal);
  const { namespace } = wish.settings;
  const labelSelector = selectorFor(wish.scenario, 'Point');
  const { items } = await source.list(type, { namespace, labelSelector }, signal);
  const wished = backupRequest({ ...wish, name: 'any' });
  const newestFirst = items
    .filter((item) => isMarked(item, wish.scenario, 'Point'))
    .toSorted((a, b) => (ageOf(a) < ageOf(b) ? 1 : -1));
  const deletions = await veleroType(source, 'DeleteBackupRequest', signal);
  for (const candidate of newestFirst) {
    const { name } = candidate.metadata;
    if ((await store.get(manifestKey(name), signal)) !== undefined) return undefined;
    if (!isSameWish(candidate, wished)) continue;
    if (['failed', 'partially-failed'].includes(stageOf(candidate).kind)) continue;
    // One that was found to be of no use is still there while Velero has not deleted it.
    if ((await source.get(deletions, { namespace, name }, signal)) === undefined) return candidate;
  }
  return undefined;
}

/** By the clock of the source, which is one: that of an operator may have been ahead when it asked. Sorts as text. */
const ageOf = (backup: KubeObject): string =>
  `${backup.metadata.creationTimestamp ?? ''} ${instantOf(backup)}`;

const instantOf = ({ metadata }: KubeObject): string => metadata.annotations?.[INSTANT_ANNOTATION] ?? '';

/** One that nobody has begun is as good as new: it will hold what is there now. */
async function renewed(
  pending: KubeObject,
  { capturedAt }: Pick<BackupWish, 'capturedAt'>,
  source: Cluster,
  signal: AbortSignal,
): Promise<Requested> {
  const { name, annotations } = pending.metadata;
  const old = { name, capturedAt: instantOf(pending), isAdopted: true };
  if (stageOf(pending).kind !== 'untaken') return old;
  const metadata = { ...pending.metadata, annotations: { ...annotations, [INSTANT_ANNOTATION]: capturedAt } };
  try {
    await source.replace({ ...pending, metadata }, signal);
    return { name, capturedAt, isAdopted: false };
  } catch (error) {
    // It was taken up in this very moment.
    if (error instanceof KubeError && error.code === 'Conflict') return old;
    throw error;
  }
}
