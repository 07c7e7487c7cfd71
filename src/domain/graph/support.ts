/**
 * Finds what supports the chosen objects without having been chosen: what they
 * refer to, what that refers to in turn, and what serves them without their
 * referring to it (serving.ts). Pure: it says what to look for next; the capture
 * looks, adds what it found and asks again, until nothing is left to look for.
 */
import { type KubeObject, type ObjectRef, refKey } from '../../api/object.ts';
import { stayingRules } from './infer/rules.ts';
import type { KindLookup } from './kinds.ts';
import { isOptional, missingIn, referenceOf } from './references.ts';
import { isSuppliedByCluster } from './supplied.ts';
import type { Reference } from './types.ts';
import { applyRules } from './user-rules/apply.ts';
import { NO_RULES, type UserRules } from './user-rules/compiled.ts';
import { indexed } from './world.ts';

export interface SupportOptions {
  readonly infer: boolean;
  readonly lookup: KindLookup;
  /** What the user wants left out even when it is referred to: `exclusion(resources)`. */
  readonly excluded: (ref: ObjectRef) => boolean;
  /** The user's rules: what they say is needed is looked for like what is inferred. */
  readonly rules?: UserRules;
}

/**
 * What to look for next, one reference per object, sorted. Empty when `known`
 * is closed: everything it refers to is known, was asked for, or is not followed.
 * @param asked refKeys looked for before, found or not; begins with the keys that were left out
 */
export function nextReferences(
  known: readonly KubeObject[],
  asked: ReadonlySet<string>,
  options: SupportOptions,
): readonly Reference[] {
  const namespaces = namespacesOf(known);
  return oneEach(known, asked, options, (target) => isFollowed(target, namespaces));
}

/**
 * What is referred to and not looked for, because it lies in namespaces that
 * are not protected and the reference is only likely, or may be to other
 * people's objects. One reference per object, sorted: for people, who can add the namespace.
 */
export function beyondReach(
  known: readonly KubeObject[],
  asked: ReadonlySet<string>,
  options: SupportOptions,
): readonly Reference[] {
  const namespaces = namespacesOf(known);
  return oneEach(known, asked, options, (target) => {
    return !isSuppliedByCluster(target.to) && !isFollowed(target, namespaces);
  });
}

type Namespaces = ReadonlySet<string | undefined>;

const namespacesOf = (known: readonly KubeObject[]): Namespaces =>
  new Set(known.map(({ metadata }) => metadata.namespace));

function oneEach(
  known: readonly KubeObject[],
  asked: ReadonlySet<string>,
  { infer, lookup, excluded, rules = NO_RULES }: SupportOptions,
  wanted: (target: Target) => boolean,
): readonly Reference[] {
  const found = new Map<string, Reference>();
  const isWanted = (key: string, target: Target, optional: boolean): boolean => {
    const earlier = found.get(key);
    // What one referrer cannot do without is not optional because another can.
    if (earlier !== undefined && (!earlier.optional || optional)) return false;
    return !asked.has(key) && !excluded(target.to) && wanted(target);
  };
  for (const missing of missingIn(indexed(known, lookup), infer)) {
    const { key, rule, found: seen } = missing.answer;
    const target = { to: seen.to, rule: rule.name };
    if (isWanted(key, target, isOptional(missing))) found.set(key, referenceOf(missing));
  }
  // A rule that says by what they are what is needed can only find it among the known.
  const naming = rules.needs.filter(({ needs }) => needs.by === 'object');
  for (const reference of applyRules(naming, known).missing) {
    const key = refKey(reference.to);
    if (isWanted(key, reference, reference.optional)) found.set(key, reference);
  }
  return [...found.values()];
}

type Target = Pick<Reference, 'to' | 'rule'>;

/**
 * Not followed: what every cluster has by itself, and, for rules that may lead
 * to other people's objects, namespaces that are not protected. Following those
 * would drag their namespaces into the copy.
 */
function isFollowed({ to, rule }: Target, namespaces: Namespaces): boolean {
  return !isSuppliedByCluster(to) && (!stayingRules.has(rule) || namespaces.has(to.namespace));
}
