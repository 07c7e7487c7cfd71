/**
 * Puts what nothing refers to, and what refers to nothing but its namespace,
 * into common units: ten Helm releases leave a hundred Secrets that nobody
 * waits for, and each as a unit of its own would be a step of every execution.
 * Such units need their namespace only, and nothing ever waits for them.
 */
import type { KubeObject } from '../../api/object.ts';
import { membersOf } from './apart.ts';
import { grouped } from './grouped.ts';
import { NAMESPACE_RULE } from './infer/structure.ts';
import { isJudged } from './readiness.ts';
import type { ObjectEdge } from './types.ts';
import { type Grouping, standsAlone } from './units.ts';
import type { World } from './world.ts';

/**
 * Objects of one unit: as long as one of them is refused for now, the others are
 * looked at again with it, and when it is given up the unit counts as not recovered.
 */
const LARGEST = 200;

/**
 * The grouping with loose objects together, by namespace, each unit named after its first.
 * @param keys all keys in the order they are applied
 * @param edges all that are followed, the likely ones too
 * @param judged the keys of what the user's rules of readiness are about: they stay units of their own
 */
export function withLooseTogether(
  { objects }: World,
  keys: readonly string[],
  grouping: Grouping,
  edges: readonly ObjectEdge[],
  judged: ReadonlySet<string>,
): Grouping {
  const members = membersOf(grouping);
  const attached = new Set(
    edges.flatMap(({ from, to, rule }) => (rule === NAMESPACE_RULE ? [to] : [from, to])),
  );
  const isLoose = (key: string): boolean => {
    const object = objects.get(key);
    const isAlone = grouping.get(key) === key && members.get(key)?.length === 1;
    return object !== undefined && isAlone && !attached.has(key) && !judged.has(key) && isPassive(object);
  };
  const namespaceOf = (key: string) => objects.get(key)?.metadata.namespace;
  const together = new Map(grouping);
  for (const loose of grouped(keys.filter(isLoose), namespaceOf).values()) {
    for (const [index, key] of loose.entries()) together.set(key, loose[index - (index % LARGEST)] ?? key);
  }
  return together;
}

/** Neither a workload nor anything that has to become ready. */
export const isPassive = (object: KubeObject): boolean => !standsAlone(object) && !isJudged(object);
