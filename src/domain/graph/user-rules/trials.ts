/**
 * Evaluates one expression of a rule on many objects and keeps count of how
 * often it had no result. One object without a field is no mistake; an
 * expression that has a result for none is one.
 */
import type { Scope } from './evaluate.ts';
import type { Expression } from './expression.ts';
import type { Meter } from './meter.ts';
import { evaluateOnce } from './once.ts';
import { describeType, Failure } from './values.ts';

export class Trials {
  readonly #expression: Expression;
  readonly #meter: Meter;
  #tried = 0;
  #failed = 0;
  #first: { readonly key: string; readonly message: string } | undefined;

  constructor(expression: Expression, meter: Meter) {
    this.#expression = expression;
    this.#meter = meter;
  }

  /** The first failure, when there was nothing else; undefined when something worked or nothing was tried. */
  get alwaysFailed(): { readonly key: string; readonly message: string } | undefined {
    return this.#tried === this.#failed ? this.#first : undefined;
  }

  /**
   * @param key of the object it is about, for the message
   * @returns whether it is true; a failure is not
   * @throws OverBudgetError
   */
  isTrue(key: string, scope: Scope): boolean {
    const value = this.#run(scope);
    if (typeof value === 'boolean') return value;
    this.#fail(key, value, 'true or false');
    return false;
  }

  /** The texts it gives, one or many; none when it fails. @throws OverBudgetError */
  texts(key: string, scope: Scope): readonly string[] {
    const value = this.#run(scope);
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    const texts = values.filter((item) => typeof item === 'string');
    if (texts.length === values.length) return texts;
    this.#fail(key, value, 'a text or a list of texts');
    return [];
  }

  #run(scope: Scope): unknown {
    this.#tried += 1;
    this.#meter.startEvaluation();
    return evaluateOnce(this.#expression, scope, this.#meter);
  }

  #fail(key: string, value: unknown, wanted: string): void {
    this.#failed += 1;
    const message =
      value instanceof Failure ? value.message : `it gives ${describeType(value)}, not ${wanted}`;
    this.#first ??= { key, message };
  }
}
