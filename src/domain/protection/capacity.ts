/**
 * Whether the pods of a recovery fit into the recovery cluster: each kind of
 * pod on at least one node, and all of them together, placed one after the
 * other, each on the node that the fewest others may use. The largest go first
 * (first-fit decreasing, Johnson 1973, which uses at most 11/9 of the nodes that
 * a perfect placement would where all may use all); when that leaves some over,
 * those with the fewest nodes do, for one order that places all is enough. It is
 * a check before the fact, so when it says no it says what did not fit where.
 */
import { grouped } from '../graph/grouped.ts';
import type { Demand } from './capacity-demand.ts';
import { exclusion, type NodeRoom, wishOfNodes } from './capacity-nodes.ts';
import { type Amounts, formatAmount, formatAmounts, times } from './capacity-quantity.ts';
import type { Finding } from './feasibility-finding.ts';

/** One finding per workload of which not all pods find a place; in the order of `demands`. */
export function capacityFindings(demands: readonly Demand[], nodes: readonly NodeRoom[]): readonly Finding[] {
  const wanted = demands.filter(({ pods }) => pods === 'each-node' || pods > 0);
  if (wanted.length === 0) return [];
  const choices = choicesOf(wanted, nodes);
  const largestFirst = placeAll(bySize(choices, nodes), nodes);
  if (largestFirst.size === 0) return [];
  const fewestNodesFirst = placeAll(byChoice(bySize(choices, nodes)), nodes);
  const found = fewestNodesFirst.size < largestFirst.size ? fewestNodesFirst : largestFirst;
  return wanted.flatMap(({ key }) => found.get(key) ?? []);
}

/** A workload, and the nodes that its pods may run on; first those that the fewest other workloads may use. */
interface Choice {
  readonly demand: Demand;
  readonly allowed: readonly NodeRoom[];
}

/** Thousands of workloads have few wishes of nodes between them, and each is compared with every node once. */
function choicesOf(demands: readonly Demand[], nodes: readonly NodeRoom[]): readonly Choice[] {
  const wishes = grouped(demands, wishOfNodes);
  const users = new Map<NodeRoom, number>();
  const allowedBy = new Map<string, readonly NodeRoom[]>();
  for (const [wish, alike] of wishes) {
    const [first] = alike;
    const allowed = nodes.filter((node) => first !== undefined && exclusion(first, node) === undefined);
    allowedBy.set(wish, allowed);
    for (const node of allowed) users.set(node, (users.get(node) ?? 0) + alike.length);
  }
  const ranked = new Map(
    [...allowedBy].map(([wish, allowed]) => [
      wish,
      allowed.toSorted((a, b) => (users.get(a) ?? 0) - (users.get(b) ?? 0)),
    ]),
  );
  return demands.map((demand) => ({ demand, allowed: ranked.get(wishOfNodes(demand)) ?? [] }));
}

/** By workload that is left over: why. */
function placeAll(choices: readonly Choice[], nodes: readonly NodeRoom[]): ReadonlyMap<string, Finding> {
  const free = new Map(nodes.map((node) => [node.name, freeOn(node)]));
  const found = new Map<string, Finding>();
  for (const choice of choices) {
    const finding =
      choice.demand.pods === 'each-node' ? placeOnEach(choice, nodes, free) : place(choice, nodes, free);
    if (finding !== undefined) found.set(choice.demand.key, finding);
  }
  return found;
}

type Free = Map<string, number>;

function freeOn({ allocatable, requested }: NodeRoom): Free {
  return new Map(
    [...allocatable].map(([resource, value]) => [resource, value - (requested.get(resource) ?? 0)]),
  );
}

function totalOf(nodes: readonly NodeRoom[]): Amounts {
  const total = new Map<string, number>();
  for (const { allocatable } of nodes)
    for (const [resource, value] of allocatable) total.set(resource, (total.get(resource) ?? 0) + value);
  return total;
}

/** In between by the largest share of the cluster that one pod asks for. */
function bySize(choices: readonly Choice[], nodes: readonly NodeRoom[]): readonly Choice[] {
  const total = totalOf(nodes);
  const share = ({ requests }: Demand): number =>
    Math.max(...[...requests].map(([resource, value]) => value / Math.max(1, total.get(resource) ?? 0)));
  return inOrder(choices, ({ demand }) => -share(demand));
}

/** In between by the number of nodes there are to choose from. */
const byChoice = (choices: readonly Choice[]): readonly Choice[] =>
  inOrder(choices, ({ allowed }) => allowed.length);

/**
 * What runs on every node leaves the others only what remains, as the scheduler
 * does for the most part, so DaemonSets are first; what runs only now and then is last.
 */
