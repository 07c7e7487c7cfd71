/**
 * Reads all rules of a scenario once: either all of them can be applied, or
 * there is a list of what is wrong with them. Needs nothing but the rules, so
 * that a wrong one is refused before any cluster is asked.
 */
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { parseExpression } from './cel.ts';
import type { Expression } from './expression.ts';

/** A rule as a user writes it, in `spec.dependencies.rules`. */
export type UserRule = DRScenarioSpec['dependencies']['rules'][number];

export interface CompiledRule {
  readonly name: string;
  readonly match: { readonly text: string; readonly expression: Expression };
  readonly needs: {
    /** 'object': gives names of objects; 'match': is true of the pairs that depend on each other. */
    readonly by: 'object' | 'match';
    readonly text: string;
    readonly expression: Expression;
  };
  readonly optional: boolean;
}

export interface RuleProblem {
  /** Its place in the list, from 0. */
  readonly index: number;
  readonly rule: string;
  /** Within the rule: `match`, `needs`, `needs.object`, `needs.match` or `name`. */
  readonly field: string;
  /** What is written there; empty when it is not an expression. */
  readonly expression: string;
  /** What is wrong with it and what to write instead; continues "the expression …". */
  readonly message: string;
  readonly column?: number;
}

export type CompiledRules =
  | { readonly kind: 'compiled'; readonly rules: readonly CompiledRule[] }
  | { readonly kind: 'problems'; readonly problems: readonly [RuleProblem, ...RuleProblem[]] };

export function compileRules(rules: readonly UserRule[]): CompiledRules {
  const compiled: CompiledRule[] = [];
  const problems: RuleProblem[] = [];
  for (const [index, rule] of rules.entries()) {
    const result = compileRule(rule, index);
    if ('message' in result) problems.push(result);
    else compiled.push(result);
    if (rules.findIndex(({ name }) => name === rule.name) < index) {
      problems.push({
        ...at(index, rule, 'name', ''),
        message: 'is the name of an earlier rule: give it another',
      });
    }
  }
  const [first, ...others] = problems;
  return first === undefined
    ? { kind: 'compiled', rules: compiled }
    : { kind: 'problems', problems: [first, ...others] };
}

/** Stops at the first problem: the others of the same rule often follow from it. */
function compileRule(rule: UserRule, index: number): CompiledRule | RuleProblem {
  const match = parseExpression(rule.match, false, 'bool');
  if (match.kind === 'problem') return { ...at(index, rule, 'match', rule.match), ...match.problem };
  const way = wayOf(rule.needs);
  if (way === undefined) {
    return { ...at(index, rule, 'needs', ''), message: 'must have exactly one of object and match' };
  }
  const { by, text } = way;
  const needs = parseExpression(text, by === 'match', by === 'match' ? 'bool' : 'names');
  if (needs.kind === 'problem') return { ...at(index, rule, `needs.${by}`, text), ...needs.problem };
  return {
    name: rule.name,
    match: { text: rule.match, expression: match.expression },
    needs: { by, text, expression: needs.expression },
    optional: rule.optional,
  };
}

const at = (index: number, rule: UserRule, field: string, expression: string) => ({
  index,
  rule: rule.name,
  field,
  expression,
});

function wayOf({ object, match }: UserRule['needs']) {
  if (object !== undefined && match === undefined) return { by: 'object', text: object } as const;
  if (match !== undefined && object === undefined) return { by: 'match', text: match } as const;
  return undefined;
}

/** As much of an expression as a message shows: a condition has room for several. */
const SHOWN = 256;

/** A sentence for people: where the problem is, what was written, what is wrong and what to do. */
export function describeProblem({ index, rule, field, expression, message, column }: RuleProblem): string {
  const place = `spec.dependencies.rules[${index}] ("${rule}"), ${field}`;
  if (expression === '') return `${place} ${message}`;
  const shown = expression.length > SHOWN ? `${expression.slice(0, SHOWN)}…` : expression;
  return `${place}: "${shown}" ${message}${column === undefined ? '' : ` (at character ${column})`}`;
}
