/**
 * The three ways an object is written into the target.
 *
 * What is absent is created by POST, not by server-side apply: apply has no
 * create-only form, so it would merge into an object that somebody made since
 * we looked, and take it over without a word. A POST answers AlreadyExists, and
 * the object is judged anew. What is ours already is applied by force, bound to
 * the uid that was judged, so that a namesake created in between is refused.
 */
import { arrayAt, type Fields, isFields } from '../../api/fields.ts';
import type { KubeObject, OwnerReference } from '../../api/object.ts';
import { FIELD_MANAGER, RECOVERY_POINT_ANNOTATION } from '../../api/ownership.ts';
import { compareText } from '../../domain/graph/sorting.ts';
import type { ResourceType } from '../../kube/cluster.ts';
import { KubeError } from '../../kube/errors.ts';
import type { ApplyOutcome, OpenPoint, ScenarioIdentity } from '../engine.ts';
import { objectDigest } from './digest.ts';
import { normalize } from './normalize.ts';
import { foreign } from './obstacles.ts';
import { prepare } from './prepare.ts';
import type { Target } from './target.ts';

/** One restore of one point. */
export interface Replay {
  readonly point: OpenPoint;
  readonly scenario: ScenarioIdentity;
  readonly target: Target;
}

/** An object that is to be in the target. */
export interface Wish {
  readonly key: string;
  readonly captured: KubeObject;
  readonly type: ResourceType;
}

/** @throws KubeError, code AlreadyExists when it has appeared since it was looked for */
export async function create(
  { target, scenario, point }: Replay,
  { captured }: Wish,
  signal: AbortSignal,
): Promise<ApplyOutcome> {
  const owners = await target.owners(captured, signal);
  const { object, lostOwners } = prepare(captured, owners, scenario, point.manifest.name);
  return applied(await target.cluster.create(object, signal), lostOwners);
}

/** @param existing ours. @throws KubeError */
export async function update(
  { target, scenario, point }: Replay,
  { captured, type }: Wish,
  existing: KubeObject,
  signal: AbortSignal,
): Promise<ApplyOutcome> {
  const name = point.manifest.name;
  const owners = await target.owners(captured, signal);
  const { object, lostOwners } = prepare(captured, owners, scenario, name);
  const isSame =
    existing.metadata.annotations?.[RECOVERY_POINT_ANNOTATION] === name &&
    objectDigest(existing) === objectDigest(object) &&
    !ownersDiffer(existing, object);
  // Nothing to write: an operator that resumes must not disturb what it has applied already.
  if (isSame) return applied(existing, lostOwners);
  const apply = { fieldManager: FIELD_MANAGER, force: true };
  await ownByApply(target, type, existing, signal);
  return applied(await target.cluster.apply(boundTo(object, existing), apply, signal), lostOwners);
}

/**
 * The server notes the fields of a POST under another kind of manager than
 * those of an apply. Left so, a field that a newer point no longer has would
 * stay, owned by the POST. The note is renamed, once, as client-go's csaupgrade does.
 */
async function ownByApply(
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
  { target }: Replay,
  { key, captured }: Wish,
  existing: KubeObject,
  signal: AbortSignal,
): Promise<ApplyOutcome> {
  const { ownerReferences: _, ...metadata } = normalize(captured).metadata;
  const wanted = boundTo({ ...normalize(captured), metadata }, existing);
  try {
    return applied(await target.cluster.apply(wanted, { fieldManager: FIELD_MANAGER }, signal), []);
  } catch (error) {
    if (error instanceof KubeError && error.code === 'Conflict')
      return foreign(key, target.cluster.name, undefined);
    throw error;
  }
}

function boundTo(object: KubeObject, existing: KubeObject): KubeObject {
  const { uid } = existing.metadata;
  return uid === undefined ? object : { ...object, metadata: { ...object.metadata, uid } };
}

function applied(object: KubeObject, lostOwners: readonly OwnerReference[]): ApplyOutcome {
  if (lostOwners.length === 0) return { kind: 'applied', object };
  const names = lostOwners.map(({ kind, name }) => `${kind} ${name}`).join(', ');
  return {
    kind: 'applied',
    object,
    note: `${object.kind} ${object.metadata.name} was restored without its owner ${names}, which is not in the target`,
  };
}

/** Whether an entry of managedFields is of our own writes to the object itself. */
function isOf(entry: Fields, operation: 'Apply' | 'Update'): boolean {
  const { manager, subresource } = entry;
  return manager === FIELD_MANAGER && entry['operation'] === operation && subresource === undefined;
}
