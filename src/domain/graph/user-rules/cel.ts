/**
 * Reads the CEL expressions of users' rules: parses and type-checks them, and
 * turns them into the small language of expression.ts. The only place that
 * knows the CEL library. What rules may not use is refused here, with the place
 * in the text and what to write instead, so that nothing is left to be found
 * out when objects are looked at.
 */
import { type ASTNode, Environment, ParseError } from '@marcbachmann/cel-js';
import type { Expression, Literal, Macro, Operator } from './expression.ts';
import { FUNCTIONS } from './functions.ts';
import { OPERATORS } from './operators.ts';

/** What an expression must give: true or false, or the name of an object or a list of such names. */
export type Gives = 'bool' | 'names';

export interface ExpressionProblem {
  readonly message: string;
  /** Where in the expression, counted from 1. */
  readonly column?: number;
}

export type ParsedExpression =
  | { readonly kind: 'expression'; readonly expression: Expression }
  | { readonly kind: 'problem'; readonly problem: ExpressionProblem };

/** Bound the recursion of everything that walks an expression. Generous: 1024 characters rarely reach them. */
const LIMITS = {
  maxAstNodes: 400,
  maxDepth: 40,
  maxListElements: 64,
  maxMapEntries: 64,
  maxCallArguments: 8,
};
const MOST_CHARACTERS = 1024;
/** Each level multiplies the cost by the length of a list. */
const MOST_NESTED_MACROS = 3;

// Objects are maps of anything: their kinds are not known before run time.
const oneObject = new Environment({ limits: LIMITS, homogeneousAggregateLiterals: false }).registerVariable(
  'object',
  'map<string, dyn>',
);
const twoObjects = oneObject.clone().registerVariable('other', 'map<string, dyn>');

const TYPES: Readonly<Record<Gives, readonly string[]>> = {
  bool: ['bool', 'dyn'],
  // `list<T>` is the type of an empty list.
  names: ['string', 'list', 'list<string>', 'list<T>', 'dyn'],
};
const WANTED: Readonly<Record<Gives, string>> = {
  bool: 'true or false',
  names: "a text such as 'StatefulSet/shop/db', or a list of such texts",
};

/** @param pair whether it may speak of `other` besides `object` */
export function parseExpression(text: string, pair: boolean, gives: Gives): ParsedExpression {
  if (text.length > MOST_CHARACTERS) return problem(`is longer than ${MOST_CHARACTERS} characters`);
  const environment = pair ? twoObjects : oneObject;
  const checked = environment.check(text);
  if (checked.error instanceof ParseError) return fromChecker(checked.error, text, pair);
  // Before the types: of a function that is not for rules, the checker may only say that its types do not fit.
  const expression = convert(environment.parse(text).ast, 0);
  if (expression instanceof Refusal) return { kind: 'problem', problem: expression.problem };
  if (!checked.valid) return fromChecker(checked.error, text, pair);
  const { type = 'dyn' } = checked;
  if (TYPES[gives].includes(type)) return { kind: 'expression', expression };
  return problem(`gives ${type}, but must give ${WANTED[gives]}`, 1);
}

const problem = (message: string, column?: number): ParsedExpression => ({
  kind: 'problem',
  problem: column === undefined ? { message } : { message, column },
});

type CheckError = ReturnType<Environment['check']>['error'];

function fromChecker(error: CheckError, text: string, pair: boolean): ParsedExpression {
  const start = error?.range?.start;
  const column = start === undefined ? undefined : Math.min(start, text.length) + 1;
  const said = error?.summary ?? 'cannot be read';
  const limit = /^Exceeded (maxAstNodes|maxDepth|maxListElements|maxCallArguments)/.test(said);
  if (limit) return problem('is too large or nested too deeply: split the rule into several', column);
  const unknown = /^Unknown variable: (\w+)/.exec(said)?.[1];
  if (unknown === undefined) return problem(`is not a valid expression: ${said}`, column);
  const known = pair ? '`object` and `other` are' : 'only `object` is';
  return problem(`speaks of ${unknown}, which is not known here: ${known}`, column);
}

/** Carries a problem out of {@link convert}. */
class Refusal {
  readonly problem: ExpressionProblem;

  constructor(message: string, { start }: ASTNode) {
    this.problem = { message, column: start + 1 };
  }
}

const MACROS: Readonly<Record<string, Macro>> = {
  all: 'all',
  exists: 'exists',
  exists_one: 'exists_one',
  filter: 'filter',
  map: 'map',
};

