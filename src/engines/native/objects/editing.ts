/** Small immutable edits of objects whose shape is not known: none of them changes its argument. */
import { type Fields, isFields } from '../../../api/fields.ts';

/** Without the named fields. */
export function omit(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

/**
 * With the value at `path` replaced by `change(value)`, or taken out when that
 * is undefined. Nothing happens when there is no value. `*` in the path stands
 * for every element of an array.
 */
export function edit(fields: Fields, path: readonly string[], change: (value: unknown) => unknown): Fields {
  const [head, ...rest] = path;
  if (head === undefined) return fields;
  const value = fields[head];
  if (value === undefined) return fields;
  const changed = editValue(value, rest, change);
  if (changed === value) return fields;
  return changed === undefined ? omit(fields, [head]) : { ...fields, [head]: changed };
}

function editValue(value: unknown, path: readonly string[], change: (value: unknown) => unknown): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return change(value);
  if (head !== '*') return isFields(value) ? edit(value, path, change) : value;
  if (!Array.isArray(value)) return value;
  return value.map((element) => editValue(element, rest, change));
}

/** Without the value at `path`. */
export function drop(fields: Fields, path: readonly string[]): Fields {
  return edit(fields, path, () => undefined);
}

/**
 * Without the keys named in `dropped`; one that ends in `/` stands for every
 * key below it. Undefined when nothing is left.
 */
export function withoutKeys(
  map: Readonly<Record<string, string>> | undefined,
  dropped: readonly string[],
): Readonly<Record<string, string>> | undefined {
  if (map === undefined) return undefined;
  const isDropped = (key: string): boolean =>
    dropped.some((name) => (name.endsWith('/') ? key.startsWith(name) : key === name));
  const kept = Object.entries(map).filter(([key]) => !isDropped(key));
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

/** For `change`: an array without some elements, undefined when none is left. */
export function filtered(keep: (element: unknown) => boolean): (value: unknown) => unknown {
  return (value) => {
    if (!Array.isArray(value)) return value;
    const kept = value.filter(keep);
    return kept.length === 0 ? undefined : kept;
  };
}
