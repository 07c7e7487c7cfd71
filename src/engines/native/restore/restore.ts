/**
 * Puts objects of a point into the target, many at a time, each only once it is
 * clear whose the object under its name is. Which must wait for which is in
 * object-order.ts, how one is written in write.ts, how many requests a cluster
 * gets at once in cluster-limits.ts.
 */
import type { KubeObject } from '../../../api/object.ts';
import { accountOfToken } from '../../../domain/graph/account-token.ts';
import type { ResourceType } from '../../../kube/cluster.ts';
import { KubeError, type KubeErrorCode } from '../../../kube/errors.ts';
import type { ApplyOutcome } from '../../engine.ts';
import { judge } from '../objects/judge.ts';
import { waitsFor } from '../objects/object-order.ts';
import { inParallel } from '../parallel.ts';
import { accountMissing, beingDeleted, foreign, type Obstacle, obstacleOf } from './obstacles.ts';
import type { Replay, Wish } from './replay.ts';
import { complement, create, update } from './write.ts';

/** How often an object is judged anew because it appeared just before it was created. */
const ATTEMPTS = 3;
/** Refusals that say something of the object, rather than of the server or the way to it: others may fare better. */
const JUDGED: ReadonlySet<KubeErrorCode> = new Set([
  'AlreadyExists',
  'Conflict',
  'Forbidden',
  'Invalid',
  'NotFound',
  'Unavailable',
]);
/** Objects of one call in work: enough to use up any limit of a cluster, few enough to stop soon. */
const IN_WORK = 64;

/** See Engine.restore. Never throws for what the target answers: that is in the outcomes. */
export async function restoreObjects(
  replay: Replay,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<readonly ApplyOutcome[]> {
  const waits = waitsFor(keys, replay.point, (key) => replay.target.unitOf(key));
  const begun = new Map<string, Promise<ApplyOutcome | undefined>>();
  let isStopped = false;
  const restore = async (key: string): Promise<ApplyOutcome | undefined> => {
    const before = await Promise.all((waits.get(key) ?? []).flatMap((other) => begun.get(other) ?? []));
    signal.throwIfAborted();
    if (isStopped || before.some((outcome) => outcome?.kind !== 'applied')) return undefined;
    try {
      return await restoreOne(replay, key, signal);
    } catch (error) {
      // An abort is the caller's doing, not an answer of the target.
      if (signal.aborted || !(error instanceof KubeError)) throw error;
      isStopped ||= !JUDGED.has(error.code);
      return obstacleOf(key, error);
    }
  };
  // What a key waits for stands before it, so it is begun before it, and nobody waits for a place.
  const outcomes = await inParallel(keys, IN_WORK, (key) => {
    const outcome = restore(key);
    begun.set(key, outcome);
    return outcome;
  });
  return outcomes.filter((outcome) => outcome !== undefined);
}

/** @throws KubeError */
async function restoreOne(replay: Replay, key: string, signal: AbortSignal): Promise<ApplyOutcome> {
  const captured = replay.point.object(key);
  if (captured === undefined)
    return { kind: 'refused', key, message: `${key} is not part of ${replay.point.manifest.name}` };
  const outcome = await applyRepeatedly(replay, key, captured, signal);
  return outcome.kind === 'applied' ? adoptEarlier(replay, key, outcome, signal) : outcome;
}

/** @throws KubeError */
async function applyRepeatedly(
  replay: Replay,
  key: string,
  captured: KubeObject,
  signal: AbortSignal,
): Promise<ApplyOutcome> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await applyOnce(replay, key, captured, signal);
    } catch (error) {
      const appeared = error instanceof KubeError && error.code === 'AlreadyExists';
      if (!appeared || attempt === ATTEMPTS) throw error;
    }
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
  const inTheWay = await missingAccount(replay, key, captured, signal);
  if (inTheWay !== undefined) return inTheWay;
  const { type, apiVersion } = served;
  const wish = { key, captured: { ...captured, apiVersion }, type, capturedAs: captured.apiVersion };
  if (await target.presence.isAbsent(key, type, captured, signal)) {
    const outcome = await createUnseen(replay, wish, signal);
    if (outcome !== undefined) return outcome;
  }
  const existing =
    target.presence.takeStandby(key) ?? (await target.cluster.get(type, idOf(captured, type), signal));
  const judgement = judge(captured, existing, scenario);
  switch (judgement.kind) {
    case 'create':
      return createIn(replay, wish, signal);
    case 'update':
      return update(replay, wish, judgement.existing, signal);
    case 'complement':
      return complement(replay, wish, judgement.existing, signal);
    case 'accept':
      target.owners.learn(judgement.existing);
      return { kind: 'applied', object: judgement.existing };
    case 'foreign':
      return foreign(key, target.cluster.name, judgement.owner);
    case 'being-deleted':
      break;
  }
  return beingDeleted(key, 'an object of this name', judgement.existing, target.cluster.name);
}

