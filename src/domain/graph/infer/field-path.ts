/** Reads every value at a path written as in operators.ts: `spec.tls[*].secretName`, `metadata.annotations["a.b/c"]`. */
import { isFields } from '../../../api/fields.ts';

/** A value and its exact path: `[*]` and `*` replaced by where it was found. */
export interface ValueAt {
  readonly value: unknown;
  readonly path: string;
}

/** A path taken apart: fields, `[*]` for every item, `*` for every field, `*Ref` for those that end so. */
export type FieldPath = readonly string[];

/** @throws never; text that is no path becomes fields that nothing has */
export function parsePath(text: string): FieldPath {
  return [...text.matchAll(/\["([^"]+)"\]|(\[\*\])|([^.[\]]+)/g)].map(
    ([, quoted, items, field]) => quoted ?? items ?? field ?? '',
  );
}

export function valuesAt(object: unknown, path: FieldPath): readonly ValueAt[] {
  let found: readonly ValueAt[] = [{ value: object, path: '' }];
  for (const step of path) {
    found = found.flatMap((at) => stepInto(at, step));
    // Most objects have none of the fields that rules of their kind look for.
    if (found.length === 0) return found;
  }
  return found;
}

function stepInto({ value, path }: ValueAt, step: string): readonly ValueAt[] {
  if (step === '[*]') {
    if (!Array.isArray(value)) return [];
    return value.map((item: unknown, index) => ({ value: item, path: `${path}[${index}]` }));
  }
  if (!isFields(value)) return [];
  const fields = step.startsWith('*')
    ? Object.keys(value).filter((field) => field.endsWith(step.slice(1)))
    : [step];
  return fields
    .filter((field) => value[field] !== undefined)
    .map((field) => ({ value: value[field], path: joined(path, field) }));
}

function joined(path: string, field: string): string {
  if (!/^[\w-]+$/.test(field)) return `${path}["${field}"]`;
  return path === '' ? field : `${path}.${field}`;
}
