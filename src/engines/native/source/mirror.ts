/**
 * A mirror of one source cluster, fed by watches and shared by all scenarios
 * that copy from it: one watch per kind, of the namespaces that any of them
 * protects. What is watched follows from what the last capture of each scenario
 * has read, so kinds that appear are taken up and those nobody reads any more
 * are let go. A scenario's first capture reads the API; the watches it will
 * need start at the next look after that, all at once for all who came meanwhile.
 */
import { textAt } from '../../../api/fields.ts';
import { kindName } from '../../../domain/graph/kinds.ts';
import { between, type Clock, type Millis, minutes, seconds, type Tick, tick } from '../../../domain/time.ts';
import type { Cluster, ResourceType } from '../../../kube/cluster.ts';
import { KubeError } from '../../../kube/errors.ts';
import type { Log } from '../../../kube/log.ts';
import {
  type Coverage,
  covers,
  coversAll,
  judgeHistory,
  type MirroredKind,
  type Part,
  startKind,
  trueAt,
} from './mirror-kind.ts';
import { type Mark, withMark } from './mirror-marks.ts';

/**
 * Between two marks. With bookmarks every minute, of versions up to five seconds
 * old, what is cached of a quiet kind is proven as of 75 s ago at worst.
 */
export const MARK_EVERY: Millis = seconds(10);
/** A kind that may not be watched is tried again after this, and listed every time until then. */
const REFUSED_FOR: Millis = minutes(10);

export interface MirrorDeps {
  readonly clock: Clock;
  readonly log: Log;
}

/** What one scenario reads, until when it counts. */
interface Lease {
  readonly until: Tick;
  readonly parts: ReadonlyMap<string, Part>;
}

export interface Mirror {
  readonly cluster: Cluster;
  /** The kind, when it has this part of it or a cache of it is being filled. */
  kind(part: Part): MirroredKind | undefined;
  /** See {@link trueAt}. */
  trueAt(kind: MirroredKind, namespace: string | undefined): Tick | undefined;
  /** What a scenario reads from now on, and for how long if it does not say so again. */
  lease(scenario: string, parts: ReadonlyMap<string, Part>, hold: Millis): void;
  /** Names of kinds that may not be watched, of which every capture asks for a list. */
  unwatched(): readonly string[];
  /** One round of keeping it: a mark, then watches started and stopped. @throws the signal's reason */
  tend(signal: AbortSignal): Promise<void>;
  /** Whether any scenario reads from it. */
  isWanted(): boolean;
  stop(): void;
}

interface State extends MirrorDeps {
  readonly cluster: Cluster;
  readonly kinds: Map<string, MirroredKind>;
  /** Their successors with more in them, until those are filled. */
  readonly next: Map<string, MirroredKind>;
  readonly leases: Map<string, Lease>;
  readonly refused: Map<string, Tick>;
  marks: readonly Mark[];
}

export function createMirror(cluster: Cluster, deps: MirrorDeps): Mirror {
  const state: State = {
    ...deps,
    cluster,
    kinds: new Map(),
    next: new Map(),
    leases: new Map(),
    refused: new Map(),
    marks: [],
  };
  return {
    cluster,
    kind: (part) => {
      settle(state);
      const kind = state.kinds.get(idOf(part.type));
      const isSame = kind?.type.version === part.type.version && kind.type.resource === part.type.resource;
      return isSame && covers(kind.coverage, part) ? kind : undefined;
    },
    trueAt: (kind, namespace) => trueAt(kind, state.marks, namespace),
    lease: (scenario, parts, hold) => {
      const until = tick(deps.clock.tick() + hold);
      state.leases.set(scenario, { until, parts });
    },
    unwatched: () => [...state.refused.keys()].toSorted(),
    tend: (signal) => tend(state, signal),
    isWanted: () => state.leases.size > 0,
    stop: () => stopAll(state),
  };
}

const idOf = ({ group, kind }: ResourceType): string => kindName(group, kind);

async function tend(state: State, signal: AbortSignal): Promise<void> {
  const now = state.clock.tick();
  for (const [scenario, { until }] of state.leases) if (until < now) state.leases.delete(scenario);
  for (const [id, since] of state.refused) if (between(since, now) > REFUSED_FOR) state.refused.delete(id);
  await makeMark(state, signal);
  settle(state);
  startAndStop(state);
}

