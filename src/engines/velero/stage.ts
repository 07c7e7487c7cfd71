/**
 * How far a Backup or Restore is, from its status, and how long it may stay
 * there. Pure. Phases are those of Velero 1.18 for both kinds.
 */
import { arrayAt, numberAt, textAt } from '../../api/fields.ts';
import type { KubeObject } from '../../api/object.ts';
import { type Millis, minutes } from '../../domain/time.ts';

export type Stage =
  /** Nobody has looked at it yet. */
  | { readonly kind: 'untaken' }
  /** Velero does one backup at a time (or a few): it waits for others. */
  | { readonly kind: 'queued'; readonly position: number | undefined }
  /** `objects`: items are written; `volumes`: items are, the data of volumes is on its way. */
  | {
      readonly kind: 'running';
      readonly part: 'objects' | 'volumes';
      readonly done: number | undefined;
      readonly total: number | undefined;
    }
  | { readonly kind: 'completed' }
  /** Some items could not be written; its results say which. */
  | { readonly kind: 'partially-failed' }
  | { readonly kind: 'failed'; readonly reason: string };

export type End = Extract<Stage, { kind: 'completed' | 'partially-failed' | 'failed' }>;

export const isEnd = (stage: Stage): stage is End =>
  stage.kind === 'completed' || stage.kind === 'partially-failed' || stage.kind === 'failed';

export function stageOf(object: KubeObject): Stage {
  const phase = textAt(object, 'status', 'phase') ?? '';
  switch (phase) {
    case '':
    case 'New':
      return { kind: 'untaken' };
    case 'Queued':
    case 'ReadyToStart':
      return { kind: 'queued', position: numberAt(object, 'status', 'queuePosition') };
    case 'Completed':
      return { kind: 'completed' };
    case 'PartiallyFailed':
      return { kind: 'partially-failed' };
    case 'Failed':
      return {
        kind: 'failed',
        reason: textAt(object, 'status', 'failureReason') ?? 'Velero gives no reason',
      };
    case 'FailedValidation':
      return { kind: 'failed', reason: `Velero refuses it: ${validationErrors(object)}` };
    case 'Deleting':
      return { kind: 'failed', reason: 'it is being deleted' };
    default:
      return running(object, phase);
  }
}

function running(object: KubeObject, phase: string): Stage {
  const isWaiting = phase.startsWith('WaitingForPluginOperations');
  const [done, total] = isWaiting
    ? operations(object)
    : [itemsDone(object), numberAt(object, 'status', 'progress', 'totalItems')];
  return { kind: 'running', part: isWaiting ? 'volumes' : 'objects', done, total };
}

const itemsDone = (object: KubeObject): number | undefined =>
  numberAt(object, 'status', 'progress', 'itemsBackedUp') ??
  numberAt(object, 'status', 'progress', 'itemsRestored');

function operations(object: KubeObject): readonly [number | undefined, number | undefined] {
  const stem = object.kind === 'Restore' ? 'restoreItemOperations' : 'backupItemOperations';
  const of = (what: string) => numberAt(object, 'status', `${stem}${what}`);
  return [(of('Completed') ?? 0) + (of('Failed') ?? 0), of('Attempted')];
}

function validationErrors(object: KubeObject): string {
  const errors = arrayAt(object, 'status', 'validationErrors').filter((error) => typeof error === 'string');
  return errors.length === 0 ? 'it gives no reason' : errors.join('; ');
}

/** What of it is written into a message: `12 of 40 objects`. */
export function describeStage(stage: Stage): string {
  switch (stage.kind) {
    case 'untaken':
      return 'not taken up yet';
    case 'queued':
      return stage.position === undefined ? 'queued' : `number ${stage.position} in the queue`;
    case 'running':
      return `${stage.done ?? 0} of ${stage.total ?? '?'} ${stage.part === 'volumes' ? 'volumes' : 'objects'}`;
    case 'completed':
      return 'completed';
    case 'partially-failed':
      return 'completed with errors';
    case 'failed':
      return `failed: ${stage.reason}`;
  }
}

/** A server that runs takes up what is new within seconds. */
const UNTAKEN: Millis = minutes(1);
/** How long a backup may wait for others. */
export const QUEUED: Millis = minutes(60);
/** One item may wait for its snapshot; Velero itself gives up on a volume operation after ITEM_OPERATION_TIMEOUT. */
const RUNNING: Millis = minutes(10);
/** Velero's own default for moving the data of one volume, in hours; written into every Backup and Restore. */
export const ITEM_OPERATION_HOURS = 4;

/**
 * How long nothing may change before it counts as stalled.
 * @param snapshots how long snapshots may take: spec.replication.volumes.snapshotTimeout
 * @param queued how long it may wait for others
 */
export function patience(stage: Stage, snapshots: Millis, queued: Millis = QUEUED): Millis {
  switch (stage.kind) {
    case 'untaken':
      return UNTAKEN;
    case 'queued':
      return queued;
    case 'running':
      return stage.part === 'volumes'
        ? minutes(ITEM_OPERATION_HOURS * 60 + 10)
        : minutes((RUNNING + snapshots) / 60_000);
    case 'completed':
    case 'partially-failed':
    case 'failed':
      return minutes(0);
  }
}
