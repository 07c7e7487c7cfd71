/**
 * Puts together what the objects say, what a user's rules say and what a user
 * wrote edge by edge. The later of these win: an inferred dependency gives way
 * to what a user says against it, and an exclusion removes whatever touches it.
 * Two things a user says that contradict each other are reported, not chosen
 * between. Only direct contradictions are found here; longer circles are found
 * when the order is made.
 */
import { compareEdges } from '../sorting.ts';
import type { ObjectEdge } from '../types.ts';

/** A needs B by one, B needs A by the other. */
export interface Contradiction {
  readonly between: readonly [ObjectEdge, ObjectEdge];
  /** A sentence for people: both, where they come from, and what to do. */
  readonly message: string;
}

export interface Combined {
  /** Sorted, without repetition. */
  readonly edges: readonly ObjectEdge[];
  /** Not empty: the scenario cannot be accepted. */
  readonly contradictions: readonly Contradiction[];
  /** What gave way to what, each as a sentence. */
  readonly warnings: readonly string[];
}

export interface Sources {
  readonly inferred: readonly ObjectEdge[];
  readonly fromRules: readonly ObjectEdge[];
  readonly explicit: readonly ObjectEdge[];
  /** Whether the user wants an object left out, by its refKey. */
  readonly excluded: (key: string) => boolean;
}

export function combine({ inferred, fromRules, explicit, excluded }: Sources): Combined {
  const isWanted = ({ from, to }: ObjectEdge) => !excluded(from) && !excluded(to);
  const said = [...fromRules, ...explicit];
  const byUser = said.filter(isWanted);
  const opposite = oppositesOf(byUser);
  const kept: ObjectEdge[] = [];
  const contradictions: Contradiction[] = [];
  const warnings = said.filter((edge) => !isWanted(edge)).map(describeExcluded);
  for (const edge of inferred.filter(isWanted)) {
    const against = opposite(edge);
    if (against === undefined) kept.push(edge);
    else if (isUnchangeable(edge)) contradictions.push(contradiction(edge, against));
    else warnings.push(`${sentence(edge)}, which gives way to this: ${sentence(against)}`);
  }
  for (const edge of byUser) {
    const against = opposite(edge);
    // Each such pair is met twice, once from either side.
    if (against !== undefined && edge.from < edge.to) contradictions.push(contradiction(edge, against));
  }
  return { edges: distinct([...kept, ...byUser].toSorted(compareEdges)), contradictions, warnings };
}

function oppositesOf(edges: readonly ObjectEdge[]): (edge: ObjectEdge) => ObjectEdge | undefined {
  const byPair = new Map<string, ObjectEdge>();
  // The last wins: explicit edges come after those of rules and are the clearer evidence.
  for (const edge of edges) byPair.set(`${edge.from} ${edge.to}`, edge);
  return ({ from, to }) => byPair.get(`${to} ${from}`);
}

/** Rules of infer/structure.ts. No wish of a user makes an API server take an object before these. */
const DEMANDED: ReadonlySet<string> = new Set(['namespace', 'definition', 'aggregated-api']);

const isUnchangeable = ({ rule }: ObjectEdge): boolean => DEMANDED.has(rule);

const sentence = ({ from, to, rule, field }: ObjectEdge): string => `${from} needs ${to} (${rule}: ${field})`;

const describeExcluded = (edge: ObjectEdge): string =>
  `${sentence(edge)}, but one of them is excluded by spec.resources, so this has no effect`;

function contradiction(one: ObjectEdge, other: ObjectEdge): Contradiction {
  const remedy = isUnchangeable(one)
    ? 'the API server demands the first; change the second'
    : 'remove one of them';
  return {
    between: [one, other],
    message: `${sentence(one)}, but ${sentence(other)}: ${remedy}`,
  };
}

function distinct(sorted: readonly ObjectEdge[]): readonly ObjectEdge[] {
  return sorted.filter((edge, index) => {
    const before = sorted[index - 1];
    return before === undefined || compareEdges(before, edge) !== 0;
  });
}
