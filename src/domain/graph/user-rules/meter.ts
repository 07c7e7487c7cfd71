/**
 * What the evaluation of rules may cost. Steps are counted instead of time, so
 * that the same rules on the same objects end the same way on every machine,
 * and an expression that costs too much is stopped wherever it is. One step is
 * about one operator; work on texts and lists counts by their length.
 */

export interface Budget {
  /** Steps of one expression on one object, or one pair of objects. */
  readonly evaluation: number;
  /** Steps of one rule on all objects. */
  readonly rule: number;
  /** Steps of all rules together. */
  readonly total: number;
  /** Dependencies that one rule may make. */
  readonly edges: number;
}

/**
 * A step takes 0.1 to 0.2 microseconds, so all rules of a scenario together hold
 * up the operator for a second or two at the very worst: whatever takes longer
 * costs more steps (test: budget-laws.test.ts). A usual rule takes ten steps an
 * object: 5,000 objects are 50,000 steps.
 */
export const DEFAULT_BUDGET: Budget = {
  evaluation: 100_000,
  rule: 2_000_000,
  total: 8_000_000,
  edges: 10_000,
};

/** Which of the limits of a {@link Budget} was reached. */
export type Limit = 'evaluation' | 'rule' | 'total';

/**
 * Thrown out of an evaluation, however deep it is, and caught by the caller of
 * the evaluation. Not a value like the failures of an expression: `||`, `exists`
 * and `all` go on after a failure, and would go on spending.
 */
export class OverBudgetError extends Error {
  readonly code = 'OverBudget';
  readonly retry = 'never';
  readonly limit: Limit;

  constructor(limit: Limit, steps: number) {
    super(`more than ${steps} steps`);
    this.name = 'OverBudgetError';
    this.limit = limit;
  }
}

/** Counts down. One per application of rules; `startRule` and `startEvaluation` set the inner limits. */
export class Meter {
  readonly #budget: Budget;
  #spent = 0;
  #ruleEnd: number;
  #end: number;
  #limit: Limit = 'total';

  constructor(budget: Budget) {
    this.#budget = budget;
    this.#ruleEnd = budget.total;
    this.#end = budget.total;
  }

  /** Steps counted so far. */
  get spent(): number {
    return this.#spent;
  }

  startRule(): void {
    this.#ruleEnd = Math.min(this.#spent + this.#budget.rule, this.#budget.total);
    this.startEvaluation();
  }

  startEvaluation(): void {
    const end = this.#spent + this.#budget.evaluation;
    this.#end = Math.min(end, this.#ruleEnd);
    this.#limit = 'evaluation';
    if (end > this.#ruleEnd) this.#limit = this.#ruleEnd === this.#budget.total ? 'total' : 'rule';
  }

  /**
   * To be called before the work is done.
   * @throws OverBudgetError when that is more than is left
   */
  spend(steps: number): void {
    this.#spent += steps;
    if (this.#spent > this.#end) throw new OverBudgetError(this.#limit, this.#budget[this.#limit]);
  }
}
