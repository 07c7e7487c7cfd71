/**
 * What becomes of the claims that a data mover was to fill, once a Restore has
 * ended. Velero makes such a claim first and has it filled afterwards, and leaves
 * it there, bound or not, when that fails: so the claim itself tells nothing, and
 * only what Velero says of its operation does. That is noted on the claim before
 * the Restore and its files are removed. Nobody deletes a claim here: one that
 * was not filled stands in the way, with its reason, until its owner does.
 */
import { fieldsAt, textAt } from '../../../api/fields.ts';
import { type KubeObject, objectKey, parseRefKey } from '../../../api/object.ts';
import { DATA_ANNOTATION, type Evidence, NOT_MOVED_ANNOTATION } from '../../../domain/volumes/evidence.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import type { Store } from '../../../store/store.ts';
import type { OpenPoint } from '../../engine.ts';
import { inParallel } from '../../native/parallel.ts';
import { CLAIM, getOne, typeOf } from '../../volumes/kinds.ts';
import { type ClaimOperation, claimOperations } from '../results/operations.ts';
import { unpackJson } from '../results/results.ts';
import { labelValue, pointOfWave, restoreFile } from '../settings.ts';

/** By it a claim asks for the one volume that a data mover makes for it, and for no other. */
const VOLUME_LABEL = 'velero.io/dynamic-pv-restore';
const RESTORE_LABEL = 'velero.io/restore-name';
const REMEDY = 'Delete it, with what uses it, and it is made anew';
/** Requests under way at once. */
const PARALLEL = 16;
const UNKNOWN = 'Velero does not say that it was';

/** What {@link DATA_ANNOTATION} says of a claim with the data of a point. */
const noteOf = (point: string): string => `velero/${point}`;

/**
 * Notes on the claims that a Restore has made whether they were filled.
 * @param restore name of one that has ended, and whose files are there
 * @throws KubeError, StoreError
 */
export async function noteClaims(
  restore: string,
  target: Cluster,
  store: Pick<Store, 'get'>,
  signal: AbortSignal,
): Promise<void> {
  const type = await typeOf(target, CLAIM, signal);
  if (type === undefined) return;
  const labelSelector = `${RESTORE_LABEL}=${labelValue(restore)}`;
  const { items } = await target.list(type, { labelSelector }, signal);
  const open = items.filter(isOpen);
  if (open.length === 0) return;
  const packed = await store.get(restoreFile(restore, 'itemoperations.json.gz'), signal);
  const operations = packed === undefined ? [] : claimOperations(unpackJson(packed));
  for (const claim of open) {
    const { namespace = '', name, uid } = claim.metadata;
    // Another claim of this name, made since, is refused by its uid.
    const metadata = { uid, annotations: outcomeOf(claim, operations, restore) };
    await target.mergePatch(type, { namespace, name }, { metadata }, signal);
  }
}

function outcomeOf(
  claim: KubeObject,
  operations: readonly ClaimOperation[],
  restore: string,
): Readonly<Record<string, string>> {
  const key = objectKey(claim);
  const operation = operations.find((one) => one.claim === key);
  return operation?.isCompleted === true
    ? { [DATA_ANNOTATION]: noteOf(pointOfWave(restore)) }
    : { [NOT_MOVED_ANNOTATION]: operation?.error ?? UNKNOWN };
}

/** Whether a data mover was to fill a claim, and nobody has noted what came of it. */
export const isOpen = (claim: KubeObject): boolean =>
  fieldsAt(claim, 'spec', 'selector', 'matchLabels')?.[VOLUME_LABEL] !== undefined &&
  claim.metadata.annotations?.[DATA_ANNOTATION] === undefined &&
  notFilled(claim) === undefined;

/** Claims of the point among `keys` that a data mover fills and that are there, by refKey. @throws KubeError */
export async function movedClaims(
  keys: readonly string[],
  { manifest: { volumes = [] } }: Pick<OpenPoint, 'manifest'>,
  target: Cluster,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, KubeObject>> {
  const moved = volumes.filter(
    ({ claim, strategy }) => strategy === 'VeleroDataMover' && keys.includes(claim),
  );
  const found = await inParallel(moved, PARALLEL, async ({ claim: key }) => {
    const { namespace = '', name = '' } = parseRefKey(key) ?? {};
    const claim = await getOne(target, CLAIM, { namespace, name }, signal);
    return claim === undefined ? [] : [[key, claim] as const];
  });
  return new Map(found.flat());
}

/** Why, by refKey, of those that are known to have no data. */
export function unfilled(claims: ReadonlyMap<string, KubeObject>): ReadonlyMap<string, string> {
  const failed = [...claims].flatMap(([key, claim]) => {
    const why = notFilled(claim);
    return why === undefined ? [] : [[key, why] as const];
  });
  return new Map(failed);
}

/** Why a claim has no data, with the remedy; undefined when nothing is known against it. */
function notFilled({ metadata }: KubeObject): string | undefined {
  const why = metadata.annotations?.[NOT_MOVED_ANNOTATION];
  return why === undefined ? undefined : `its data was not brought back: ${why}. ${REMEDY}`;
}

/** @param claim as it is in the recovery region; undefined when it is not there */
export function judgeMoved(claim: KubeObject | undefined, point: string): Evidence {
  if (claim === undefined)
    return { kind: 'pending', message: 'was applied and is gone: something deletes it' };
  const against = notFilled(claim);
  if (against !== undefined) return { kind: 'refuted', message: against };
  const phase = textAt(claim, 'status', 'phase');
  if (phase === 'Lost') return { kind: 'refuted', message: 'its volume is lost' };
  if (isOpen(claim)) return { kind: 'pending', message: 'waiting for its volume to be filled' };
  if (claim.metadata.annotations?.[DATA_ANNOTATION] !== noteOf(point))
    return {
      kind: 'refuted',
      message: `it was there before, and its data is not that of the point. ${REMEDY}`,
    };
  return phase === 'Bound' ? { kind: 'proven' } : { kind: 'pending', message: 'waiting for its volume' };
}
