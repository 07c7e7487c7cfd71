/** Setting one field of an object, or taking it out, without changing the object itself. */
import { type Fields, isFields } from '../../api/fields.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Pointer } from '../transforms/patch.ts';

/**
 * @param value undefined to take the field out
 * @returns `object` itself when `path` leads through something that has no fields
 */
export function withField(object: KubeObject, path: Pointer, value: unknown): KubeObject {
  const [head, ...rest] = path;
  if (head === undefined || rest.length === 0) return object;
  if (head !== 'metadata') return { ...object, ...set(object, path, value) };
  const { metadata } = object;
  const [name = '', ...below] = rest;
  if (below.length > 0) return { ...object, metadata: { ...metadata, ...set(metadata, rest, value) } };
  const { [name]: _, ...others } = metadata;
  // Its name is what an object is known by.
  if (name === 'name') return object;
  const kept = { ...others, name: metadata.name };
  return { ...object, metadata: value === undefined ? kept : { ...kept, [name]: value } };
}

function set(fields: Fields, [head, ...rest]: Pointer, value: unknown): Fields {
  if (head === undefined) return fields;
  if (rest.length > 0) {
    const inner = fields[head];
    return isFields(inner) ? { ...fields, [head]: set(inner, rest, value) } : fields;
  }
  const others = Object.fromEntries(Object.entries(fields).filter(([name]) => name !== head));
  return value === undefined ? others : { ...others, [head]: value };
}

/** A JSON pointer (RFC 6901) as text. */
export const pointerText = (path: Pointer): string =>
  path.map((token) => `/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
