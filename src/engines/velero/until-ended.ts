/**
 * Follows one Backup or Restore until Velero is done with it. By asking again
 * and again, not by a watch: a watch on a cluster that dies is as silent for a
 * minute as one on which nothing happens, and a capture of a dying region must
 * end soon.
 */
import type { KubeObject } from '../../api/object.ts';
import { between, type Clock, type Millis, millis, minutes } from '../../domain/time.ts';
import type { Cluster, ResourceType } from '../../kube/cluster.ts';
import type { Log } from '../../kube/log.ts';
import { idleMoves } from './data-moves.ts';
import { VeleroProblem } from './problem.ts';
import { describeStage, isEnd, patience, type Stage, stageOf } from './stage.ts';

export interface Followed {
  readonly cluster: Cluster;
  readonly type: ResourceType;
  readonly namespace: string;
  readonly name: string;
}

export interface Patience {
  /** How long snapshots may take. */
  readonly snapshots: Millis;
  /** How long it may stay in the queue. Default: an hour. */
  readonly queued?: Millis | undefined;
  /** Return after this long even when it has not ended. Default: follow it to the end. */
  readonly atMost?: Millis;
  /** Return in this stage too. Default: follow it to the end. */
  readonly enough?: (stage: Stage) => boolean;
}

export interface Ended {
  readonly stage: Stage;
  /** As last seen. */
  readonly object: KubeObject;
}

const FIRST_PAUSE = millis(200);
const LONGEST_PAUSE = millis(2000);

/** A data mover that runs takes up what is new within seconds, unless it is busy. */
const MOVER_SILENT = minutes(5);

/**
 * @returns the stage it ended in, or is in after `atMost`, or that is `enough`
 * @throws VeleroProblem 'Silent', 'Stalled', or 'Failed' when it is gone; KubeError
 */
export async function untilEnded(
  followed: Followed,
  { snapshots, queued, atMost, enough = isEnd }: Patience,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  signal: AbortSignal,
): Promise<Ended> {
  const startedAt = clock.tick();
  let movedAt = startedAt;
  let askedAt = startedAt;
  let last = '';
  for (let pause: Millis = FIRST_PAUSE; ; pause = millis(Math.min(pause * 1.5, LONGEST_PAUSE))) {
    const object = await look(followed, signal);
    const stage = stageOf(object);
    if (isEnd(stage) || enough(stage)) return { stage, object };
    const now = clock.tick();
    const said = describeStage(stage);
    if (said !== last) {
      log.debug({ cluster: followed.cluster.name, name: followed.name, stage: said }, 'Velero is at work');
      movedAt = now;
      last = said;
    }
    if (between(movedAt, now) > patience(stage, snapshots, queued)) throw overdue(followed, stage);
    if (between(movedAt, now) > MOVER_SILENT && between(askedAt, now) > MOVER_SILENT) {
      askedAt = now;
      await refuseIdle(followed, stage, signal);
    }
    if (atMost !== undefined && between(startedAt, now) > atMost) return { stage, object };
    await clock.sleep(pause, signal);
  }
}

/** Velero waits for hours for a data mover that is not there. @throws VeleroProblem 'Silent', KubeError */
async function refuseIdle(
  { cluster, type, namespace, name }: Followed,
  stage: Stage,
  signal: AbortSignal,
): Promise<void> {
  if (stage.kind !== 'running' || stage.part !== 'volumes') return;
  const kind = type.kind === 'Restore' ? 'Restore' : 'Backup';
  const idle = await idleMoves({ kind, namespace, name }, cluster, signal);
  if (idle !== undefined)
    throw new VeleroProblem('Silent', `${kind} ${namespace}/${name} in ${cluster.name} waits: ${idle}`);
}

async function look({ cluster, type, namespace, name }: Followed, signal: AbortSignal): Promise<KubeObject> {
  const object = await cluster.get(type, { namespace, name }, signal);
  if (object !== undefined) return object;
  throw new VeleroProblem('Failed', `${type.kind} ${namespace}/${name} was deleted from ${cluster.name}`);
}

function overdue({ cluster, type, namespace, name }: Followed, stage: Stage): VeleroProblem {
  const what = `${type.kind} ${namespace}/${name}`;
  if (stage.kind === 'untaken')
    return new VeleroProblem(
      'Silent',
      `no Velero server in ${cluster.name} takes up ${what}: see that it runs (kubectl -n ${namespace} get deployment,pods) and is not busy with another`,
    );
  return new VeleroProblem(
    'Stalled',
    `${what} in ${cluster.name} does not get on (${describeStage(stage)}): see velero ${type.kind.toLowerCase()} describe ${name} --details`,
  );
}
