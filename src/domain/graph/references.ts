/**
 * Applies the rules to all objects: what refers to what among them, and what
 * they refer to that is not among them.
 */
import { type KubeObject, refKey } from '../../api/object.ts';
import { judgedEdges } from './infer/judged.ts';
import { makerOf } from './infer/operators.ts';
import type { Found, Rule } from './infer/rule.ts';
import { inferenceTable, type RuleTable, structureTable } from './infer/rules.ts';
import type { KindLookup } from './kinds.ts';
import { compareEdges, compareText } from './sorting.ts';
import type { ObjectEdge, Reference } from './types.ts';
import { indexed, perWorld, type World } from './world.ts';

export interface References {
  /** `to` is among the objects. Sorted; never from an object to itself. */
  readonly edges: readonly ObjectEdge[];
  /** `to` is not among the objects, nor made by one of them. Sorted. */
  readonly missing: readonly Reference[];
}

/**
 * @param infer false: only namespaces, definitions of custom kinds and owners
 * @param lookup names the definitions and owners that are not among the objects; without it they stay unknown
 */
export function references(
  objects: readonly KubeObject[],
  { infer, lookup }: { readonly infer: boolean; readonly lookup?: KindLookup },
): References {
  const world = indexed(objects, lookup);
  const unmade = missingIn(world, infer).filter(({ isMade }) => !isMade);
  return { edges: edgesIn(world, infer), missing: unmade.map(referenceOf) };
}

/** The edges of {@link references}, of objects that are indexed already. */
export function edgesIn(world: World, infer: boolean): readonly ObjectEdge[] {
  const inferred = answeredIn(world, infer, (answer) => !isOnlySearched(answer));
  const judged = infer ? judgedEdges(world, inferred) : [];
  return judged.length === 0 ? inferred : [...inferred, ...judged].toSorted(compareEdges);
}

/** What leads from one object to another: the edges, and then what belongs with an object that does not wait for it. */
export function leadsIn(world: World, infer: boolean): readonly ObjectEdge[] {
  return [...edgesIn(world, infer), ...answeredIn(world, infer, isOnlySearched)];
}

function answeredIn(
  world: World,
  infer: boolean,
  counts: (answer: Answer) => boolean,
): readonly ObjectEdge[] {
  return eachSorted(world, (from, object) =>
    answersOf(object, world, infer)
      .flatMap((answer) => (counts(answer) ? (edgeOf(from, answer, world) ?? []) : []))
      .toSorted(compareEdges),
  );
}

const isOnlySearched = ({ rule, found }: Answer): boolean => (rule.only ?? found.only) === 'search';

/** What a rule found in an object that is not among the objects. */
export interface Missing {
  readonly from: string;
  readonly answer: Answer;
  /** One of the objects makes it: it is looked for, because what was made is better than made anew, and not missed. */
  readonly isMade: boolean;
}

/** What is missing and what is beyond reach is read from the same answer. */
const missing = perWorld(() => new Map<boolean, readonly Missing[]>());

/** What is missing by {@link references}, of objects that are indexed already; {@link referenceOf} each is much more. */
export function missingIn(world: World, infer: boolean): readonly Missing[] {
  const known = missing(world).get(infer) ?? findMissing(world, infer);
  missing(world).set(infer, known);
  return known;
}

function findMissing(world: World, infer: boolean): readonly Missing[] {
  return eachSorted(world, (from, object) =>
    answersOf(object, world, infer).flatMap((answer) =>
      world.objects.has(answer.key) ? [] : { from, answer, isMade: makerOf(answer.key, world) !== undefined },
    ),
  );
}

/** Sorting objects first, and then the few references of each, is much cheaper than sorting all references. */
function eachSorted<T>(world: World, read: (key: string, object: KubeObject) => readonly T[]): readonly T[] {
  const keys = [...world.objects.keys()].toSorted(compareText);
  return keys.flatMap((key) => {
    const object = world.objects.get(key);
    return object === undefined ? [] : read(key, object);
  });
}

/** What a rule found in an object. */
export interface Answer {
  readonly rule: Rule;
  readonly found: Found;
  /** refKey of what was found. */
  readonly key: string;
}

/** What the rules find that read an object alone: an object is never changed, and is asked in every round of a closure. */
const ownAnswers = new WeakMap<RuleTable, WeakMap<KubeObject, readonly Answer[]>>();

/** All that the rules find in an object, which need not be one of the world's. Sorted as {@link compareEdges} would. */
export function answersOf(object: KubeObject, world: World, infer: boolean): readonly Answer[] {
  const table = infer ? inferenceTable : structureTable;
  const known = ownAnswers.get(table) ?? new WeakMap<KubeObject, readonly Answer[]>();
  ownAnswers.set(table, known);
  const rules = table(object);
  const own =
    known.get(object) ??
    rules.own.flatMap((rule) => rule.find(object).map(answerBy(rule))).toSorted(compareAnswers);
  known.set(object, own);
  const others = rules.world.flatMap((rule) => rule.find(object, world).map(answerBy(rule)));
  return others.length === 0 ? own : [...own, ...others].toSorted(compareAnswers);
}

const answerBy =
  (rule: Rule) =>
  (found: Found): Answer => ({ rule, found, key: refKey(found.to) });

const compareAnswers = (a: Answer, b: Answer): number =>
  compareText(a.key, b.key) ||
  compareText(a.rule.name, b.rule.name) ||
  compareText(a.found.field, b.found.field);

/** @returns undefined when what is referred to is neither there nor made there, or is the referrer itself */
function edgeOf(from: string, { key, rule, found }: Answer, world: World): ObjectEdge | undefined {
  // What is not in the copy is made there by its operator: then that is what to wait for.
  const made = world.objects.has(key) ? undefined : makerOf(key, world);
  if (made === undefined && !world.objects.has(key)) return undefined;
  const to = made === undefined ? key : refKey(made);
  if (to === from) return undefined;
  const edge = { from, to, rule: rule.name, field: found.field, certainty: rule.certainty };
  return found.matched === undefined ? edge : { ...edge, matched: found.matched };
}

/** For people and for the search: the reference with its evidence. */
export function referenceOf(missed: Missing): Reference {
  const { from, answer } = missed;
  const { rule, found } = answer;
  const { to, field, matched } = found;
  const optional = isOptional(missed);
  const reference = { from, to, rule: rule.name, field, certainty: rule.certainty, optional };
  return matched === undefined ? reference : { ...reference, matched };
}

/** Whether the referrer works without, or will have it without a copy. */
export const isOptional = ({ answer, isMade }: Missing): boolean => isMade || answer.found.optional === true;