/** The account stands before the Secret, unless it is the one that the cluster makes in every namespace. @throws KubeError */
async function missingAccount(
  { target: { cluster } }: Replay,
  key: string,
  captured: KubeObject,
  signal: AbortSignal,
): Promise<Obstacle | undefined> {
  const name = accountOfToken(captured);
  const { namespace } = captured.metadata;
  if (name === undefined || namespace === undefined) return undefined;
  const type = await cluster.typeFor({ apiVersion: 'v1', kind: 'ServiceAccount' }, signal);
  const account = type && (await cluster.get(type, { namespace, name }, signal));
  return account === undefined ? accountMissing(key, name, cluster.name) : undefined;
}

/**
 * Creates what is believed to be absent, without looking. A refusal counts only
 * once it is sure that there is none: quotas and webhooks judge before the API
 * server notices that the object is there already.
 * @returns undefined when it has to be looked at. @throws KubeError
 */
async function createUnseen(
  replay: Replay,
  wish: Wish,
  signal: AbortSignal,
): Promise<ApplyOutcome | undefined> {
  try {
    return await create(replay, wish, signal);
  } catch (error) {
    if (signal.aborted || !(error instanceof KubeError) || !JUDGED.has(error.code)) throw error;
    await replay.target.presence.appeared(wish.key, wish.captured.metadata.name);
    return undefined;
  }
}

/** @throws KubeError */
async function createIn(replay: Replay, wish: Wish, signal: AbortSignal): Promise<ApplyOutcome> {
  const { namespace } = wish.captured.metadata;
  try {
    return await create(replay, wish, signal);
  } catch (error) {
    if (signal.aborted || !(error instanceof KubeError) || namespace === undefined) throw error;
    if (error.code === 'AlreadyExists' || error.code === 'Invalid') throw error;
    // The server's words for a namespace that is missing or going name neither it nor what holds it.
    const obstacle = await replay.target.namespaceObstacle(wish.key, namespace, false, signal);
    if (obstacle === undefined) throw error;
    return obstacle;
  }
}

/** Writes ownership into objects that had to go before this owner of theirs. @throws KubeError */
async function adoptEarlier(
  replay: Replay,
  key: string,
  owner: ApplyOutcome,
  signal: AbortSignal,
): Promise<ApplyOutcome> {
  for (const owned of replay.target.owners.ownedBefore(key)) {
    const obstacle = await adopt(replay, owned, signal);
    // It is the owner that is not as it should be yet; the message names what it owns.
    if (obstacle !== undefined) return { ...obstacle, key };
  }
  return owner;
}

/**
 * Its own turn is over. Should it be gone, it went with an owner that was deleted
 * to be made anew, perhaps by an operator that was killed then, and nobody else
 * would make it again. One that is not ours was the business of its turn.
 * @throws KubeError
 */
async function adopt(replay: Replay, key: string, signal: AbortSignal): Promise<Obstacle | undefined> {
  const captured = replay.point.object(key);
  if (captured === undefined) return undefined;
  const outcome = await applyRepeatedly(replay, key, captured, signal);
  return outcome.kind === 'applied' || outcome.kind === 'foreign' ? undefined : outcome;
}

function idOf({ metadata: { name, namespace } }: KubeObject, type: ResourceType) {
  return type.namespaced && namespace !== undefined ? { namespace, name } : { name };
}
