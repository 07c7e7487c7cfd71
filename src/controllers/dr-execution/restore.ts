/** The effects of prepare and restore steps on the recovery cluster, each turned into what the reducer understands. */
import { at, textAt } from '../../api/fields.ts';
import { type KubeObject, parseRefKey, refKey, refOf } from '../../api/object.ts';
import type { Observation } from '../../domain/execution/reducer.ts';
import { readinessOf } from '../../domain/graph/readiness.ts';
import type { Readiness, ReadinessContext } from '../../domain/graph/types.ts';
import type { ApplyOutcome, Engine, OpenPoint, ScenarioIdentity } from '../../engines/engine.ts';
import type { Cluster } from '../../kube/cluster.ts';
import type { Memory } from './deps.ts';

/** Where and what to restore: everything a step needs besides its own name. */
export interface RestoreContext {
  readonly engine: Engine;
  readonly identity: ScenarioIdentity;
  readonly target: Cluster;
  readonly point: OpenPoint;
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
            `${foreign.length} objects exist in ${target.name} that Antipode did not make; move or delete them there: ${named(foreign)}`,
          ]
        : []),
      ...(refused.length > 0
        ? [`${target.name} cannot take ${refused.length} objects: ${named(refused)}`]
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
  const outcomes = await engine.restore(point, keys, identity, target, signal);
  const obstacle = outcomes.find(isObstacle);
  if (obstacle !== undefined) {
    return { kind: obstacle.kind === 'blocked' ? 'blocked' : 'failed', message: describe(obstacle) };
  }
  const applied = outcomes.flatMap((outcome) => (outcome.kind === 'applied' ? [outcome] : []));
  const readiness = await readinessContext(
    applied.map(({ object }) => object),
    target,
    signal,
  );
  const notes = applied.flatMap(({ object, note }) =>
    note === undefined ? [] : [`${refKey(refOf(object))}: ${note}`],
  );
  const states = applied.map(({ object }, index) => ({
    key: keys[index] ?? refKey(refOf(object)),
    state: readinessOf(object, readiness),
  }));
  const seen = conclude(unit, states, memory);
  const message = [seen.message, ...notes].join('; ');
  return seen.kind === 'waiting' ? { kind: 'applied', message } : { kind: seen.kind, message };
}

/** Looks again at those objects of an applied unit that were not ready when last seen. */
export async function awaitReady(
  unit: string,
  context: RestoreContext,
  signal: AbortSignal,
): Promise<Observation> {
  const { target, point, memory } = context;
  const keys = memory.unready.get(unit) ?? keysOf(unit, point) ?? [];
  const live = await Promise.all(
    keys.map(async (key) => ({ key, object: await fetch(key, target, signal) })),
  );
  const present = live.map(({ object }) => object).filter((object) => object !== undefined);
  const readiness = await readinessContext(present, target, signal);
  const states = live.map(({ key, object }) => ({
    key,
    state: object === undefined ? whenAbsent(point.object(key)) : readinessOf(object, readiness),
  }));
  return conclude(unit, states, memory);
}

const keysOf = (unit: string, point: OpenPoint): readonly string[] | undefined =>
  point.manifest.units.find(({ id }) => id === unit)?.objects;

async function fetch(key: string, target: Cluster, signal: AbortSignal): Promise<KubeObject | undefined> {
  const ref = parseRefKey(key);
  const type = ref === undefined ? undefined : await target.typeFor(ref, signal);
  return ref === undefined || type === undefined ? undefined : target.get(type, ref, signal);
}

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

/** When volumes of each StorageClass are bound: asked only when there is a claim to judge. */
async function readinessContext(
  objects: readonly KubeObject[],
  target: Cluster,
  signal: AbortSignal,
): Promise<ReadinessContext> {
  const modes = new Map<string, 'Immediate' | 'WaitForFirstConsumer'>();
  if (objects.some(({ kind }) => kind === 'PersistentVolumeClaim')) {
    const type = await target.typeFor({ group: 'storage.k8s.io', kind: 'StorageClass' }, signal);
    const classes = type === undefined ? [] : (await target.list(type, {}, signal)).items;
    for (const object of classes) {
      const waits = textAt(object, 'volumeBindingMode') === 'WaitForFirstConsumer';
      modes.set(object.metadata.name, waits ? 'WaitForFirstConsumer' : 'Immediate');
    }
  }
  return { bindingMode: (name) => modes.get(name) };
}
