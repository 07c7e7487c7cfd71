/**
 * Under which version a target takes an object. One captured in a version that
 * the target's definition still knows but does not serve any more is written in
 * one that it serves, when its versions differ in nothing but their name
 * (conversion strategy `None`, where the API server converts by exchanging
 * `apiVersion`). Any other version would be a guess, and is refused with words.
 */
import { arrayAt, textAt } from '../../../api/fields.ts';
import { groupOf, type KubeObject } from '../../../api/object.ts';
import { isCustom } from '../../../domain/graph/kinds.ts';
import type { Cluster, ResourceType } from '../../../kube/cluster.ts';

export type ServedType =
  | { readonly kind: 'served'; readonly type: ResourceType; readonly apiVersion: string }
  /** Only in another version, which cannot stand in for the captured one. */
  | { readonly kind: 'otherwise'; readonly apiVersion: string }
  | { readonly kind: 'not-at-all' };

/** @throws KubeError */
export async function servedType(
  cluster: Cluster,
  object: KubeObject,
  signal: AbortSignal,
): Promise<ServedType> {
  const { apiVersion, kind } = object;
  const type = await cluster.typeFor(object, signal);
  if (type !== undefined) return { kind: 'served', type, apiVersion };
  const group = groupOf(apiVersion);
  const other = await cluster.typeFor({ group, kind }, signal);
  if (other === undefined) return { kind: 'not-at-all' };
  const otherVersion = group === '' ? other.version : `${group}/${other.version}`;
  return isCustom(group) && (await differsByNameOnly(cluster, object, other, signal))
    ? { kind: 'served', type: other, apiVersion: otherVersion }
    : { kind: 'otherwise', apiVersion: otherVersion };
}

async function differsByNameOnly(
  cluster: Cluster,
  { apiVersion }: KubeObject,
  { group, resource }: ResourceType,
  signal: AbortSignal,
): Promise<boolean> {
  const definitions = { group: 'apiextensions.k8s.io', kind: 'CustomResourceDefinition' };
  const type = await cluster.typeFor(definitions, signal);
  const definition = type && (await cluster.get(type, { name: `${resource}.${group}` }, signal));
  if (definition === undefined) return false;
  const version = apiVersion.slice(group.length + 1);
  const isKnown = arrayAt(definition, 'spec', 'versions').some(
    (candidate) => textAt(candidate, 'name') === version,
  );
  return isKnown && (textAt(definition, 'spec', 'conversion', 'strategy') ?? 'None') === 'None';
}
