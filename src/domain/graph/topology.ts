/**
 * Graph algorithms on plain text nodes: order, cycles, longest chains. Linear
 * in nodes and edges, without recursion: a chain may be as long as the input.
 */

/** What each node needs. Nodes without an entry need nothing. */
export type Needs = ReadonlyMap<string, readonly string[]>;

/**
 * Strongly connected components, every component after those it needs
 * (Tarjan 1972, with an explicit stack). A component of one node that does not
 * need itself is no cycle. Nodes come as early as the given order and their
 * needs allow, so the result is as stable as the order of `nodes` and of each list.
 */
export function components(nodes: readonly string[], needs: Needs): readonly (readonly string[])[] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const result: string[][] = [];
  const lower = (node: string, to: number | undefined) => {
    low.set(node, Math.min(low.get(node) ?? Infinity, to ?? Infinity));
  };
  const enter = (node: string): Visit => {
    index.set(node, index.size);
    low.set(node, index.size - 1);
    open.push(node);
    isOpen.add(node);
    return { node, next: 0 };
  };
  const close = (node: string) => {
    if (low.get(node) !== index.get(node)) return;
    const members = open.splice(open.lastIndexOf(node));
    for (const member of members) isOpen.delete(member);
    result.push(members);
  };
  for (const start of nodes) {
    const visits = index.has(start) ? [] : [enter(start)];
    for (let visit = visits.at(-1); visit !== undefined; visit = visits.at(-1)) {
      const need = needs.get(visit.node)?.[visit.next];
      visit.next += 1;
      if (need === undefined) {
        close(visit.node);
        visits.pop();
        lower(visits.at(-1)?.node ?? visit.node, low.get(visit.node));
      } else if (!index.has(need)) visits.push(enter(need));
      else if (isOpen.has(need)) lower(visit.node, index.get(need));
    }
  }
  return result;
}

interface Visit {
  readonly node: string;
  /** Position in the node's needs. */
  next: number;
}

export const isCycle = (component: readonly string[], needs: Needs): boolean =>
  component.length > 1 || component.some((node) => needs.get(node)?.includes(node) ?? false);

/**
 * A shortest cycle through the first node (by text) of a component that is a
 * cycle: short, because people have to read it. Starts and ends with that node.
 */
export function cycleIn(component: readonly string[], needs: Needs): readonly string[] {
  const members = new Set(component);
  const [start = ''] = component.toSorted();
  return pathBetween(start, start, needs, (node) => members.has(node));
}

/**
 * A shortest chain of at least one step from one node to another, each needing
 * the next; both ends included. Empty when there is none.
 * @param through nodes that the chain may use
 */
export function pathBetween(
  start: string,
  end: string,
  needs: Needs,
  through: (node: string) => boolean,
): readonly string[] {
  const reachedFrom = new Map<string, string>();
  const queue = [start];
  for (const node of queue) {
    for (const need of needs.get(node) ?? []) {
      if (need === end) return [...pathTo(node, reachedFrom), end];
      if (!through(need) || need === start || reachedFrom.has(need)) continue;
      reachedFrom.set(need, node);
      queue.push(need);
    }
  }
  return [];
}

function pathTo(node: string, reachedFrom: ReadonlyMap<string, string>): readonly string[] {
  const path = [node];
  for (let at = reachedFrom.get(node); at !== undefined; at = reachedFrom.get(at)) path.push(at);
  return path.toReversed();
}

/**
 * The chain of most nodes, first to last, each needed by the next.
 * @param order every node after those it needs; among equals the earlier wins
 */
export function longestChain(order: readonly string[], needs: Needs): readonly string[] {
  const depth = new Map<string, number>();
  const before = new Map<string, string>();
  let deepest: string | undefined;
  for (const node of order) {
    let longest = 0;
    for (const need of needs.get(node) ?? []) {
      const length = depth.get(need) ?? 0;
      if (length <= longest) continue;
      longest = length;
      before.set(node, need);
    }
    depth.set(node, longest + 1);
    if (deepest === undefined || longest + 1 > (depth.get(deepest) ?? 0)) deepest = node;
  }
  return deepest === undefined ? [] : pathTo(deepest, before);
}
