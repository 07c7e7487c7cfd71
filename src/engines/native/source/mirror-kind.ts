/**
 * One kind of a mirror: a live cache of those of its objects that some scenario
 * asks for, and how far it has been seen to be true. Apart from mirror.ts, which
 * decides what is kept and when.
 */
import type { KubeObject } from '../../../api/object.ts';
import { grouped } from '../../../domain/graph/grouped.ts';
import { between, type Millis, type Tick } from '../../../domain/time.ts';
import type { Cluster, Informer, ResourceType } from '../../../kube/cluster.ts';
import { isOfOneHistory, type Mark, provenAt } from './mirror-marks.ts';
import { type SeenKey, type SeenList, slim } from './sight.ts';

/** What of a kind is kept: namespaces of a namespaced one; names, or everything, of a cluster-scoped one. */
export interface Coverage {
  readonly namespaces: ReadonlySet<string>;
  readonly names: ReadonlySet<string>;
  readonly everything: boolean;
}

/** A part of a kind that is read at once: a namespace, one cluster-scoped object, or the whole kind. */
export interface Part {
  readonly type: ResourceType;
  readonly namespace: string | undefined;
  /** Undefined for a list. */
  readonly name: string | undefined;
}

export interface MirroredKind {
  readonly type: ResourceType;
  readonly coverage: Coverage;
  readonly informer: Informer;
  /** The last mark before it was started. */
  readonly startedAfter: Mark;
  /** Whether its versions can be compared with marks; undefined until a mark was made after its first list. */
  comparable: boolean | undefined;
  /** By namespace: when a list of the API was found to be the same, and the content that was compared. */
  readonly checks: Map<string, { readonly at: Tick; readonly content: readonly KubeObject[] }>;
  stop(): void;
}

export function startKind(
  cluster: Cluster,
  type: ResourceType,
  coverage: Coverage,
  startedAfter: Mark,
): MirroredKind {
  const stop = new AbortController();
  const keep = ({ metadata: { namespace, name } }: KubeObject): boolean =>
    namespace === undefined
      ? coverage.everything || coverage.names.has(name)
      : coverage.namespaces.has(namespace);
  return {
    type,
    coverage,
    informer: cluster.informer(type, { keep, transform: slim }, stop.signal),
    startedAfter,
    comparable: undefined,
    checks: new Map(),
    stop: () => stop.abort(new Error('nobody asks for this kind any more')),
  };
}

/** Whether it has, or will have, everything of `wanted`. */
export function coversAll(has: Coverage, wanted: Coverage): boolean {
  const names = has.everything || (!wanted.everything && isSubset(wanted.names, has.names));
  return names && isSubset(wanted.namespaces, has.namespaces);
}

function isSubset(part: ReadonlySet<string>, whole: ReadonlySet<string>): boolean {
  return [...part].every((one) => whole.has(one));
}

export function covers({ everything, names, namespaces }: Coverage, { namespace, name }: Part): boolean {
  if (namespace !== undefined) return namespaces.has(namespace);
  return everything || (name !== undefined && names.has(name));
}

/** Compares its versions with a mark that was made after it was at `position`. */
export function judgeHistory(kind: MirroredKind, position: string | undefined, mark: Mark): void {
  if (position === undefined || kind.comparable === false) return;
  kind.comparable = isOfOneHistory(kind.startedAfter, position, mark);
}

/** The latest moment as of which what is cached of a namespace (or of the whole kind) was true; undefined when none is known. */
export function trueAt(
  { informer, comparable, checks }: MirroredKind,
  marks: readonly Mark[],
  namespace: string | undefined,
): Tick | undefined {
  const position = informer.position();
  if (position === undefined) return undefined;
  const heard = comparable === true ? provenAt(marks, position) : undefined;
  const last = checks.get(namespace ?? '');
  // Whatever was heard since may be of before the check: then the check proves nothing of what is cached now.
  const checked = last?.content === informer.list() ? last.at : undefined;
  if (heard === undefined || checked === undefined) return heard ?? checked;
  return heard > checked ? heard : checked;
}

/** What is cached of a namespace, or of the whole kind. */
export function contentOf(kind: MirroredKind, namespace: string | undefined): readonly KubeObject[] {
  const all = kind.informer.list();
  return namespace === undefined ? all : (byNamespace(all).get(namespace) ?? NOTHING);
}

export function objectOf(kind: MirroredKind, key: SeenKey): KubeObject | undefined {
  return kind.informer.get(key);
}

const NOTHING: readonly KubeObject[] = [];

/** By the list that a cache gives out, which is another as soon as anything has changed. */
const groups = new WeakMap<readonly KubeObject[], ReadonlyMap<string, readonly KubeObject[]>>();

function byNamespace(all: readonly KubeObject[]): ReadonlyMap<string, readonly KubeObject[]> {
  const known = groups.get(all);
  if (known !== undefined) return known;
  const made = grouped(all, ({ metadata }) => metadata.namespace ?? '');
  groups.set(all, made);
  return made;
}

/**
 * Takes in a list of the API that was asked for at `before`: when the cache has
 * the same, it was true then.
 * @returns the list, its objects being those of the cache where they are the same, so that nothing is held twice
 */
export function check(
  kind: MirroredKind,
  namespace: string | undefined,
  listed: SeenList,
  before: Tick,
): SeenList {
  const cached = contentOf(kind, namespace);
  const items = listed.items.map((object) => {
    const known = kind.informer.get(object.metadata);
    return known !== undefined && versionOf(known) === versionOf(object) ? known : object;
  });
  const isPosition = kind.informer.position() !== undefined;
  if (isPosition && areSame(items, cached))
    kind.checks.set(namespace ?? '', { at: before, content: kind.informer.list() });
  return { ...listed, items };
}

/** Whether two readings of one part of a source hold the same versions of the same objects. */
export function areSame(a: readonly KubeObject[], b: readonly KubeObject[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  const versions = new Set(a.map(versionOf));
  return b.every((object) => versions.has(versionOf(object)));
}

/** A server gives every object a uid and every write of it a version; an object without them is like no other. */
function versionOf(object: KubeObject): unknown {
  const { uid, resourceVersion } = object.metadata;
  return uid === undefined || resourceVersion === undefined ? object : `${uid} ${resourceVersion}`;
}

export const isFresh = (proven: Tick | undefined, now: Tick, freshness: Millis): proven is Tick =>
  proven !== undefined && between(proven, now) <= freshness;
