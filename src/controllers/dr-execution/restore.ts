/** The effects of prepare and restore steps on the recovery cluster, each turned into what the reducer understands. */
import { at } from '../../api/fields.ts';
import { type KubeObject, objectKey } from '../../api/object.ts';
import { counted } from '../../domain/counted.ts';
import type { Observation } from '../../domain/execution/reducer.ts';
import { readinessOf } from '../../domain/graph/readiness.ts';
import type { Readiness } from '../../domain/graph/types.ts';
import type { CompiledReadiness } from '../../domain/graph/user-rules/compile.ts';
import type { Evidence } from '../../domain/volumes/evidence.ts';
import type {
  ApplyOutcome,
  Engine,
  OpenPoint,
  RestoreOptions,
  ScenarioIdentity,
} from '../../engines/engine.ts';
import type { Cluster } from '../../kube/cluster.ts';
import type { Memory } from './deps.ts';
import type { Look } from './look.ts';
import { readinessContext } from './readiness-context.ts';

/** Where and what to restore: everything a step needs besides its own name. */
export interface RestoreContext {
  readonly engine: Engine;
  readonly identity: ScenarioIdentity;
  readonly target: Cluster;
  readonly look: Look;
  readonly point: OpenPoint;
  readonly options: RestoreOptions;
  /** The user's own rules of readiness. */
  readonly rules: readonly CompiledReadiness[];
  readonly memory: Memory;
}

/** How many objects a message names; the rest are counted. */
const NAMED = 5;

const named = (texts: readonly string[]): string =>
  texts.slice(0, NAMED).join('; ') + (texts.length > NAMED ? `; and ${texts.length - NAMED} more` : '');

type Obstacle = Exclude<ApplyOutcome, { kind: 'applied' }>;
const isObstacle = (outcome: ApplyOutcome): outcome is Obstacle => outcome.kind !== 'applied';
const describe = ({ key, message }: Obstacle): string =>
  message.includes(key) ? message : `${key}: ${message}`;

/** Looks for whatever would stop the restore half-way, while nothing has been touched yet. */
export async function prepare(context: RestoreContext, signal: AbortSignal): Promise<Observation> {
  const { engine, identity, target, point } = context;
  const obstacles = (await engine.preflight(point, identity, target, signal)).filter(isObstacle);
  const foreign = obstacles.filter(({ kind }) => kind === 'foreign').map(describe);
  const refused = obstacles.filter(({ kind }) => kind === 'refused').map(describe);
  const blocked = obstacles.filter(({ kind }) => kind === 'blocked').map(describe);
  if (foreign.length + refused.length > 0) {
    const parts = [
      ...(foreign.length > 0
        ? [
            `${counted(foreign.length, 'object')} in ${target.name} not made by Antipode; move or delete them there: ${named(foreign)}`,
          ]
        : []),
      ...(refused.length > 0
        ? [`${target.name} cannot take ${counted(refused.length, 'object')}: ${named(refused)}`]
        : []),
    ];
    return { kind: 'failed', message: `nothing was touched. ${parts.join('. ')}` };
  }
  if (blocked.length > 0)
    return { kind: 'blocked', message: `${target.name} is not ready: ${named(blocked)}` };
  return { kind: 'done', message: `nothing in ${target.name} stands in the way` };
}

export async function applyUnit(
  unit: string,
  context: RestoreContext,
  signal: AbortSignal,
): Promise<Observation> {
  const { engine, identity, target, point, memory } = context;
  const keys = keysOf(unit, point);
  if (keys === undefined) return { kind: 'failed', message: 'the recovery point holds no such unit' };
  const outcomes = await engine.restore(point, keys, identity, target, context.options, signal);
  const obstacles = outcomes.filter(isObstacle);
  if (obstacles.length > 0) return inTheWay(obstacles);
  const applied = outcomes.flatMap((outcome) => (outcome.kind === 'applied' ? [outcome] : []));
  const readiness = await readinessContext(
    applied.map(({ object }) => object),
    { target: context.look.cluster, rules: context.rules, manifest: point.manifest },
    signal,
  );
  const notes = applied.flatMap(({ object, note }) =>
    note === undefined ? [] : [`${objectKey(object)}: ${note}`],
  );
  const states = await withData(
    applied.map(({ object }, index) => ({
      key: keys[index] ?? objectKey(object),
      state: readinessOf(object, readiness),
    })),
    context,
    signal,
  );
  const seen = conclude(unit, states, memory);
  if (seen.kind === 'failed') return seen;
  const said = notes.length === 0 ? {} : { notes };
  return { kind: seen.kind === 'waiting' ? 'applied' : 'done', message: seen.message, ...said };
}

