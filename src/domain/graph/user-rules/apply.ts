/**
 * Applies a user's rules to the objects: what needs what because a rule says
 * so. Like the inferred references, these can be of objects that are not among
 * the objects yet, so this is asked again as the closure grows; the findings
 * that count are those of the last time.
 */
import { type KubeObject, refKey } from '../../../api/object.ts';
import { compareEdges, compareText } from '../sorting.ts';
import type { ObjectEdge, Reference } from '../types.ts';
import type { CompiledRule } from './compile.ts';
import type { Scope } from './evaluate.ts';
import { conjuncts, type Expression, mentions } from './expression.ts';
import {
  alwaysFails,
  ambiguous,
  notAName,
  nothingFound,
  overBudget,
  type RuleFinding,
  tooManyEdges,
} from './findings.ts';
import { type Budget, DEFAULT_BUDGET, Meter, OverBudgetError } from './meter.ts';
import { type Named, nameFinder } from './names.ts';
import { Trials } from './trials.ts';
import { type Seen, seenIn } from './visible.ts';

export interface RuleReferences {
  /** Between objects, sorted; never from an object to itself. */
  readonly edges: readonly ObjectEdge[];
  /** To what is not among the objects. Sorted. */
  readonly missing: readonly Reference[];
  /** In the order of the rules. */
  readonly findings: readonly RuleFinding[];
}

/**
 * The work is bounded by `budget`, whatever the rules and the objects are. A
 * rule that exceeds its share contributes nothing but a finding.
 */
export function applyRules(
  rules: readonly CompiledRule[],
  objects: readonly KubeObject[],
  budget: Budget = DEFAULT_BUDGET,
): RuleReferences {
  if (rules.length === 0) return { edges: [], missing: [], findings: [] };
  const meter = new Meter(budget);
  const seen = sightOf(objects);
  const results = rules.map((rule) => applyRule(rule, seen, meter, budget));
  return {
    edges: results.flatMap(({ edges }) => edges).toSorted(compareEdges),
    missing: results
      .flatMap(({ missing }) => missing)
      .toSorted((a, b) => compareText(a.from, b.from) || compareText(refKey(a.to), refKey(b.to))),
    findings: results.flatMap(({ findings }) => findings),
  };
}

/** The name of a rule as evidence: rules of inference have other names. */
export const userRuleName = (name: string): string => `${USER_RULE}${name}`;

const USER_RULE = 'user:';

/** Whether a dependency was made by a rule of the user. */
export const isByUserRule = ({ rule }: Pick<ObjectEdge, 'rule'>): boolean => rule.startsWith(USER_RULE);

/** What it takes to look a text up among the names of all objects. */
const STEPS_PER_NAME = 10;
/** What it takes to note a dependency, and to follow it when the graph is built. */
const STEPS_PER_DEPENDENCY = 40;

interface Sight {
  readonly all: readonly Seen[];
  readonly find: (text: string) => Named;
}

function sightOf(objects: readonly KubeObject[]): Sight {
  const all = seenIn(objects);
  return { all, find: nameFinder(all.map(({ key }) => key)) };
}

interface Run {
  readonly rule: CompiledRule;
  readonly sight: Sight;
  readonly meter: Meter;
  readonly budget: Budget;
  /** The object that is being looked at. */
  at: string;
  readonly edges: ObjectEdge[];
  readonly missing: Reference[];
  readonly findings: RuleFinding[];
}

function applyRule(rule: CompiledRule, sight: Sight, meter: Meter, budget: Budget): RuleReferences {
  const run: Run = { rule, sight, meter, budget, at: '', edges: [], missing: [], findings: [] };
  meter.startRule();
  try {
    const dependants = dependantsOf(run);
    const isWithin = rule.needs.by === 'object' ? addNamed(run, dependants) : addMatching(run, dependants);
    if (isWithin) return run;
    return { edges: [], missing: [], findings: [tooManyEdges(placeOf(run, run.at), budget.edges)] };
  } catch (error) {
    if (!(error instanceof OverBudgetError)) throw error;
    return { edges: [], missing: [], findings: [overBudget(placeOf(run, run.at), error)] };
  }
}

const placeOf = ({ rule }: Run, object: string) => ({ list: 'rules' as const, rule: rule.name, object });
const scopeOf = ({ object }: Seen): Scope => ({ name: 'object', value: object });

