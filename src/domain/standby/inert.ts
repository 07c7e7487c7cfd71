/**
 * An object as it is kept in the recovery region while its own region serves:
 * all of it there, and nothing of it at work. The way back is in the object.
 */
import type { KubeObject } from '../../api/object.ts';
import { isSame, parsePointer, valueAt } from '../transforms/patch.ts';
import { pointerText, withField } from './field.ts';
import { type Change, changesOf, marked, STANDBY_ANNOTATION } from './mark.ts';
import { reasonToHoldBack, settingsFor } from './rules.ts';

export type Inert =
  /** `changes` are in its annotation as well. */
  | { readonly kind: 'inert'; readonly object: KubeObject; readonly changes: readonly Change[] }
  /** Cannot be there without doing something; `reason` is a sentence. */
  | { readonly kind: 'held-back'; readonly reason: string };

/**
 * `inert` of what `inert` gave is the same again.
 * @param definition the CustomResourceDefinition of its kind, when the point has it
 */
export function inert(given: KubeObject, definition?: KubeObject): Inert {
  // A mark that is there already may come from anybody: what it says was changed is judged anew.
  const object = revert(given);
  const reason = reasonToHoldBack(object, definition);
  if (reason !== undefined) return { kind: 'held-back', reason };
  let current = object;
  const changes: Change[] = [];
  for (const { path, value } of settingsFor(object, definition)) {
    const was = valueAt(current, path);
    if (value === undefined ? was === undefined : isSame(was, value)) continue;
    changes.push(was === undefined ? { field: pointerText(path) } : { field: pointerText(path), was });
    current = withField(current, path, value);
  }
  return { kind: 'inert', object: marked(current, changes), changes };
}

/** The object as it was before `inert`; itself when it is no standby. */
export function revert(object: KubeObject): KubeObject {
  const { annotations } = object.metadata;
  if (annotations?.[STANDBY_ANNOTATION] === undefined) return object;
  let current = object;
  for (const { field, was } of changesOf(object).toReversed())
    current = withField(current, parsePointer(field) ?? [], was);
  const plain = withField(current, ['metadata', 'annotations', STANDBY_ANNOTATION], undefined);
  const isBare = Object.keys(plain.metadata.annotations ?? {}).length === 0;
  return isBare ? withField(plain, ['metadata', 'annotations'], undefined) : plain;
}
