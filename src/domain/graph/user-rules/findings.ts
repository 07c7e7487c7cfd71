/** What is said about rules that were applied and did not do what their author meant. */
import type { OverBudgetError } from './meter.ts';
import type { RuleList } from './problems.ts';

export type FindingCode =
  /** Costs more than its share; none of its dependencies count. */
  | 'OverBudget'
  /** Makes more dependencies than allowed; none of them count. */
  | 'TooManyEdges'
  /** An expression has no result for any object. */
  | 'AlwaysFails'
  /** Gives a text that names no object. */
  | 'NotAName'
  /** Names an object by a kind that several API groups have. */
  | 'Ambiguous'
  /** Matches an object, but finds nothing that it needs. */
  | 'NothingFound'
  /** Matches no object at all. */
  | 'MatchesNothing';

export interface RuleFinding {
  readonly code: FindingCode;
  /** 'refused': the rule has no effect, so the scenario cannot be ordered as its author wants. */
  readonly severity: 'refused' | 'warning';
  /** Name of the rule. */
  readonly rule: string;
  /** refKey of the first object it is about; empty when it is about none. */
  readonly object: string;
  /** A sentence for people: the rule, the object, what is wrong and what to do. */
  readonly message: string;
}

/** Where a finding was made. */
export interface Place {
  readonly list: RuleList;
  readonly rule: string;
  readonly object: string;
}

const finding = (
  { list, rule, object }: Place,
  code: FindingCode,
  severity: RuleFinding['severity'],
  what: string,
): RuleFinding => ({
  code,
  severity,
  rule,
  object,
  message: `spec.dependencies.${list}: rule "${rule}" ${what}`,
});

export function overBudget(place: Place, { limit, message }: OverBudgetError): RuleFinding {
  const share = {
    evaluation: `takes ${message} on ${place.object}`,
    rule: `takes ${message} on all objects, and was stopped at ${place.object}`,
    total: `was stopped at ${place.object}: all rules together take ${message}`,
  };
  const remedy =
    'begin its expressions with what rules out most objects, such as the kind, and nest fewer all(), exists() and map()';
  return finding(place, 'OverBudget', 'refused', `${share[limit]}: ${remedy}`);
}

export const tooManyEdges = (place: Place, most: number): RuleFinding =>
  finding(
    place,
    'TooManyEdges',
    'refused',
    `makes more than ${most} dependencies, the last of them at ${place.object}: narrow match or needs`,
  );

export const alwaysFails = (place: Place, field: string, message: string): RuleFinding =>
  finding(
    place,
    'AlwaysFails',
    'warning',
    `has no effect: ${field} fails on every object it is tried on, first on ${place.object}, because ${message}; ask with has() first, or correct the name`,
  );

export const neverReady = (place: Place, message: string): RuleFinding =>
  finding(
    place,
    'AlwaysFails',
    'warning',
    `calls nothing ready: ready fails on every object of the source that it is about, first on ${place.object}, because ${message}; correct the name, or wait for it in another field`,
  );

export const matchesNothing = (place: Place): RuleFinding =>
  finding(place, 'MatchesNothing', 'warning', 'is about no object: correct match, or remove the rule');

/** As much of a text as a message shows. */
const SHOWN = 80;

export const notAName = (place: Place, text: string): RuleFinding =>
  finding(
    place,
    'NotAName',
    'warning',
    `gives "${text.slice(0, SHOWN)}" for ${place.object}, which names no object: write Kind/namespace/name, or Kind/name without a namespace`,
  );

export const ambiguous = (place: Place, text: string, candidates: readonly string[]): RuleFinding =>
  finding(
    place,
    'Ambiguous',
    'warning',
    `gives "${text.slice(0, SHOWN)}" for ${place.object}, which could be any of ${candidates.join(', ')}: add the group to the kind`,
  );

export const nothingFound = (place: Place, others: number): RuleFinding =>
  finding(
    place,
    'NothingFound',
    'warning',
    `matches ${place.object}${others === 0 ? '' : ` and ${others} more`}, but needs.match is true of no other object: correct it, or set optional: true`,
  );