function inOrder(choices: readonly Choice[], between: (choice: Choice) => number): readonly Choice[] {
  const rank = ({ pods, isOccasional }: Demand): number => {
    if (pods === 'each-node') return 0;
    return isOccasional ? 2 : 1;
  };
  return choices
    .map((choice) => ({ choice, rank: rank(choice.demand), between: between(choice) }))
    .toSorted((a, b) => a.rank - b.rank || a.between - b.between)
    .map(({ choice }) => choice);
}

/** How many such pods the node still takes. A loop without lists: every workload asks many full nodes. */
function roomFor({ requests, isAlone }: Demand, free: ReadonlyMap<string, number> | undefined): number {
  let room = isAlone ? 1 : Number.POSITIVE_INFINITY;
  for (const [resource, value] of requests) {
    if (value > 0) room = Math.min(room, Math.floor((free?.get(resource) ?? 0) / value));
    if (room <= 0) return 0;
  }
  return room;
}

function take({ requests }: Demand, count: number, free: Free | undefined): void {
  for (const [resource, value] of times(requests, count))
    free?.set(resource, (free.get(resource) ?? 0) - value);
}

function place(
  { demand, allowed }: Choice,
  nodes: readonly NodeRoom[],
  free: ReadonlyMap<string, Free>,
): Finding | undefined {
  const wanted = demand.pods === 'each-node' ? 0 : demand.pods;
  let left = wanted;
  for (const node of allowed) {
    const count = Math.min(left, roomFor(demand, free.get(node.name)));
    // What runs only now and then has to find room, but does not take it from what runs always.
    if (!demand.isOccasional) take(demand, count, free.get(node.name));
    left -= count;
    if (left === 0) return undefined;
  }
  return explain(demand, { wanted, left }, nodes, allowed, free);
}

function placeOnEach(
  { demand, allowed }: Choice,
  nodes: readonly NodeRoom[],
  free: ReadonlyMap<string, Free>,
): Finding | undefined {
  const full = allowed.filter((node) => roomFor(demand, free.get(node.name)) === 0);
  for (const node of allowed) if (!full.includes(node)) take(demand, 1, free.get(node.name));
  // On no node at all is what a DaemonSet for special nodes wants, where there are none.
  if (full.length === 0) return undefined;
  return explain(demand, { wanted: allowed.length, left: full.length }, nodes, full, free);
}

function explain(
  demand: Demand,
  { wanted, left }: { readonly wanted: number; readonly left: number },
  nodes: readonly NodeRoom[],
  allowed: readonly NodeRoom[],
  free: ReadonlyMap<string, Free>,
): Finding {
  const finding = { object: demand.key, reason: 'RecoveryTooSmall' as const };
  const what = `${left} of ${wanted} pods (each ${formatAmounts(demand.requests)})`;
  if (nodes.length === 0)
    return { ...finding, message: `${what} find no node: none is ready`, remedy: 'add nodes' };
  if (allowed.length === 0)
    return {
      ...finding,
      message: `${what} may run on none of the ${nodes.length} nodes: ${exclusions(demand, nodes)}`,
      remedy: 'label or add such nodes in the recovery region, or change what the pods ask of nodes',
    };
  const fitsSomewhere = allowed.some(({ allocatable }) => roomFor(demand, allocatable) > 0);
  if (!fitsSomewhere)
    return {
      ...finding,
      message: `${what} fit on no node, however empty: ${lacking(demand, allowed)}`,
      remedy: 'add larger nodes to the recovery region, or lower the requests',
    };
  const alone = demand.isAlone ? ', and no two of them may share a node' : '';
  return {
    ...finding,
    message: `${what} find no room on the ${allowed.length} nodes they may run on: ${freest(demand, allowed, free)}${alone}`,
    remedy: 'add nodes to the recovery region, or free what is requested there',
  };
}

function exclusions(demand: Demand, nodes: readonly NodeRoom[]): string {
  const counts = new Map<string, number>();
  for (const node of nodes) {
    const why = exclusion(demand, node) ?? '';
    counts.set(why, (counts.get(why) ?? 0) + 1);
  }
  return [...counts].map(([why, count]) => `${why} excludes ${count}`).join(', ');
}

/** Per resource that no node has enough of: how much the best has. */
function lacking({ requests }: Demand, nodes: readonly NodeRoom[]): string {
  const short = [...requests].flatMap(([resource, value]) => {
    const best = Math.max(0, ...nodes.map(({ allocatable }) => allocatable.get(resource) ?? 0));
    return best < value ? [`the largest has ${formatAmount(resource, best)} ${resource}`] : [];
  });
  return short.length > 0 ? short.join(', ') : 'no node has enough of everything';
}

function freest({ requests }: Demand, nodes: readonly NodeRoom[], free: ReadonlyMap<string, Free>): string {
  const parts = [...requests].map(([resource]) => {
    const best = Math.max(0, ...nodes.map(({ name }) => free.get(name)?.get(resource) ?? 0));
    return `${formatAmount(resource, best)} ${resource}`;
  });
  return `with the rest of the recovery placed, at most ${parts.join(', ')} is free on one`;
}
