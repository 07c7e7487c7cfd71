/**
 * What rules may see of objects. The content of Secrets is not part of it:
 * whoever may write a scenario is not thereby allowed to read the Secrets of
 * the source, and a rule could spell them out, bit by bit, in the dependencies
 * and messages that it causes.
 */
import { type KubeObject, objectKey } from '../../../api/object.ts';
import { kindOf } from '../kinds.ts';
import { compareText } from '../sorting.ts';

/** One object as rules see it. */
export interface Seen {
  readonly key: string;
  readonly object: KubeObject;
}

/** Sorted, so that the first object of a finding is the same for the same objects. */
export function seenIn(objects: readonly KubeObject[]): readonly Seen[] {
  return objects
    .map((object) => ({ key: objectKey(object), object: visibleTo(object) }))
    .toSorted((a, b) => compareText(a.key, b.key));
}

/** kubectl keeps a copy of the whole object, data included, in it. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** The same for the same object, so that what was found out about it is found again. */
const secrets = new WeakMap<KubeObject, KubeObject>();

export function visibleTo(object: KubeObject): KubeObject {
  if (kindOf(object) !== 'Secret') return object;
  const known = secrets.get(object) ?? withoutContent(object);
  secrets.set(object, known);
  return known;
}

function withoutContent(object: KubeObject): KubeObject {
  const { data: _data, stringData: _stringData, ...rest } = object;
  const { annotations = {}, ...metadata } = object.metadata;
  const kept = Object.entries(annotations).filter(([name]) => name !== LAST_APPLIED);
  return { ...rest, metadata: { ...metadata, annotations: Object.fromEntries(kept) } };
}
