/**
 * The expressions of users' rules as data: the part of CEL (github.com/google/cel-spec)
 * that rules may use. Apart from cel.ts, which reads them, and evaluate.ts,
 * which runs them, so that neither the parser's own tree nor anything else it
 * can express reaches the evaluation.
 */

export type Macro = 'all' | 'exists' | 'exists_one' | 'filter' | 'map';
export type Operator = '==' | '!=' | 'in' | '+' | '-' | '*' | '/' | '%' | '<' | '<=' | '>' | '>=';
export type Literal = string | number | bigint | boolean | null;

export type Expression =
  | { readonly op: 'value'; readonly value: Literal }
  | { readonly op: 'variable'; readonly name: string }
  | { readonly op: 'field'; readonly of: Expression; readonly name: string }
  /** `has(of.name)` */
  | { readonly op: 'has'; readonly of: Expression; readonly name: string }
  | { readonly op: 'index'; readonly of: Expression; readonly at: Expression }
  | { readonly op: 'list'; readonly items: readonly Expression[] }
  | { readonly op: 'not' | 'negate'; readonly of: Expression }
  | { readonly op: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | {
      readonly op: 'choice';
      readonly condition: Expression;
      readonly whenTrue: Expression;
      readonly whenFalse: Expression;
    }
  | {
      readonly op: 'binary';
      readonly operator: Operator;
      readonly left: Expression;
      readonly right: Expression;
    }
  /** A function; of `a.f(b)`, `a` is the first argument. */
  | { readonly op: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | {
      readonly op: 'macro';
      readonly macro: Macro;
      readonly over: Expression;
      readonly variable: string;
      readonly body: Expression;
      /** Only of `map(variable, condition, body)`. */
      readonly condition?: Expression;
    };

/** The parts that must all hold: `a && b && c` is [a, b, c]. */
export function conjuncts(expression: Expression): readonly Expression[] {
  return expression.op === 'and'
    ? [...conjuncts(expression.left), ...conjuncts(expression.right)]
    : [expression];
}

/** Whether a name occurs at all, also where a macro gives it another meaning. */
export function mentions(expression: Expression, name: string): boolean {
  if (expression.op === 'variable') return expression.name === name;
  return partsOf(expression).some((part) => mentions(part, name));
}

function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.op) {
    case 'value':
    case 'variable':
      return [];
    case 'field':
    case 'has':
    case 'not':
    case 'negate':
      return [expression.of];
    case 'index':
      return [expression.of, expression.at];
    case 'list':
      return expression.items;
    case 'and':
    case 'or':
    case 'binary':
      return [expression.left, expression.right];
    case 'choice':
      return [expression.condition, expression.whenTrue, expression.whenFalse];
    case 'call':
      return expression.args;
    case 'macro':
      return [expression.over, expression.body, ...(expression.condition ? [expression.condition] : [])];
  }
}
