/** What to do about each object of a standby, given what the recovery cluster has of it. Pure. */
import type { KubeObject } from '../../../api/object.ts';
import { kindOf } from '../../../domain/graph/kinds.ts';
import { differences } from '../../../domain/standby/differences.ts';
import { isStandby } from '../../../domain/standby/mark.ts';
import { objectDigest } from '../objects/digest.ts';
import { normalize } from '../objects/normalize.ts';
import type { Live } from './live.ts';
import { STANDBY_DIGEST_ANNOTATION, type StandbyWishes } from './wishes.ts';

export type StandbyJudgement =
  | { readonly kind: 'missing' }
  | { readonly kind: 'as-wished' }
  /** It was written from an earlier wish. */
  | { readonly kind: 'outdated' }
  /** Somebody has changed it since it was written. */
  | { readonly kind: 'drifted'; readonly fields: readonly string[] }
  /** Ours, and at work since an execution: not the standby's any more. */
  | { readonly kind: 'in-use' }
  | { readonly kind: 'being-deleted' };

export function judgeStandby(wish: KubeObject, live: KubeObject | undefined): StandbyJudgement {
  if (live === undefined) return { kind: 'missing' };
  if (!isStandby(live)) return { kind: 'in-use' };
  if (live.metadata.deletionTimestamp !== undefined) return { kind: 'being-deleted' };
  if (digestNote(live) !== digestNote(wish)) return { kind: 'outdated' };
  const fields = fieldsThatDiffer(wish, live);
  return fields.length === 0 ? { kind: 'as-wished' } : { kind: 'drifted', fields };
}

/** Empty when the live object is all that was wished, whatever else it has. */
export function fieldsThatDiffer(wish: KubeObject, live: KubeObject): readonly string[] {
  if (objectDigest(wish) === objectDigest(live)) return [];
  const { ownerReferences: _, ...metadata } = normalize(wish).metadata;
  // Owners are compared where they are written, by the uids they have there.
  return differences({ ...normalize(wish), metadata }, normalize(live));
}

const digestNote = ({ metadata }: KubeObject): string | undefined =>
  metadata.annotations?.[STANDBY_DIGEST_ANNOTATION];

/** With these, more would be removed than we made. */
const NEVER_REMOVED: ReadonlySet<string> = new Set([
  'CustomResourceDefinition.apiextensions.k8s.io',
  'Namespace',
  'PersistentVolume',
  'PersistentVolumeClaim',
]);

export const isRemovable = (object: KubeObject): boolean =>
  isStandby(object) && object.metadata.deletionTimestamp === undefined && !NEVER_REMOVED.has(kindOf(object));

/**
 * What is in standby and is not to be: it has gone from the source, or is held
 * back now. What merely could not be made ready this time stays as it is.
 */
export function toPrune(
  live: ReadonlyMap<string, Live>,
  { objects, failed }: Pick<StandbyWishes, 'objects' | 'failed'>,
): readonly Live[] {
  return [...live].flatMap(([key, found]) =>
    objects.has(key) || failed.has(key) || !isRemovable(found.object) ? [] : [found],
  );
}