function dependantsOf(run: Run): readonly Seen[] {
  const trials = new Trials(run.rule.match.expression, run.meter);
  const found = run.sight.all.filter((one) => {
    run.at = one.key;
    return trials.isTrue(one.key, scopeOf(one));
  });
  noteFailure(run, 'match', trials);
  return found;
}

function noteFailure(run: Run, field: string, { alwaysFailed }: Trials): void {
  if (alwaysFailed === undefined) return;
  const { key, message } = alwaysFailed;
  run.findings.push(alwaysFails(placeOf(run, key), field, message));
}

/** @returns whether the number of dependencies is within the limit */
function addNamed(run: Run, dependants: readonly Seen[]): boolean {
  const trials = new Trials(run.rule.needs.expression, run.meter);
  for (const one of dependants) {
    run.at = one.key;
    const texts = new Set(trials.texts(one.key, scopeOf(one)));
    for (const text of texts) {
      addName(run, text);
      if (run.edges.length + run.missing.length > run.budget.edges) return false;
    }
  }
  noteFailure(run, 'needs.object', trials);
  return true;
}

function addName(run: Run, text: string): void {
  run.meter.spend(STEPS_PER_NAME);
  const found = run.sight.find(text);
  switch (found.kind) {
    case 'object':
      addEdge(run, found.key);
      return;
    case 'missing':
      run.meter.spend(STEPS_PER_DEPENDENCY);
      run.missing.push({ ...evidence(run), to: found.ref, optional: run.rule.optional });
      return;
    case 'ambiguous':
      noteOnce(run, ambiguous(placeOf(run, run.at), text, found.candidates));
      return;
    case 'not-a-name':
      noteOnce(run, notAName(placeOf(run, run.at), text));
  }
}

const evidence = ({ rule, at }: Run) =>
  ({
    from: at,
    rule: userRuleName(rule.name),
    field: rule.needs.text,
    certainty: 'certain',
  }) as const;

function addEdge(run: Run, to: string): void {
  if (to === run.at) return;
  run.meter.spend(STEPS_PER_DEPENDENCY);
  run.edges.push({ ...evidence(run), to });
}

/** A mistake in a rule shows on every object; the first is enough. */
function noteOnce(run: Run, finding: RuleFinding): void {
  if (run.findings.every(({ code }) => code !== finding.code)) run.findings.push(finding);
}

/** @returns whether the number of dependencies is within the limit */
function addMatching(run: Run, dependants: readonly Seen[]): boolean {
  const [first] = dependants;
  if (first === undefined) return true;
  const { alone, together } = splitPair(run.rule.needs.expression);
  const others = alone === undefined ? run.sight.all : candidates(run, alone);
  const trials = new Trials(together, run.meter);
  const without: string[] = [];
  for (const one of dependants) {
    run.at = one.key;
    const before = run.edges.length;
    for (const other of others) {
      const scope = { name: 'other', value: other.object, outer: scopeOf(one) };
      if (other.key !== one.key && trials.isTrue(one.key, scope)) addEdge(run, other.key);
      if (run.edges.length > run.budget.edges) return false;
    }
    if (run.edges.length === before) without.push(one.key);
  }
  noteFailure(run, 'needs.match', trials);
  noteWithout(run, without);
  return true;
}

function noteWithout(run: Run, [first, ...others]: readonly string[]): void {
  if (first === undefined || run.rule.optional || run.findings.length > 0) return;
  run.findings.push(nothingFound(placeOf(run, first), others.length));
}

/**
 * What a pair must fulfil, in what is said of `other` alone and the rest. The
 * first part is asked once per object instead of once per pair, which makes the
 * usual rule (`other.kind == … && …`) cheap. A failure counts as false on
 * either side, so the split changes no result.
 */
function splitPair(expression: Expression): {
  readonly alone: Expression | undefined;
  readonly together: Expression;
} {
  const parts = conjuncts(expression);
  const alone = parts.filter((part) => !mentions(part, 'object'));
  const together = parts.filter((part) => mentions(part, 'object'));
  return { alone: connected(alone), together: connected(together) ?? { op: 'value', value: true } };
}

function connected([first, ...others]: readonly Expression[]): Expression | undefined {
  if (first === undefined) return undefined;
  return others.reduce((left, right): Expression => ({ op: 'and', left, right }), first);
}

function candidates(run: Run, alone: Expression): readonly Seen[] {
  const trials = new Trials(alone, run.meter);
  const found = run.sight.all.filter((other) => {
    run.at = other.key;
    return trials.isTrue(other.key, { name: 'other', value: other.object });
  });
  noteFailure(run, 'needs.match', trials);
  return found;
}
