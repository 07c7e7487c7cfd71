/** What is said about rules that were applied and did not do what their author meant. */
import type { OverBudgetError } from './meter.ts';

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
  | 'NothingFound';

export interface RuleFinding {
  readonly code: FindingCode;
  /** 'refused': the rule has no effect, so the scenario cannot be ordered as its author wants. */
  readonly severity: 'refused' | 'warning';
  /** Name of the rule. */
  readonly rule: string;
  /** refKey of the first object it is about. */
  readonly object: string;
  /** A sentence for people: the rule, the object, what is wrong and what to do. */
  readonly message: string;
}

/** Where a finding was made. */
export interface Place {
  readonly rule: string;
  readonly object: string;
}

const finding = (
  { rule, object }: Place,
  code: FindingCode,
  severity: RuleFinding['severity'],
  what: string,
): RuleFinding => ({
  code,
  severity,
  rule,
  object,
  message: `spec.dependencies.rules: rule "${rule}" ${what}`,
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
