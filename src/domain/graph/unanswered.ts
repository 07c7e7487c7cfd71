/** Finds what a copy would lead people to believe in: Services that are in it, and nothing that answers for them. */
import { type KubeObject, objectKey } from '../../api/object.ts';
import type { KindLookup } from './kinds.ts';
import { hasSelector } from './serving.ts';
import { indexed } from './world.ts';

/**
 * Whoever calls one of these will not be answered. A Service that has an owner
 * is answered by what that makes.
 * @param chosen refKeys of what the selection itself names, which is the user's affair
 */
export function unansweredServices(
  objects: readonly KubeObject[],
  chosen: ReadonlySet<string>,
  lookup?: KindLookup,
): readonly string[] {
  const world = indexed(objects, lookup);
  return objects
    .filter((object) => hasSelector(object) && (object.metadata.ownerReferences ?? []).length === 0)
    .map((service) => objectKey(service))
    .filter((key) => !chosen.has(key) && world.workloadsBehind(key).length === 0);
}
