/**
 * Reads the rules of a scenario once: either all of them can be applied, or
 * there is a list of what is wrong with them. Needs nothing but the rules, so
 * that a wrong one is refused before any cluster is asked.
 */
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { parseExpression } from './cel.ts';
import type { Expression } from './expression.ts';
import { type Compiled, type CompiledOne, compileAll } from './problems.ts';

/** A rule as a user writes it, in `spec.dependencies.rules`. */
export type UserRule = DRScenarioSpec['dependencies']['rules'][number];
/** The same, in `spec.dependencies.readiness`. */
export type UserReadiness = DRScenarioSpec['dependencies']['readiness'][number];

export interface CompiledText {
  readonly text: string;
  readonly expression: Expression;
}

export interface CompiledRule {
  readonly name: string;
  readonly match: CompiledText;
  /** by 'object': gives names of objects; by 'match': is true of the pairs that depend on each other. */
  readonly needs: CompiledText & { readonly by: 'object' | 'match' };
  readonly optional: boolean;
}

export interface CompiledReadiness {
  readonly name: string;
  readonly match: CompiledText;
  readonly ready: CompiledText;
  readonly failed: CompiledText | undefined;
}

export const compileRules = (rules: readonly UserRule[]): Compiled<CompiledRule> =>
  compileAll('rules', rules, compileRule);

export const compileReadiness = (rules: readonly UserReadiness[]): Compiled<CompiledReadiness> =>
  compileAll('readiness', rules, compileReadinessRule);

/** Stops at the first problem: the others of the same rule often follow from it. */
function compileRule(rule: UserRule): CompiledOne<CompiledRule> {
  const match = compileBool('match', rule.match);
  if (match.kind === 'problem') return match;
  const way = wayOf(rule.needs);
  if (way === undefined) {
    const problem = { message: 'must have exactly one of object and match' };
    return { kind: 'problem', field: 'needs', text: '', problem };
  }
  const { by, text } = way;
  const needs = parseExpression(text, by === 'match', by === 'match' ? 'bool' : 'names');
  if (needs.kind === 'problem') return { ...needs, field: `needs.${by}`, text };
  const { name, optional } = rule;
  return {
    kind: 'rule',
    rule: { name, match: match.rule, needs: { by, text, expression: needs.expression }, optional },
  };
}

function wayOf({ object, match }: UserRule['needs']) {
  if (object !== undefined && match === undefined) return { by: 'object', text: object } as const;
  if (match !== undefined && object === undefined) return { by: 'match', text: match } as const;
  return undefined;
}

function compileReadinessRule(rule: UserReadiness): CompiledOne<CompiledReadiness> {
  const match = compileBool('match', rule.match);
  if (match.kind === 'problem') return match;
  const ready = compileBool('ready', rule.ready);
  if (ready.kind === 'problem') return ready;
  const failed = rule.failed === undefined ? undefined : compileBool('failed', rule.failed);
  if (failed?.kind === 'problem') return failed;
  return {
    kind: 'rule',
    rule: { name: rule.name, match: match.rule, ready: ready.rule, failed: failed?.rule },
  };
}

function compileBool(field: string, text: string): CompiledOne<CompiledText> {
  const parsed = parseExpression(text, false, 'bool');
  if (parsed.kind === 'problem') return { ...parsed, field, text };
  return { kind: 'rule', rule: { text, expression: parsed.expression } };
}
