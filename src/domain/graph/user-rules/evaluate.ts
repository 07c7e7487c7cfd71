/**
 * Runs the expression of a rule on objects. Not done by the library that reads
 * it: that has no limit on what an evaluation costs, one thrown from outside
 * would be swallowed by `||`, `all` and `exists`, which carry on after an error,
 * and its `matches` backtracks. Here every operator is paid for before it is
 * done, and the recursion is as deep as the expression, which cel.ts limits.
 */
import { isFields } from '../../../api/fields.ts';
import type { Expression } from './expression.ts';
import { FUNCTIONS } from './functions.ts';
import type { Meter } from './meter.ts';
import { OPERATORS } from './operators.ts';
import { describeType, Failure, fieldOf, isList, itemsOf, valueOf } from './values.ts';

/** What names stand for; the inner one wins. */
export interface Scope {
  readonly name: string;
  readonly value: unknown;
  readonly outer?: Scope;
}

type Of<Op extends Expression['op']> = Extract<Expression, { readonly op: Op }>;

/**
 * @returns a JSON value with whole numbers as `bigint`, or a {@link Failure} when the expression has none
 * @throws OverBudgetError
 */
export function evaluate(expression: Expression, scope: Scope | undefined, meter: Meter): unknown {
  meter.spend(1);
  switch (expression.op) {
    case 'value':
      return expression.value;
    case 'variable':
      return lookUp(expression.name, scope);
    case 'field':
      return field(expression, scope, meter);
    case 'has':
      return has(expression, scope, meter);
    case 'index':
      return index(expression, scope, meter);
    case 'list':
      return all(expression.items, scope, meter);
    case 'not':
      return not(evaluate(expression.of, scope, meter));
    case 'negate':
      return negate(evaluate(expression.of, scope, meter));
    case 'and':
      return connect(expression, false, scope, meter);
    case 'or':
      return connect(expression, true, scope, meter);
    case 'choice':
      return choose(expression, scope, meter);
    case 'binary':
      return binary(expression, scope, meter);
    case 'call':
      return call(expression, scope, meter);
    case 'macro':
      return macro(expression, scope, meter);
  }
}

function lookUp(name: string, scope: Scope | undefined): unknown {
  for (let at = scope; at !== undefined; at = at.outer) if (at.name === name) return at.value;
  return new Failure(`nothing is called ${name}`);
}

function field({ of, name }: Of<'field'>, scope: Scope | undefined, meter: Meter): unknown {
  const value = evaluate(of, scope, meter);
  return value instanceof Failure ? value : fieldOf(value, name);
}

function has({ of, name }: Of<'has'>, scope: Scope | undefined, meter: Meter): unknown {
  const value = evaluate(of, scope, meter);
  if (value instanceof Failure) return value;
  return isFields(value) && Object.hasOwn(value, name);
}

function index({ of, at }: Of<'index'>, scope: Scope | undefined, meter: Meter): unknown {
  const value = evaluate(of, scope, meter);
  const place = evaluate(at, scope, meter);
  if (value instanceof Failure) return value;
  if (place instanceof Failure) return place;
  if (typeof place === 'string') return fieldOf(value, place);
  if (typeof place === 'bigint' && isList(value)) return valueOf(value[Number(place)], `item ${place}`);
  return new Failure(`${describeType(value)} has no place named by ${describeType(place)}`);
}

function all(
  expressions: readonly Expression[],
  scope: Scope | undefined,
  meter: Meter,
): readonly unknown[] | Failure {
  const values: unknown[] = [];
  for (const expression of expressions) {
    const value = evaluate(expression, scope, meter);
    if (value instanceof Failure) return value;
    values.push(value);
  }
  return values;
}

function not(value: unknown): unknown {
  return typeof value === 'boolean' ? !value : notBool(value);
}

