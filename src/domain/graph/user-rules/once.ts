/**
 * Evaluates an expression on one object, once however often it is asked: the
 * closure applies the same rules to the same objects again whenever it has
 * grown. The steps are spent each time as if it were done anew, so that what is
 * known already changes no budget and no result.
 */
import { evaluate, type Scope } from './evaluate.ts';
import type { Expression } from './expression.ts';
import type { Meter } from './meter.ts';

interface Known {
  readonly value: unknown;
  readonly steps: number;
}

/** Objects are never changed, and rules are compiled anew for each capture: nothing here outlives one. */
const known = new WeakMap<Expression, WeakMap<object, Known>>();

/** @param scope of one name only. @throws OverBudgetError */
export function evaluateOnce(expression: Expression, scope: Scope, meter: Meter): unknown {
  const { value: object, outer } = scope;
  if (typeof object !== 'object' || object === null || outer !== undefined) {
    return evaluate(expression, scope, meter);
  }
  const ofExpression = known.get(expression) ?? new WeakMap<object, Known>();
  known.set(expression, ofExpression);
  const before = ofExpression.get(object);
  if (before !== undefined) {
    meter.spend(before.steps);
    return before.value;
  }
  const start = meter.spent;
  const value = evaluate(expression, scope, meter);
  ofExpression.set(object, { value, steps: meter.spent - start });
  return value;
}
