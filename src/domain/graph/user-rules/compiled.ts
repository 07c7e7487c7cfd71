/** The rules of a spec that is in force, ready for use. They were checked when it was accepted. */
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { type CompiledRule, compileRules, describeProblem } from './compile.ts';

/** A spec in force holds a rule that cannot be used, e.g. because it was accepted by an earlier version. */
export class InvalidRulesError extends Error {
  override readonly name = 'InvalidRulesError';
  readonly code = 'InvalidRules';
  readonly retry = 'never';
}

/** @throws InvalidRulesError naming every rule that is wrong, and what is wrong with it */
export function compiledRules(spec: DRScenarioSpec): readonly CompiledRule[] {
  const compiled = compileRules(spec.dependencies.rules);
  if (compiled.kind === 'compiled') return compiled.rules;
  throw new InvalidRulesError(compiled.problems.map(describeProblem).join('; '));
}
