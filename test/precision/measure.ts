/** Compares what the rules find in one application with what a person expects, and counts. Pure. */
import { refKey } from '../../src/api/object.ts';
import { references } from '../../src/domain/graph/references.ts';
import type { ObjectEdge } from '../../src/domain/graph/types.ts';
import type { Fixture, ReviewedEdge } from './fixture.ts';
import { answeringEdges, edgeKey, namespaceEdges } from './implied.ts';

/** How many there are, and how many of them are right. */
export interface Share {
  readonly right: number;
  readonly of: number;
}

/** Namespace edges are in none of the shares: they are many, easy, and would hide the others. */
export interface Measured {
  readonly name: string;
  readonly objects: number;
  readonly certainRecall: Share;
  readonly certainPrecision: Share;
  readonly likelyRecall: Share;
  readonly likelyPrecision: Share;
  readonly findings: readonly Finding[];
}

/** A finding for people. `fatal`: the goal is not met, whatever the shares are. */
export interface Finding {
  readonly what: string;
  readonly edge: string;
  readonly why: string;
  readonly fatal: boolean;
}

export function measure(fixture: Fixture): Measured {
  const { edges, missing } = references(fixture.objects, { infer: true });
  const found = strongest(edges);
  const sets = expectations(fixture);
  const [namespaces, others] = split([...found.values()], (edge) => sets.namespaces.has(edgeKey(edge)));
  const [certain, likely] = split(others, ({ certainty }) => certainty === 'certain');
  const wrong = certain.filter((edge) => !sets.mayBeCertain.has(edgeKey(edge)));
  const doubtful = likely.filter((edge) => !sets.mayBeLikely.has(edgeKey(edge)));
  const missed = fixture.certain.filter((edge) => found.get(edgeKey(edge))?.certainty !== 'certain');
  const missedLikely = fixture.likely.filter((edge) => !found.has(edgeKey(edge)));
  const demanded = missing
    .filter(({ optional }) => !optional)
    .map(({ from, to }) => edgeKey({ from, to: refKey(to) }));
  const trapped = fixture.forbidden.filter(
    (edge) => found.has(edgeKey(edge)) || demanded.includes(edgeKey(edge)),
  );
  const withoutNamespace = [...sets.namespaces].filter(
    (edge) => !namespaces.some((one) => edgeKey(one) === edge),
  );
  return {
    name: fixture.name,
    objects: fixture.objects.length,
    certainRecall: share(fixture.certain, missed),
    certainPrecision: share(certain, wrong),
    likelyRecall: share(fixture.likely, missedLikely),
    likelyPrecision: share(likely, doubtful),
    findings: [
      ...missed.map(reviewed('missed', true)),
      ...withoutNamespace.map((edge) => ({ what: 'missed', edge, why: 'its Namespace', fatal: true })),
      ...trapped.map(reviewed('trapped', true)),
      ...wrong.map(unexpected('wrong')),
      ...doubtful.map(unexpected('doubtful')),
      ...missedLikely.map(reviewed('missed, only likely', false)),
    ],
  };
}

interface Expectations {
  readonly namespaces: ReadonlySet<string>;
  readonly mayBeCertain: ReadonlySet<string>;
  readonly mayBeLikely: ReadonlySet<string>;
}

/** A rule may be less sure than the reviewer, never surer. */
function expectations(fixture: Fixture): Expectations {
  const forbidden = new Set(fixture.forbidden.map(edgeKey));
  const implied = [...answeringEdges(fixture)].filter((edge) => !forbidden.has(edge));
  const mayBeCertain = new Set([...[...fixture.certain, ...fixture.accepted].map(edgeKey), ...implied]);
  const mayBeLikely = new Set([...mayBeCertain, ...fixture.likely.map(edgeKey)]);
  return { namespaces: namespaceEdges(fixture), mayBeCertain, mayBeLikely };
}

/** One edge per pair of objects: the certain one, where several rules found it. */
function strongest(edges: readonly ObjectEdge[]): ReadonlyMap<string, ObjectEdge> {
  const found = new Map<string, ObjectEdge>();
  for (const edge of edges) {
    if (found.get(edgeKey(edge))?.certainty !== 'certain') found.set(edgeKey(edge), edge);
  }
  return found;
}

function split<T>(all: readonly T[], isFirst: (one: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))];
}

const share = (all: readonly unknown[], wrong: readonly unknown[]): Share => ({
  right: all.length - wrong.length,
  of: all.length,
});

const reviewed =
  (what: string, fatal: boolean) =>
  (edge: ReviewedEdge): Finding => ({ what, edge: edgeKey(edge), why: edge.why, fatal });

const unexpected =
  (what: string) =>
  (edge: ObjectEdge): Finding => ({
    what,
    edge: edgeKey(edge),
    why: `${edge.rule}: ${edge.field}`,
    fatal: false,
  });
