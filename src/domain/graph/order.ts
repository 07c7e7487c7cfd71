/**
 * Builds the graph that replay follows: what the rules infer and what the user
 * wrote, on units, in an order that is the same for the same objects. Cycles
 * are looked for among the objects, so grouping can never be the cause of one.
 */
import type { KubeObject } from '../../api/object.ts';
import { membersOf, takeApart, unitNeeds } from './apart.ts';
import { withoutCircles } from './circles.ts';
import { type ExplicitEdge, explicitEdges } from './explicit-edges.ts';
import { OWNER_RULE } from './infer/structure.ts';
import { applyRank, kindOf } from './kinds.ts';
import { withLooseTogether } from './loose.ts';
import { edgesIn } from './references.ts';
import { compareEdges, compareText } from './sorting.ts';
import { components, cycleIn, isCycle, longestChain, type Needs } from './topology.ts';
import type { Graph, GraphResult, LeftOut, ObjectEdge, Unit, UnitEdge } from './types.ts';
import { append, type Grouping, groupObjects } from './units.ts';
import { applyRules } from './user-rules/apply.ts';
import { NO_RULES, type UserRules } from './user-rules/compiled.ts';
import { judgedByRules, tryReadiness } from './user-rules/readiness.ts';
import { type World, worldOf } from './world.ts';

/**
 * @param infer false: only namespaces, definitions, owners and `explicit` count
 * @param leftOut live objects that are not among `objects`; edges may name them
 * @param rules the user's; what they say is certain, so that what is only likely gives way to it. Those of
 *   readiness make units of what they are about, and are tried here, where the objects are
 * @returns units and edges sorted, each unit after those it needs; or the first thing that makes an order impossible
 */
export function buildGraph(
  objects: readonly KubeObject[],
  explicit: readonly ExplicitEdge[],
  infer: boolean,
  leftOut: readonly LeftOut[],
  rules: UserRules = NO_RULES,
): GraphResult {
  const world = worldOf(objects);
  const written = explicitEdges(explicit, world.objects.keys(), leftOut);
  if (written.kind !== 'edges') return written;
  const ruled = applyRules(rules.needs, objects);
  const findings = [...ruled.findings, ...tryReadiness(rules.readiness, objects)];
  const refused = findings.filter(({ severity }) => severity === 'refused');
  if (refused.length > 0) return { kind: 'refused-rules', messages: refused.map(({ message }) => message) };
  const inferred = edgesIn(world, infer);
  const all = [...inferred, ...ruled.edges, ...written.edges];
  const result = graphOfEdges(world, all, infer, rules.readiness);
  if (result.kind !== 'graph') return result;
  return { ...result, warnings: [...findings.map(({ message }) => message), ...result.warnings] };
}

/**
 * The same of edges that are known already, from whatever source.
 * @param all between objects of the world, in any order; the likely ones give way to all others
 * @param readiness the user's rules of readiness
 */
export function graphOfEdges(
  world: World,
  all: readonly ObjectEdge[],
  infer: boolean,
  readiness: UserRules['readiness'] = [],
): GraphResult {
  const sorted = all.toSorted(compareEdges);
  const keys = inApplyOrder(world);
  const firm = orderObjects(
    keys,
    sorted.filter(({ certainty }) => certainty === 'certain'),
  );
  if (firm.kind === 'cycle') return firm;
  const likely = sorted.filter(({ certainty }) => certainty === 'likely');
  const amongObjects = withoutCircles(keys, firm.edges, likely);
  const judged = judgedByRules(readiness, world.objects);
  const units = takeApart(groupObjects(world, firm.order, firm.edges, infer, judged), firm.edges);
  const amongUnits = withoutCircles(keys, firm.edges, amongObjects.kept, units);
  const followed = [...firm.edges, ...amongObjects.kept];
  const grouping = withLooseTogether(world, keys, units, followed, judged);
  const edges = [...firm.edges, ...amongUnits.kept].toSorted(compareEdges);
  const warnings = [...amongObjects.warnings, ...amongUnits.warnings].toSorted(compareText);
  return { kind: 'graph', graph: graphOf(keys, grouping, edges), warnings };
}

