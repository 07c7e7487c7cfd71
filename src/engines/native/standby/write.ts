/** Writes objects into a standby: those that the cluster refuses are named and do not keep the others from it. */
import { type KubeObject, objectKey } from '../../../api/object.ts';
import { isOurs } from '../../../api/ownership.ts';
import { KubeError } from '../../../kube/errors.ts';
import type { ApplyOutcome, ScenarioIdentity } from '../../engine.ts';
import { inParallel } from '../parallel.ts';
import { restoreObjects } from '../restore/restore.ts';
import { Target } from '../restore/target.ts';
import { ownByApply } from '../restore/write.ts';
import { onlyStandby } from './guard.ts';
import { fieldsThatDiffer } from './judge.ts';
import type { Difference, Standby } from './report.ts';
import { standbyPoint } from './wishes.ts';

/** Requests under way at once that only prepare a failover. */
const PARALLEL = 4;
const ATTEMPTS = 3;

export interface Written {
  /** Keys of what is as wished now. */
  readonly kept: readonly string[];
  readonly differences: readonly Difference[];
}

/** @throws KubeError, and the reason of `signal` */
export async function writeStandby(
  { point, scenario, target, log }: Standby,
  wishes: ReadonlyMap<string, KubeObject>,
  keys: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Written> {
  const whole = standbyPoint(point, wishes, new Set(wishes.keys()));
  const replay = {
    target: new Target(onlyStandby(target), whole),
    recreating: new Map<string, string>(),
    point: whole,
    scenario,
    // What runs nowhere may be made anew: better now than during a failover.
    options: { conflicts: 'Recreate' as const },
    log,
  };
  const kept: string[] = [];
  const differences: Difference[] = [];
  let left = [...wishes.keys()].filter((key) => keys.has(key));
  while (left.length > 0) {
    const outcomes = await restoreObjects(replay, left, signal);
    for (const outcome of outcomes) {
      const difference = differenceOf(outcome, wishes, (object) => isOurs(object, scenario));
      if (difference === undefined) kept.push(keyOf(outcome));
      else differences.push(difference);
    }
    await inParallel(outcomes, PARALLEL, (outcome) => own(outcome, replay.target, scenario, signal));
    // A restore does not begin what comes after an obstacle; this goes on behind it.
    const settled = new Set(outcomes.map(keyOf));
    left = left.filter((key) => !settled.has(key));
  }
  return { kept, differences };
}

/** What a failover would have to do before it can change the object: it is done now, while there is time. */
async function own(
  outcome: ApplyOutcome,
  target: Target,
  scenario: ScenarioIdentity,
  signal: AbortSignal,
): Promise<void> {
  if (outcome.kind !== 'applied' || !isOurs(outcome.object, scenario)) return;
  const served = await target.serves(keyOf(outcome), outcome.object, signal);
  if (served.kind !== 'served') return;
  const { name, namespace } = outcome.object.metadata;
  const key = namespace === undefined ? { name } : { namespace, name };
  let current: KubeObject | undefined = outcome.object;
  // Its controller writes its status soon after it was made. What does not come to rest, the failover sees to.
  for (let attempt = 1; attempt <= ATTEMPTS && current !== undefined; attempt += 1) {
    try {
      await ownByApply(target, served.type, current, signal);
      return;
    } catch (error) {
      if (!(error instanceof KubeError && error.code === 'Conflict')) throw error;
    }
    current = await target.cluster.get(served.type, key, signal);
  }
}

const keyOf = (outcome: ApplyOutcome): string =>
  outcome.kind === 'applied' ? objectKey(outcome.object) : outcome.key;

/** What the cluster made of the object, where that is not what was wished. */
function differenceOf(
  outcome: ApplyOutcome,
  wishes: ReadonlyMap<string, KubeObject>,
  isMine: (object: KubeObject) => boolean,
): Difference | undefined {
  if (outcome.kind !== 'applied') return { object: outcome.key, message: outcome.message };
  const object = keyOf(outcome);
  const wish = wishes.get(object);
  // One that the cluster had already and that serves as well is nobody's standby.
  if (wish === undefined || !isMine(outcome.object)) return undefined;
  const fields = fieldsThatDiffer(wish, outcome.object);
  if (fields.length === 0) return undefined;
  return { object, message: `the recovery cluster changes ${fields.slice(0, 5).join(', ')}` };
}
