/**
 * Walks through an object and lets rewriters change fields by their name,
 * wherever these are: custom resources put a claim, a Pod or a reference at any
 * place, and give them the names that built-in kinds do. What holds texts of the
 * user's own (data, labels, annotations, schemas) is not walked into.
 */
import { type Fields, isFields } from '../../api/fields.ts';
import type { KubeObject } from '../../api/object.ts';
import { kindOf } from '../graph/kinds.ts';

export type Path = readonly (string | number)[];

/** Told every change: where, and the value before and after. */
export type Report = (path: Path, from: unknown, to: unknown) => void;

export interface Field {
  readonly name: string;
  readonly value: unknown;
  /** Up to and including `name`; valid during the call only. */
  readonly path: Path;
  readonly object: KubeObject;
}

/** @returns the new value, which is not walked into; undefined when the field stays and is walked into */
export type Rewriter = (field: Field, report: Report) => unknown;

/** Deeper structure is not searched: no kind has it, and the walk must end before the stack does. */
const DEPTH = 64;

/** Maps of the user's own words, and schemas, whose fields are named after fields without being them. */
const OPAQUE: ReadonlySet<string> = new Set(['labels', 'annotations', 'matchLabels', 'openAPIV3Schema']);
/** Metadata is looked at by whoever knows what is in it; status says nothing of the recovery region. */
const NOT_SPEC: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata', 'status']);
const DATA_KINDS: ReadonlySet<string> = new Set(['ConfigMap', 'Secret']);
/** Here `selector` is a map of labels. */
const PLAIN_SELECTOR_KINDS: ReadonlySet<string> = new Set(['Service', 'ReplicationController']);

/** @returns `object` itself when nothing changes; what is not changed is shared */
export function rewrite(object: KubeObject, rewriters: readonly Rewriter[], report: Report): KubeObject {
  if (rewriters.length === 0 || DATA_KINDS.has(kindOf(object))) return object;
  const path: (string | number)[] = [];
  const field = (name: string, value: unknown): unknown => {
    path.push(name);
    let changed = value;
    for (const rewriter of rewriters) {
      const next = rewriter({ name, value: changed, path, object }, report);
      if (next !== undefined) changed = next;
    }
    const result = changed === value && !isOpaque(name, object) ? inside(value) : changed;
    path.pop();
    return result;
  };
  const inside = (value: unknown): unknown => {
    if (path.length >= DEPTH) return value;
    if (isFields(value)) return mapFields(value, field);
    if (!Array.isArray(value)) return value;
    return mapItems(value, (item, index) => {
      path.push(index);
      const result = inside(item);
      path.pop();
      return result;
    });
  };
  const { apiVersion, kind, metadata } = object;
  const changed = mapFields(object, (name, value) => (NOT_SPEC.has(name) ? value : field(name, value)));
  return changed === object ? object : { ...changed, apiVersion, kind, metadata };
}

function isOpaque(name: string, object: KubeObject): boolean {
  return OPAQUE.has(name) || (name === 'selector' && PLAIN_SELECTOR_KINDS.has(kindOf(object)));
}

/** @returns `fields` itself when no value changes */
export function mapFields<Of extends Fields>(
  fields: Of,
  change: (name: string, value: unknown) => unknown,
): Of | Fields {
  const changed = Object.entries(fields).flatMap(([name, value]) => {
    const next = change(name, value);
    return next === value ? [] : [[name, next] as const];
  });
  return changed.length === 0 ? fields : { ...fields, ...Object.fromEntries(changed) };
}

/** @returns `items` itself when none changes */
export function mapItems(
  items: readonly unknown[],
  change: (item: unknown, index: number) => unknown,
): readonly unknown[] {
  const changed = items.map(change);
  return changed.some((item, index) => item !== items[index]) ? changed : items;
}

/** `spec.template.spec.containers[0].image`, `metadata.annotations["a.b/c"]`. */
export function pathText(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[\w-]+$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `["${part}"]`;
  }
  return text;
}

/** With an annotation changed by `change`, when the object has it and `change` gives another. */
export function withAnnotation(
  object: KubeObject,
  name: string,
  change: (value: string) => string | undefined,
  report: Report,
): KubeObject {
  const value = object.metadata.annotations?.[name];
  const changed = value === undefined ? undefined : change(value);
  if (value === undefined || changed === undefined || changed === value) return object;
  report(['metadata', 'annotations', name], value, changed);
  const annotations = { ...object.metadata.annotations, [name]: changed };
  return { ...object, metadata: { ...object.metadata, annotations } };
}