/** @param nested how many macros it is inside of */
function convert(node: ASTNode, nested: number): Converted {
  if (isBinary(node)) return binary(node.op, node.args, nested);
  switch (node.op) {
    case 'value':
      return literal(node, node.args);
    case 'id':
      return { op: 'variable', name: node.args };
    case '.':
      return one(node.args[0], nested, (of) => ({ op: 'field', of, name: node.args[1] }));
    case '[]':
      return two(node.args, nested, (of, at) => ({ op: 'index', of, at }));
    case 'list':
      return several(node.args, nested, (items) => ({ op: 'list', items }));
    case '!_':
      return one(node.args, nested, (of) => ({ op: 'not', of }));
    case '-_':
      return one(node.args, nested, (of) => ({ op: 'negate', of }));
    case '&&':
      return two(node.args, nested, (left, right) => ({ op: 'and', left, right }));
    case '||':
      return two(node.args, nested, (left, right) => ({ op: 'or', left, right }));
    case '?:':
      return choice(node.args, nested);
    case 'call':
      return convertCall(node, node.args[0], node.args[1], nested);
    case 'rcall':
      return convertMethod(node, node.args, nested);
    case 'map':
    case '.?':
    case '[?]':
      return new Refusal('writes a map or an optional field, which rules cannot use: use has() and ?:', node);
  }
}

function isBinary(node: ASTNode): node is Extract<ASTNode, { readonly op: Operator }> {
  return Object.hasOwn(OPERATORS, node.op);
}

type Converted = Expression | Refusal;

function one(node: ASTNode, nested: number, make: (part: Expression) => Expression): Converted {
  const part = convert(node, nested);
  return part instanceof Refusal ? part : make(part);
}

function two(
  [first, second]: readonly [ASTNode, ASTNode],
  nested: number,
  make: (first: Expression, second: Expression) => Converted,
): Converted {
  const left = convert(first, nested);
  if (left instanceof Refusal) return left;
  const right = convert(second, nested);
  return right instanceof Refusal ? right : make(left, right);
}

function several(
  nodes: readonly ASTNode[],
  nested: number,
  make: (parts: readonly Expression[]) => Expression,
): Converted {
  const parts: Expression[] = [];
  for (const node of nodes) {
    const part = convert(node, nested);
    if (part instanceof Refusal) return part;
    parts.push(part);
  }
  return make(parts);
}

function binary(operator: Operator, sides: readonly [ASTNode, ASTNode], nested: number): Converted {
  return two(sides, nested, (left, right) => ({ op: 'binary', operator, left, right }));
}

function choice([asked, yes, no]: readonly [ASTNode, ASTNode, ASTNode], nested: number): Converted {
  return two([yes, no], nested, (whenTrue, whenFalse) =>
    one(asked, nested, (condition) => ({ op: 'choice', condition, whenTrue, whenFalse })),
  );
}

function literal(node: ASTNode, value: unknown): Converted {
  return isLiteral(value)
    ? { op: 'value', value }
    : new Refusal('uses bytes or an unsigned number, which rules cannot: write a text or a number', node);
}

function isLiteral(value: unknown): value is Literal {
  return value === null || ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
}

function convertCall(node: ASTNode, name: string, nodes: readonly ASTNode[], nested: number): Converted {
  const [first] = nodes;
  if (name === 'has' && first?.op === '.') {
    return one(first.args[0], nested, (of) => ({ op: 'has', of, name: first.args[1] }));
  }
  return FUNCTIONS.has(`${name}/${nodes.length}`)
    ? several(nodes, nested, (args) => ({ op: 'call', name, args }))
    : notForRules(node, name);
}

const NAMES = [...new Set([...FUNCTIONS.keys()].map((key) => key.replace(/\/.*/, '')))].toSorted().join(', ');

function notForRules(node: ASTNode, name: string): Refusal {
  return new Refusal(`calls ${name}(), which rules cannot use: they can use has, ${NAMES}`, node);
}

function convertMethod(
  node: ASTNode,
  [name, receiver, args]: readonly [string, ASTNode, readonly ASTNode[]],
  nested: number,
): Converted {
  const macro = MACROS[name];
  if (macro === undefined) return convertCall(node, name, [receiver, ...args], nested);
  if (nested >= MOST_NESTED_MACROS) {
    return new Refusal(
      `nests ${macro}() more than ${MOST_NESTED_MACROS} deep: split the rule into several`,
      node,
    );
  }
  const [variable, ...bodies] = args;
  const [first, second] = bodies;
  if (variable?.op !== 'id' || first === undefined) return notForRules(node, name);
  const over = convert(receiver, nested);
  if (over instanceof Refusal) return over;
  const whole = { op: 'macro', macro, over, variable: variable.args } as const;
  if (second === undefined) return one(first, nested + 1, (body) => ({ ...whole, body }));
  return two([first, second], nested + 1, (condition, body) => ({ ...whole, condition, body }));
}