/** Looks again at those objects of an applied unit that were not ready when last seen. */
export async function awaitReady(
  unit: string,
  context: RestoreContext,
  signal: AbortSignal,
): Promise<Observation> {
  const { look, point, memory } = context;
  const keys = memory.unready.get(unit) ?? keysOf(unit, point) ?? [];
  const live = await Promise.all(keys.map(async (key) => ({ key, object: await look.object(key, signal) })));
  const present = live.map(({ object }) => object).filter((object) => object !== undefined);
  const source = { target: look.cluster, rules: context.rules, manifest: point.manifest };
  const readiness = await readinessContext(present, source, signal);
  const states = await withData(
    live.map(({ key, object }) => ({
      key,
      state: object === undefined ? whenAbsent(point.object(key)) : readinessOf(object, readiness),
    })),
    context,
    signal,
  );
  return conclude(unit, states, memory);
}

/** A claim of which the point has the data is ready when it has that, or a pod alone is missing for it. */
async function withData(
  states: readonly Seen[],
  { engine, point, target }: RestoreContext,
  signal: AbortSignal,
): Promise<readonly Seen[]> {
  const claims = states.map(({ key }) => key).filter((key) => key.startsWith('PersistentVolumeClaim/'));
  if (claims.length === 0) return states;
  const evidence = await engine.prove(point, claims, target, signal);
  return states.map(({ key, state }) => ({ key, state: dataState(evidence.get(key)) ?? state }));
}

function dataState(evidence: Evidence | undefined): Readiness | undefined {
  switch (evidence?.kind) {
    case undefined:
      return undefined;
    case 'proven':
    case 'waits-for-pod':
      return { kind: 'ready' };
    case 'pending':
      return { kind: 'progressing', message: evidence.message };
    case 'refuted':
      break;
  }
  return { kind: 'failed', message: evidence.message };
}

/** What waiting cannot help with comes first, and decides. */
function inTheWay(obstacles: readonly Obstacle[]): Observation {
  const hopeless = obstacles.filter(({ kind }) => kind !== 'blocked');
  const message = named((hopeless.length > 0 ? hopeless : obstacles).map(describe));
  return { kind: hopeless.length > 0 ? 'failed' : 'blocked', message };
}

const keysOf = (unit: string, point: OpenPoint): readonly string[] | undefined =>
  point.manifest.units.find(({ id }) => id === unit)?.objects;

/** A finished Job may be removed by its own time to live before it is looked at. */
function whenAbsent(captured: KubeObject | undefined): Readiness {
  return captured?.kind === 'Job' && at(captured, 'spec', 'ttlSecondsAfterFinished') !== undefined
    ? { kind: 'ready' }
    : { kind: 'progressing', message: 'was applied and is gone: something deletes it' };
}

interface Seen {
  readonly key: string;
  readonly state: Readiness;
}

function conclude(
  unit: string,
  states: readonly Seen[],
  memory: Memory,
): Extract<Observation, { kind: 'done' | 'waiting' | 'failed' }> {
  const open = states.filter(({ state }) => state.kind !== 'ready');
  memory.unready.set(
    unit,
    open.map(({ key }) => key),
  );
  if (open.length === 0) return { kind: 'done', message: 'ready' };
  const hopeless = open.filter(({ state }) => state.kind === 'failed');
  const shown = (hopeless.length > 0 ? hopeless : open).map(
    ({ key, state }) => `${key}: ${state.kind === 'ready' ? '' : state.message}`,
  );
  return { kind: hopeless.length > 0 ? 'failed' : 'waiting', message: named(shown) };
}
