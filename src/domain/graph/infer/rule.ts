/**
 * What a rule of inference is: it reads one kind of field and says what the
 * object needs because of it. Rules are listed in rules.ts; each is tested on
 * its own, field path included, because the path is the evidence users see.
 */
import { type KubeObject, type ObjectRef, parseRefKey, refKey } from '../../../api/object.ts';
import type { Certainty } from '../types.ts';
import type { World } from '../world.ts';

export interface Found {
  readonly to: ObjectRef;
  /** Exact path of the value that refers, e.g. `spec.scaleTargetRef`. */
  readonly field: string;
  /** The part of the value that names `to`, when the value is a longer text. */
  readonly matched?: string;
  /** The referrer works without it. Default false. */
  readonly optional?: boolean;
  /** As of a rule ({@link RuleParts.only}), of this one alone. */
  readonly only?: 'search';
}

/** What people are told of a rule; the reference page is generated from it. */
export interface RuleDescription {
  /** Unique, stable: written into recovery points and shown as evidence. */
  readonly name: string;
  /** The kinds it applies to, as `Deployment.apps`, {@link CUSTOM} included; 'all' for every kind. */
  readonly kinds: readonly string[] | 'all';
  /** The field it reads, `[*]` standing for any position. */
  readonly reads: string;
  readonly certainty: Certainty;
  /** What it concludes, in one sentence. */
  readonly sentence: string;
}

interface RuleParts extends RuleDescription {
  /**
   * 'search': what is found belongs with the object, but the object does not wait for it.
   * Default: it is looked for, and waited for.
   */
  readonly only?: 'search';
  /**
   * What it leads to may be other people's: it is looked for only in namespaces
   * that are protected anyway. Holds for every likely rule.
   */
  readonly stays?: boolean;
}

/** Reads the object alone, so that its answer is kept for as long as the object is. */
export interface OwnRule extends RuleParts {
  readonly sees?: never;
  readonly find: (object: KubeObject) => readonly Found[];
}

/** Looks at other objects too: it is asked again whenever there are more of them. */
export interface WorldRule extends RuleParts {
  readonly sees: 'others';
  readonly find: (object: KubeObject, world: World) => readonly Found[];
}

export type Rule = OwnRule | WorldRule;

/** In `kinds`: every kind that a CustomResourceDefinition or an aggregated API brings. */
export const CUSTOM = 'custom kinds';

/** A reference to something in the referrer's own namespace; none when the name is absent or empty. */
export function beside(
  object: KubeObject,
  target: { readonly group?: string; readonly kind: string; readonly name: unknown },
  field: string,
  optional: unknown = false,
): readonly Found[] {
  const { namespace } = object.metadata;
  const { group = '', kind, name } = target;
  if (namespace === undefined || typeof name !== 'string' || name === '') return [];
  return [{ to: { group, kind, namespace, name }, field, optional: optional === true }];
}

/** A reference to something cluster-scoped; none when the name is absent or empty. */
export function clusterWide(group: string, kind: string, name: unknown, field: string): readonly Found[] {
  return typeof name === 'string' && name !== '' ? [{ to: { group, kind, name }, field }] : [];
}

/** More workloads than this of which any one will do are a crowd: some of them are up whichever is waited for. */
export const CROWD = 8;

/**
 * A Service and the workloads that answer for it. A Service by itself answers
 * nothing, and one of several workloads is in none of their units.
 */
export function answeredBy(service: Found, world: World): readonly Found[] {
  const workloads = world.workloadsBehind(refKey(service.to));
  if (workloads.length > CROWD) return [service];
  return [service, ...workloads.flatMap((key) => foundByKey(key, { ...service, optional: true }))];
}

/** What is known to be among the objects, by its key. */
export function foundByKey(key: string, evidence: Omit<Found, 'to'>): readonly Found[] {
  const to = parseRefKey(key);
  return to === undefined ? [] : [{ ...evidence, to }];
}
