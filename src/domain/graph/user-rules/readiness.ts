/**
 * Judges by the user's rules of readiness. Twice: at a capture all rules are
 * tried on the objects of the source, so that one that costs too much or names
 * a field that nothing has is known before it is needed; at a restore the live
 * object decides.
 */
import type { KubeObject } from '../../../api/object.ts';
import { failed as hasFailed, ready as isReady, progressing } from '../readiness/verdict.ts';
import type { Readiness } from '../types.ts';
import type { CompiledReadiness, CompiledText } from './compile.ts';
import { evaluate, type Scope } from './evaluate.ts';
import { alwaysFails, matchesNothing, neverReady, overBudget, type RuleFinding } from './findings.ts';
import { type Budget, DEFAULT_BUDGET, Meter, OverBudgetError } from './meter.ts';
import { evaluateOnce } from './once.ts';
import { Trials } from './trials.ts';
import { Failure } from './values.ts';
import { type Seen, seenIn, visibleTo } from './visible.ts';

/**
 * @param object as read from its cluster, status included
 * @returns undefined when no rule is about it; else it is ready when every rule that is says so
 */
export function readinessByRules(
  rules: readonly CompiledReadiness[],
  object: KubeObject,
  budget: Budget = DEFAULT_BUDGET,
): Readiness | undefined {
  if (rules.length === 0) return undefined;
  const scope = scopeOf(visibleTo(object));
  const meter = new Meter(budget);
  const verdicts = rules.flatMap((rule) => verdictOf(rule, scope, meter) ?? []);
  return (
    verdicts.find(({ kind }) => kind === 'failed') ??
    verdicts.find(({ kind }) => kind === 'progressing') ??
    verdicts[0]
  );
}

function verdictOf(rule: CompiledReadiness, scope: Scope, meter: Meter): Readiness | undefined {
  const run = ({ expression }: CompiledText): unknown => {
    meter.startEvaluation();
    return evaluate(expression, scope, meter);
  };
  meter.startRule();
  try {
    if (run(rule.match) !== true) return undefined;
    if (rule.failed !== undefined && run(rule.failed) === true) {
      return hasFailed(`has failed by rule "${rule.name}": ${rule.failed.text}`);
    }
    const value = run(rule.ready);
    if (value === true) return isReady;
    const why = value instanceof Failure ? value.message : `not ${rule.ready.text}`;
    return progressing(`not ready by rule "${rule.name}": ${why}`);
  } catch (error) {
    if (!(error instanceof OverBudgetError)) throw error;
    // Tried at the capture, so the object has grown since; waiting makes it no cheaper.
    return hasFailed(`cannot be judged by rule "${rule.name}": it takes ${error.message}`);
  }
}

/**
 * The keys of the objects that a rule is about, whether they are ready or not. One that
 * costs too much to tell counts: it cannot be judged in any other way either.
 */
export function judgedByRules(
  rules: readonly CompiledReadiness[],
  objects: ReadonlyMap<string, KubeObject>,
  budget: Budget = DEFAULT_BUDGET,
): ReadonlySet<string> {
  if (rules.length === 0) return new Set();
  const meter = new Meter(budget);
  const isAbout =
    (object: KubeObject) =>
    ({ match }: CompiledReadiness): boolean => {
      meter.startRule();
      try {
        return evaluateOnce(match.expression, scopeOf(visibleTo(object)), meter) === true;
      } catch (error) {
        if (!(error instanceof OverBudgetError)) throw error;
        return true;
      }
    };
  return new Set([...objects].flatMap(([key, object]) => (rules.some(isAbout(object)) ? key : [])));
}

const scopeOf = (object: KubeObject): Scope => ({ name: 'object', value: object });

/** What the rules would do to these objects, in the order of the rules. The work is bounded by `budget`. */
export function tryReadiness(
  rules: readonly CompiledReadiness[],
  objects: readonly KubeObject[],
  budget: Budget = DEFAULT_BUDGET,
): readonly RuleFinding[] {
  if (rules.length === 0) return [];
  const seen = seenIn(objects);
  const meter = new Meter(budget);
  return rules.flatMap((rule) => tryRule(rule, seen, meter));
}

function tryRule(rule: CompiledReadiness, seen: readonly Seen[], meter: Meter): readonly RuleFinding[] {
  const trialsOf = ({ expression }: CompiledText) => new Trials(expression, meter);
  const match = trialsOf(rule.match);
  const ready = trialsOf(rule.ready);
  const failed = rule.failed === undefined ? undefined : trialsOf(rule.failed);
  const place = { list: 'readiness' as const, rule: rule.name };
  let at = '';
  let matched = 0;
  meter.startRule();
  try {
    for (const { key, object } of seen) {
      at = key;
      const scope = scopeOf(object);
      if (!match.isTrue(key, scope)) continue;
      matched += 1;
      failed?.isTrue(key, scope);
      ready.isTrue(key, scope);
    }
  } catch (error) {
    if (!(error instanceof OverBudgetError)) throw error;
    return [overBudget({ ...place, object: at }, error)];
  }
  const failing = { match: match.alwaysFailed, failed: failed?.alwaysFailed };
  const findings = Object.entries(failing).flatMap(([field, failure]) =>
    failure === undefined ? [] : [alwaysFails({ ...place, object: failure.key }, field, failure.message)],
  );
  const never = ready.alwaysFailed;
  if (never !== undefined) findings.push(neverReady({ ...place, object: never.key }, never.message));
  const isIdle = matched === 0 && findings.length === 0;
  return isIdle ? [matchesNothing({ ...place, object: '' })] : findings;
}
