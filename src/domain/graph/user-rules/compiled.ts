/** All rules of a spec together, as whoever judges or uses the spec wants them. */
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import {
  type CompiledReadiness,
  type CompiledRule,
  compileReadiness,
  compileRules,
  type UserReadiness,
} from './compile.ts';
import { type Compiled, describeProblem, type RuleProblem } from './problems.ts';

export interface UserRules {
  /** Of `spec.dependencies.rules`. */
  readonly needs: readonly CompiledRule[];
  /** Of `spec.dependencies.readiness`. */
  readonly readiness: readonly CompiledReadiness[];
}

export const NO_RULES: UserRules = { needs: [], readiness: [] };

/** A spec in force holds a rule that cannot be used, e.g. because it was accepted by an earlier version. */
export class InvalidRulesError extends Error {
  override readonly name = 'InvalidRulesError';
  readonly code = 'InvalidRules';
  readonly retry = 'never';
}

/** Everything that is wrong with the rules of a spec; empty when all can be used. */
export function ruleProblems({ rules, readiness }: DRScenarioSpec['dependencies']): readonly RuleProblem[] {
  return [compileRules(rules), compileReadiness(readiness)].flatMap((compiled) =>
    compiled.kind === 'problems' ? compiled.problems : [],
  );
}

/**
 * The rules of a spec that is in force, ready for use. They were checked when it was accepted.
 * @throws InvalidRulesError naming every rule that is wrong, and what is wrong with it
 */
export function compiledRules({ dependencies }: DRScenarioSpec): UserRules {
  return {
    needs: usable(compileRules(dependencies.rules)),
    readiness: compiledReadiness(dependencies.readiness),
  };
}

/** @throws InvalidRulesError */
export const compiledReadiness = (rules: readonly UserReadiness[]): readonly CompiledReadiness[] =>
  usable(compileReadiness(rules));

function usable<Rule>(compiled: Compiled<Rule>): readonly Rule[] {
  if (compiled.kind === 'compiled') return compiled.rules;
  throw new InvalidRulesError(compiled.problems.map(describeProblem).join('; '));
}
