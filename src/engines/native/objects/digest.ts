/** Digests: of an object in its normal form, so that equal wishes have equal digests, and of bytes. */
import { createHash } from 'node:crypto';
import { isFields } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import { normalize } from './normalize.ts';

/**
 * JSON with the keys of every object sorted by code unit; the order of arrays
 * is kept, it means something. `value` is what JSON can hold: fields that are
 * undefined are left out. Written by hand: JSON.stringify sorts only by way of
 * copies, and this is done for every object of every point.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (!isFields(value)) return JSON.stringify(value ?? null);
  let text = '';
  for (const key of Object.keys(value).toSorted()) {
    const inner = value[key];
    if (inner !== undefined)
      text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(inner)}`;
  }
  return `{${text}}`;
}

/** sha256 hex. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Of objects that are still in memory somewhere: most are captured again and again without having changed. */
const known = new WeakMap<KubeObject, string>();

/** sha256 hex of the canonical JSON of the normal form: PointObject.digest. */
export function objectDigest(object: KubeObject): string {
  const before = known.get(object);
  if (before !== undefined) return before;
  const digest = sha256(canonicalJson(normalize(object)));
  known.set(object, digest);
  return digest;
}