/** Asks the source for its version. A failure costs nothing but proof: what is cached grows old, and that is seen. */
async function makeMark(state: State, signal: AbortSignal): Promise<void> {
  const at = state.clock.tick();
  const watched = [...state.kinds.values(), ...state.next.values()];
  const positions = watched.map((kind) => [kind, kind.informer.position()] as const);
  const version = await versionOf(state.cluster, signal);
  if (version === undefined) return;
  const mark = { at, version };
  const marks = withMark(state.marks, mark);
  if (marks === undefined) {
    const fields = { cluster: state.cluster.name };
    state.log.warn(fields, 'the versions of the source went back (was its etcd restored?): reading it anew');
    stopAll(state);
  }
  state.marks = marks ?? [mark];
  for (const [kind, position] of positions) judgeHistory(kind, position, mark);
}

/** A list without a resourceVersion is of the present, also when it is answered from a cache; the smallest will do. */
async function versionOf(cluster: Cluster, signal: AbortSignal): Promise<string | undefined> {
  try {
    const list: unknown = JSON.parse(await cluster.raw('/api/v1/namespaces?limit=1', signal));
    return textAt(list, 'metadata', 'resourceVersion');
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof KubeError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Puts successors in their places once they are filled. */
function settle({ kinds, next }: State): void {
  for (const [id, kind] of next) {
    if (kind.informer.position() === undefined) continue;
    kinds.get(id)?.stop();
    kinds.set(id, kind);
    next.delete(id);
  }
}

function startAndStop(state: State): void {
  const { kinds, next, refused, marks, cluster } = state;
  const wanted = wantedOf(state.leases);
  for (const running of [kinds, next]) {
    for (const [id, kind] of running) {
      const isRefused = isRefusal(kind.informer.refusal());
      if (isRefused) refuse(state, id, kind);
      if (!isRefused && wanted.has(id)) continue;
      kind.stop();
      running.delete(id);
    }
  }
  const mark = marks.at(-1);
  if (mark === undefined) return;
  for (const [id, { type, coverage }] of wanted) {
    if (refused.has(id) || !type.verbs.includes('watch')) continue;
    const newest = next.get(id) ?? kinds.get(id);
    if (newest?.type.version === type.version && coversAll(newest.coverage, coverage)) continue;
    next.get(id)?.stop();
    next.set(id, startKind(cluster, type, coverage, mark));
  }
}

/** Watching this kind is not allowed, or not possible: unlike trouble that passes. */
function isRefusal(error: KubeError | undefined): boolean {
  return error?.code === 'Forbidden' || error?.code === 'NotFound' || error?.status === 405;
}

function refuse({ refused, cluster, clock, log }: State, id: string, { informer }: MirroredKind): void {
  refused.set(id, clock.tick());
  log.warn(
    { cluster: cluster.name, kind: id, error: informer.refusal()?.message },
    'a kind may not be watched, so every capture lists it: give the operator the right to list and watch it everywhere',
  );
}

/** What all scenarios together read of each kind. */
function wantedOf(leases: ReadonlyMap<string, Lease>) {
  const wanted = new Map<string, { readonly type: ResourceType; readonly coverage: MutableCoverage }>();
  for (const { parts } of leases.values()) {
    for (const { type, namespace, name } of parts.values()) {
      const id = idOf(type);
      const known = wanted.get(id) ?? { type, coverage: emptyCoverage() };
      wanted.set(id, known);
      if (namespace !== undefined) known.coverage.namespaces.add(namespace);
      else if (name !== undefined) known.coverage.names.add(name);
      else known.coverage.everything = true;
    }
  }
  return wanted;
}

interface MutableCoverage extends Coverage {
  readonly namespaces: Set<string>;
  readonly names: Set<string>;
  everything: boolean;
}

const emptyCoverage = (): MutableCoverage => ({ namespaces: new Set(), names: new Set(), everything: false });

function stopAll({ kinds, next }: State): void {
  for (const kind of [...kinds.values(), ...next.values()]) kind.stop();
  kinds.clear();
  next.clear();
}
