/**
 * The three ways an object is written into the target.
 *
 * What is absent is created by POST, not by server-side apply: apply has no
 * create-only form, so it would merge into an object that somebody made since
 * we looked, and take it over without a word. A POST answers AlreadyExists, and
 * the object is judged anew. What is ours already is applied by force, bound to
 * the uid that was judged, so that a namesake created in between is refused.
 */
import { arrayAt, type Fields, isFields } from '../../../api/fields.ts';
import type { KubeObject, OwnerReference } from '../../../api/object.ts';
import { FIELD_MANAGER, RECOVERY_POINT_ANNOTATION } from '../../../api/ownership.ts';
import { compareText } from '../../../domain/graph/sorting.ts';
import type { ResourceType } from '../../../kube/cluster.ts';
import { KubeError } from '../../../kube/errors.ts';
import type { ApplyOutcome } from '../../engine.ts';
import { objectDigest } from '../objects/digest.ts';
import { normalize } from '../objects/normalize.ts';
import { nodePortNote } from './node-ports.ts';
import { foreign, sourceOccupied } from './obstacles.ts';
import { type Prepared, prepare, withDataNotes } from './prepare.ts';
import { makeWay } from './recreate.ts';
import type { Replay, Wish } from './replay.ts';
import type { Target } from './target.ts';

/** @throws KubeError, code AlreadyExists when it has appeared since it was looked for */
export async function create(replay: Replay, wish: Wish, signal: AbortSignal): Promise<ApplyOutcome> {
  const given = await prepared(replay, wish, undefined, signal);
  const occupied = await replay.data?.provide(wish.key, signal);
  if (occupied !== undefined) return sourceOccupied(wish.key, occupied);
  const created = await replay.target.cluster.create(given.object, signal);
  const outcome = await applied(replay, wish, created, given);
  replay.recreating.delete(wish.key);
  return outcome;
}

/** @param existing ours. @throws KubeError */
export async function update(
  replay: Replay,
  wish: Wish,
  existing: KubeObject,
  signal: AbortSignal,
): Promise<ApplyOutcome> {
  const { cluster } = replay.target;
  const given = await prepared(replay, wish, existing, signal);
  const { object } = given;
  const isSame =
    pointOf(existing) === pointOf(object) &&
    objectDigest(existing) === objectDigest(object) &&
    !ownersDiffer(existing, object);
  // Nothing to write: an operator that resumes must not disturb what it has applied already.
  if (isSame) return applied(replay, wish, existing, given);
  await ownByApply(replay.target, wish.type, existing, signal);
  try {
    const options = { fieldManager: FIELD_MANAGER, force: true };
    const noted = withDataNotes(object, existing);
    const changed = await cluster.apply(boundTo(noted, existing), options, signal);
    return applied(replay, wish, changed, given);
  } catch (error) {
    if (signal.aborted || !(error instanceof KubeError) || error.unchangeable.length === 0) throw error;
    const fields = error.unchangeable;
    const outcome = await makeWay({ replay, wish, existing, object, fields }, signal);
    return outcome === 'gone' ? create(replay, wish, signal) : outcome;
  }
}

async function prepared(
  { target, scenario, point, data }: Replay,
  { key, captured }: Wish,
  existing: KubeObject | undefined,
  signal: AbortSignal,
): Promise<Prepared> {
  const owners = await target.owners.of(captured, signal);
  const given = prepare(captured, owners, scenario, point.manifest, existing);
  return { ...given, object: data?.filled(key, given.object) ?? given.object };
}

/**
 * The server notes the fields of a POST under another kind of manager than
 * those of an apply. Left so, a field that a newer point no longer has would
 * stay, owned by the POST. The note is renamed, once, as client-go's csaupgrade does.
 * @throws KubeError
 */
export async function ownByApply(
  { cluster }: Target,
  type: ResourceType,
  existing: KubeObject,
  signal: AbortSignal,
): Promise<void> {
  const { name, namespace, resourceVersion } = existing.metadata;
  const entries = arrayAt(existing, 'metadata', 'managedFields').filter(isFields);
  if (entries.some((entry) => isOf(entry, 'Apply'))) return;
  if (!entries.some((entry) => isOf(entry, 'Update'))) return;
  const managedFields = entries.map((entry) =>
    isOf(entry, 'Update') ? { ...entry, operation: 'Apply' } : entry,
  );
  const key = namespace === undefined ? { name } : { namespace, name };
  await cluster.mergePatch(type, key, { metadata: { resourceVersion, managedFields } }, signal);
}

/** The point it was last written from; undefined where it has no room for that. */
const pointOf = ({ metadata }: KubeObject): string | undefined =>
  metadata.annotations?.[RECOVERY_POINT_ANNOTATION];

/** Digests do not see uids of owners, but an owner that was made anew has another one. */
function ownersDiffer(existing: KubeObject, wanted: KubeObject): boolean {
  return ownerUids(existing) !== ownerUids(wanted);
}

function ownerUids({ metadata }: KubeObject): string {
  const uids = (metadata.ownerReferences ?? []).map(({ uid }) => uid);
  return uids.toSorted(compareText).join();
}

/** Adds what the source's had, without marking it ours: the target would have it without us. @throws KubeError */
export async function complement(
  replay: Replay,
  wish: Wish,
  existing: KubeObject,
  signal: AbortSignal,
): Promise<ApplyOutcome> {
  const { cluster } = replay.target;
  const { ownerReferences: _, ...metadata } = normalize(wish.captured).metadata;
  const wanted = boundTo({ ...normalize(wish.captured), metadata }, existing);
  try {
    return await applied(replay, wish, await cluster.apply(wanted, { fieldManager: FIELD_MANAGER }, signal), {
      lostOwners: [],
    });
  } catch (error) {
    if (error instanceof KubeError && error.code === 'Conflict')
      return foreign(wish.key, cluster.name, undefined);
    throw error;
  }
}

function boundTo(object: KubeObject, existing: KubeObject): KubeObject {
  const { uid } = existing.metadata;
  return uid === undefined ? object : { ...object, metadata: { ...object.metadata, uid } };
}

/** The outcome for an object that is in the target now, with what people should know of it. */
async function applied(
  { target, recreating }: Replay,
  { key, captured, capturedAs }: Wish,
  object: KubeObject,
  { lostOwners, note }: Pick<Prepared, 'lostOwners' | 'note'>,
): Promise<ApplyOutcome> {
  target.owners.learn(object);
  await target.presence.appeared(key, object.metadata.name);
  const missing = lostOwners.filter((owner) => !target.owners.isStillToCome(captured, owner));
  const notes = [
    recreating.get(key),
    missing.length === 0 ? undefined : withoutOwners(object, missing),
    captured.apiVersion === capturedAs
      ? undefined
      : `was captured as ${capturedAs} and written as ${captured.apiVersion}, which is what ${target.cluster.name} serves`,
    nodePortNote(captured, object),
    note,
  ].filter((text) => text !== undefined);
  return notes.length === 0
    ? { kind: 'applied', object }
    : { kind: 'applied', object, note: notes.join('; ') };
}

function withoutOwners({ kind, metadata }: KubeObject, lost: readonly OwnerReference[]): string {
  const names = lost.map((owner) => `${owner.kind} ${owner.name}`).join(', ');
  return `${kind} ${metadata.name} was restored without its owner ${names}, which is not in the target`;
}

/** Whether an entry of managedFields is of our own writes to the object itself. */
function isOf(entry: Fields, operation: 'Apply' | 'Update'): boolean {
  const { manager, subresource } = entry;
  return manager === FIELD_MANAGER && entry['operation'] === operation && subresource === undefined;
}
