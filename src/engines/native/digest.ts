/** Digests: of an object in its normal form, so that equal wishes have equal digests, and of bytes. */
import { createHash } from 'node:crypto';
import { isFields } from '../../api/fields.ts';
import type { KubeObject } from '../../api/object.ts';
import { normalize } from './normalize.ts';

/** JSON with the keys of every object sorted by code unit; the order of arrays is kept, it means something. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (isFields(inner) ? sorted(inner) : inner));
}

function sorted(fields: Readonly<Record<string, unknown>>): object {
  // A null prototype, so that a key `__proto__` stays a key like any other.
  const result: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(fields).toSorted()) result[key] = fields[key];
  return result;
}

/** sha256 hex. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** sha256 hex of the canonical JSON of the normal form: PointObject.digest. */
export function objectDigest(object: KubeObject): string {
  return sha256(canonicalJson(normalize(object)));
}
