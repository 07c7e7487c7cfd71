/** Reading a list of rules, and what is said of those that cannot be read: place, expression, mistake and remedy. */
import type { ExpressionProblem } from './cel.ts';

/** The lists of `spec.dependencies` that hold rules in CEL. */
export type RuleList = 'rules' | 'readiness';

export interface RuleProblem {
  readonly list: RuleList;
  /** Its place in the list, from 0. */
  readonly index: number;
  readonly rule: string;
  /** Within the rule: `match`, `needs`, `needs.object`, `needs.match`, `ready`, `failed` or `name`. */
  readonly field: string;
  /** What is written there; empty when it is not an expression. */
  readonly expression: string;
  /** What is wrong with it and what to write instead; continues "the expression …". */
  readonly message: string;
  readonly column?: number;
}

export type Problems = readonly [RuleProblem, ...RuleProblem[]];

export type Compiled<Rule> =
  | { readonly kind: 'compiled'; readonly rules: readonly Rule[] }
  | { readonly kind: 'problems'; readonly problems: Problems };

/** What one rule is compiled to, or what is wrong with it and where within the rule. */
export type CompiledOne<Rule> =
  | { readonly kind: 'rule'; readonly rule: Rule }
  | {
      readonly kind: 'problem';
      readonly field: string;
      readonly text: string;
      readonly problem: ExpressionProblem;
    };

/** Either all rules of a list can be applied, or there is everything that is wrong with them. */
export function compileAll<Written extends { readonly name: string }, Rule>(
  list: RuleList,
  written: readonly Written[],
  compile: (rule: Written) => CompiledOne<Rule>,
): Compiled<Rule> {
  const rules: Rule[] = [];
  const problems: RuleProblem[] = [];
  for (const [index, one] of written.entries()) {
    const place = { list, index, rule: one.name };
    const result = compile(one);
    if (result.kind === 'rule') rules.push(result.rule);
    else problems.push({ ...place, field: result.field, expression: result.text, ...result.problem });
    if (written.findIndex(({ name }) => name === one.name) < index) {
      const message = 'is the name of an earlier rule: give it another';
      problems.push({ ...place, field: 'name', expression: '', message });
    }
  }
  const [first, ...others] = problems;
  return first === undefined
    ? { kind: 'compiled', rules }
    : { kind: 'problems', problems: [first, ...others] };
}

/** As much of an expression as a message shows: a condition has room for several. */
const SHOWN = 256;

/** A sentence for people: where the problem is, what was written, what is wrong and what to do. */
export function describeProblem({
  list,
  index,
  rule,
  field,
  expression,
  message,
  column,
}: RuleProblem): string {
  const place = `spec.dependencies.${list}[${index}] ("${rule}"), ${field}`;
  if (expression === '') return `${place} ${message}`;
  const shown = expression.length > SHOWN ? `${expression.slice(0, SHOWN)}…` : expression;
  return `${place}: "${shown}" ${message}${column === undefined ? '' : ` (at character ${column})`}`;
}
