/**
 * Puts objects of a point into the target, one after the other, each only once
 * it is clear whose the object under its name is. How it is written is in write.ts.
 */
import type { KubeObject } from '../../api/object.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { KubeError } from '../../kube/errors.ts';
import type { ApplyOutcome, OpenPoint, ScenarioIdentity } from '../engine.ts';
import { judge } from './judge.ts';
import { beingDeleted, foreign, obstacleOf } from './obstacles.ts';
import { Target } from './target.ts';
import { complement, create, type Replay, update } from './write.ts';

/** How often an object is judged anew because it appeared just before it was created. */
const ATTEMPTS = 3;

/** See Engine.restore. Never throws for what the target answers: that is in the outcomes. */
export async function restoreObjects(
  point: OpenPoint,
  keys: readonly string[],
  scenario: ScenarioIdentity,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<readonly ApplyOutcome[]> {
  const replay: Replay = { point, scenario, target: new Target(cluster, point) };
  const outcomes: ApplyOutcome[] = [];
  for (const key of keys) {
    signal.throwIfAborted();
    const outcome = await restoreOne(replay, key, signal);
    outcomes.push(outcome);
    if (outcome.kind !== 'applied') break;
  }
  return outcomes;
}

async function restoreOne(replay: Replay, key: string, signal: AbortSignal): Promise<ApplyOutcome> {
  const captured = replay.point.object(key);
  if (captured === undefined)
    return { kind: 'refused', key, message: `${key} is not part of ${replay.point.manifest.name}` };
  try {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await applyOnce(replay, key, captured, signal);
      } catch (error) {
        const appeared = error instanceof KubeError && error.code === 'AlreadyExists';
        if (!appeared || attempt === ATTEMPTS) throw error;
      }
    }
  } catch (error) {
    // An abort is the caller's doing, not an answer of the target.
    if (signal.aborted || !(error instanceof KubeError)) throw error;
    return obstacleOf(key, error);
  }
}

/** @throws KubeError */
async function applyOnce(
  replay: Replay,
  key: string,
  captured: KubeObject,
  signal: AbortSignal,
): Promise<ApplyOutcome> {
  const { target, scenario } = replay;
  const served = await target.serves(key, captured, signal);
  if (served.kind === 'obstacle') return served.obstacle;
  const { name, namespace } = captured.metadata;
  if (namespace !== undefined) {
    const obstacle = await target.namespaceObstacle(key, namespace, false, signal);
    if (obstacle !== undefined) return obstacle;
  }
  const id = namespace === undefined ? { name } : { namespace, name };
  const existing = await target.cluster.get(served.type, id, signal);
  const judgement = judge(captured, existing, scenario);
  const wish = { key, captured, type: served.type };
  switch (judgement.kind) {
    case 'create':
      return create(replay, wish, signal);
    case 'update':
      return update(replay, wish, judgement.existing, signal);
    case 'complement':
      return complement(replay, wish, judgement.existing, signal);
    case 'accept':
      return { kind: 'applied', object: judgement.existing };
    case 'foreign':
      return foreign(key, target.cluster.name, judgement.owner);
    case 'being-deleted':
      break;
  }
  return beingDeleted(key, 'an object of this name', target.cluster.name);
}
