/**
 * What a rule may see of an object. The content of Secrets is not part of it:
 * whoever may write a scenario is not thereby allowed to read the Secrets of
 * the source, and a rule could spell them out, bit by bit, in the dependencies
 * and messages that it causes.
 */
import type { KubeObject } from '../../../api/object.ts';
import { kindOf } from '../kinds.ts';

/** kubectl keeps a copy of the whole object, data included, in it. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

export function visibleTo(object: KubeObject): KubeObject {
  if (kindOf(object) !== 'Secret') return object;
  const { data: _data, stringData: _stringData, ...rest } = object;
  const { annotations = {}, ...metadata } = object.metadata;
  const kept = Object.entries(annotations).filter(([name]) => name !== LAST_APPLIED);
  return { ...rest, metadata: { ...metadata, annotations: Object.fromEntries(kept) } };
}