/** Units that may start: not started, and everything they need is done. In the graph's order. */
export function startable(
  graph: Graph,
  done: ReadonlySet<string>,
  running: ReadonlySet<string>,
): readonly Unit[] {
  const waiting = new Set(graph.edges.filter(({ to }) => !done.has(to)).map(({ from }) => from));
  return graph.units.filter(({ id }) => !done.has(id) && !running.has(id) && !waiting.has(id));
}

/** All keys by kind, then by name. */
function inApplyOrder(world: World): readonly string[] {
  return [...world.objects]
    .map(([key, object]) => ({ key, rank: applyRank(kindOf(object)) }))
    .toSorted((a, b) => a.rank - b.rank || compareText(a.key, b.key))
    .map(({ key }) => key);
}

type Ordered =
  | { readonly kind: 'ordered'; readonly order: readonly string[]; readonly edges: readonly ObjectEdge[] }
  | Extract<GraphResult, { kind: 'cycle' }>;

/**
 * Ownership gives way to need: a Pod that mounts a ConfigMap it owns is common
 * and no mistake of anyone, and ownership can be written later, once the owner
 * has a uid. Such owner edges are dropped; any other cycle is the result.
 */
function orderObjects(keys: readonly string[], edges: readonly ObjectEdge[]): Ordered {
  const needs = needsOf(edges);
  const parts = components(keys, needs);
  const circles = parts.filter((part) => isCycle(part, needs));
  const [circle] = circles;
  if (circle === undefined) return { kind: 'ordered', order: parts.flat(), edges };
  const circleOf = new Map(circles.flatMap((part) => part.map((key) => [key, part] as const)));
  const kept = edges.filter(({ from, to, rule }) => {
    const isInside = circleOf.has(from) && circleOf.get(from) === circleOf.get(to);
    return !(rule === OWNER_RULE && isInside);
  });
  if (kept.length < edges.length) return orderObjects(keys, kept);
  const path = cycleIn(circle, needs);
  const because = path.slice(1).flatMap((to, index) => {
    const edge = edges.find((candidate) => candidate.from === path[index] && candidate.to === to);
    return edge ?? [];
  });
  return { kind: 'cycle', path, because };
}

function needsOf(edges: readonly ObjectEdge[]): Needs {
  const needs = new Map<string, string[]>();
  // Edges are sorted, so several between the same two follow each other.
  for (const { from, to } of edges) if (needs.get(from)?.at(-1) !== to) append(needs, from, to);
  return needs;
}

function graphOf(keys: readonly string[], grouping: Grouping, edges: readonly ObjectEdge[]): Graph {
  const rank = new Map(keys.map((key, index) => [key, index]));
  const byRank = (a: string, b: string) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0);
  const members = membersOf(grouping);
  const needs = sortedNeeds(unitNeeds(grouping, edges), byRank);
  const isInside = ({ from, to }: ObjectEdge) => grouping.get(from) === grouping.get(to);
  const inside = sortedNeeds(needsOf(edges.filter(isInside)), byRank);
  const order = components([...members.keys()].toSorted(byRank), needs).flat();
  const units = order.map((id) => ({
    id,
    objects: components((members.get(id) ?? []).toSorted(byRank), inside).flat(),
  }));
  return { units, edges: unitEdges(grouping, edges), longestPath: longestChain(order, needs) };
}

function sortedNeeds(needs: Needs, compare: (a: string, b: string) => number): Needs {
  return new Map([...needs].map(([node, list]) => [node, list.toSorted(compare)]));
}

function unitEdges(grouping: Grouping, edges: readonly ObjectEdge[]): readonly UnitEdge[] {
  const between = new Map<string, Map<string, ObjectEdge[]>>();
  for (const edge of edges) {
    const from = grouping.get(edge.from);
    const to = grouping.get(edge.to);
    if (from === undefined || to === undefined || from === to) continue;
    const needed = between.get(from) ?? new Map<string, ObjectEdge[]>();
    between.set(from, needed);
    const because = needed.get(to);
    if (because === undefined) needed.set(to, [edge]);
    else because.push(edge);
  }
  const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => compareText(a, b);
  return [...between]
    .toSorted(byKey)
    .flatMap(([from, needed]) => [...needed].toSorted(byKey).map(([to, because]) => ({ from, to, because })));
}