function negate(value: unknown): unknown {
  if (value instanceof Failure || typeof value === 'number') return value instanceof Failure ? value : -value;
  return typeof value === 'bigint' ? -value : new Failure(`${describeType(value)} cannot be negative`);
}

const notBool = (value: unknown): Failure =>
  value instanceof Failure ? value : new Failure(`true or false is needed, not ${describeType(value)}`);

/** `deciding` on either side decides, also beside a failure: CEL's && and || do not care for order. */
function connect(
  { left, right }: Of<'and' | 'or'>,
  deciding: boolean,
  scope: Scope | undefined,
  meter: Meter,
): unknown {
  const first = evaluate(left, scope, meter);
  if (first === deciding) return deciding;
  const second = evaluate(right, scope, meter);
  if (second === deciding) return deciding;
  if (typeof first !== 'boolean') return notBool(first);
  return typeof second === 'boolean' ? second : notBool(second);
}

function choose({ condition, whenTrue, whenFalse }: Of<'choice'>, scope: Scope | undefined, meter: Meter) {
  const chosen = evaluate(condition, scope, meter);
  if (typeof chosen !== 'boolean') return notBool(chosen);
  return evaluate(chosen ? whenTrue : whenFalse, scope, meter);
}

function binary({ operator, left, right }: Of<'binary'>, scope: Scope | undefined, meter: Meter): unknown {
  const a = evaluate(left, scope, meter);
  if (a instanceof Failure) return a;
  const b = evaluate(right, scope, meter);
  return b instanceof Failure ? b : OPERATORS[operator](a, b, meter);
}

function call({ name, args }: Of<'call'>, scope: Scope | undefined, meter: Meter): unknown {
  const values = all(args, scope, meter);
  if (values instanceof Failure) return values;
  const found = FUNCTIONS.get(`${name}/${args.length}`);
  return found === undefined ? new Failure(`there is no function ${name}`) : found(meter, values);
}

function macro(expression: Of<'macro'>, scope: Scope | undefined, meter: Meter): unknown {
  const over = evaluate(expression.over, scope, meter);
  const items = over instanceof Failure ? over : itemsOf(over, meter);
  if (items instanceof Failure) return items;
  const inner = (item: unknown): Scope => {
    const value = valueOf(item, expression.variable);
    return { name: expression.variable, value, ...(scope === undefined ? {} : { outer: scope }) };
  };
  const run = (body: Expression, item: unknown) => evaluate(body, inner(item), meter);
  const { macro: kind, body } = expression;
  if (kind === 'all' || kind === 'exists')
    return quantify(items, kind === 'exists', (item) => run(body, item));
  if (kind !== 'map') {
    const kept = filter(items, (item) => run(body, item));
    return kept instanceof Failure || kind === 'filter' ? kept : kept.length === 1;
  }
  const { condition } = expression;
  const kept = condition === undefined ? items : filter(items, (item) => run(condition, item));
  return kept instanceof Failure ? kept : mapItems(kept, (item) => run(body, item));
}

/** One `deciding` item decides, whatever fails before or after it. */
function quantify(
  items: readonly unknown[],
  deciding: boolean,
  test: (item: unknown) => unknown,
): boolean | Failure {
  let failure: Failure | undefined;
  for (const item of items) {
    const held = test(item);
    if (held === deciding) return deciding;
    if (typeof held !== 'boolean') failure ??= notBool(held);
  }
  return failure ?? !deciding;
}

function filter(items: readonly unknown[], test: (item: unknown) => unknown): readonly unknown[] | Failure {
  const kept: unknown[] = [];
  for (const item of items) {
    const held = test(item);
    if (typeof held !== 'boolean') return notBool(held);
    if (held) kept.push(item);
  }
  return kept;
}

function mapItems(items: readonly unknown[], change: (item: unknown) => unknown): unknown {
  const changed: unknown[] = [];
  for (const item of items) {
    const value = change(item);
    if (value instanceof Failure) return value;
    changed.push(value);
  }
  return changed;
}
