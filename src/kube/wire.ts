/**
 * From text on the wire to objects, and from types to paths. Dates stay the
 * strings the server wrote; items of lists get the apiVersion and kind that the
 * server leaves out.
 */
import { type Fields, fieldsAt, isFields, textAt } from '../api/fields.ts';
import type { KubeObject, ObjectMeta } from '../api/object.ts';
import type { ResourceType } from './cluster.ts';

/** @returns undefined when `text` is not JSON for a mapping. */
export function parseFields(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** @returns undefined when `value` has no metadata.name, so is no object. */
export function toObject(
  value: unknown,
  type?: { readonly apiVersion: string; readonly kind: string },
): KubeObject | undefined {
  if (!isFields(value)) return undefined;
  const metadata = value['metadata'];
  const apiVersion = textAt(value, 'apiVersion') ?? type?.apiVersion;
  const kind = textAt(value, 'kind') ?? type?.kind;
  if (apiVersion === undefined || kind === undefined || !isMeta(metadata)) return undefined;
  return { ...value, apiVersion, kind, metadata };
}

function isMeta(value: unknown): value is ObjectMeta {
  return textAt(value, 'name') !== undefined;
}

export function apiVersionOf({ group, version }: Pick<ResourceType, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

/** `/api/v1/namespaces/shop/services`, or for all namespaces without one. */
export function collectionPath(type: ResourceType, namespace: string | undefined): string {
  const root = type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
  const scope =
    type.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${scope}/${type.resource}`;
}

export function objectPath(
  type: ResourceType,
  key: { readonly namespace?: string; readonly name: string },
): string {
  return `${collectionPath(type, key.namespace)}/${encodeURIComponent(key.name)}`;
}

/** `?a=b&c=d` from what is defined; '' from nothing. */
export function query(parameters: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

/** Without managedFields: half of a typical object, and of no use to a cache. */
export function withoutManagedFields(object: KubeObject): KubeObject {
  if (fieldsAt(object, 'metadata') === undefined || !('managedFields' in object.metadata)) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
