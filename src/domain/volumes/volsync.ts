/**
 * What Antipode asks of VolSync for one claim, and what VolSync's objects say of
 * it. Each point is one manual sync. When a sync ends VolSync echoes the trigger
 * that stands there then, not the one that the sync began with: so that the image
 * of an earlier sync is never taken for this one's, another sync is asked for only
 * while none is under way.
 */
import { arrayAt, at, fieldsAt, textAt } from '../../api/fields.ts';
import type { KubeObject } from '../../api/object.ts';
import { storageClassOf } from '../graph/storage-class.ts';

export const VOLSYNC_API = 'volsync.backube/v1alpha1';
/** VolSync removes the image of a sync after the next one, unless it has this label. */
export const KEEP_IMAGE_LABEL = 'volsync.backube/do-not-delete';

export interface Destination {
  readonly namespace: string;
  readonly name: string;
  /** The claim as it is to be in the recovery region. */
  readonly claim: KubeObject;
  /** The name of the point. */
  readonly trigger: string;
  /** Labels and annotations. */
  readonly metadata: Pick<KubeObject['metadata'], 'labels' | 'annotations'>;
}

/** A ReplicationDestination, which receives the data and makes a VolumeSnapshot of it. */
export function destinationOf({ namespace, name, claim, trigger, metadata }: Destination): KubeObject {
  const spec = fieldsAt(claim, 'spec') ?? {};
  const storageClassName = storageClassOf(claim)?.name;
  return {
    apiVersion: VOLSYNC_API,
    kind: 'ReplicationDestination',
    metadata: { ...metadata, namespace, name },
    spec: {
      trigger: { manual: trigger },
      rsyncTLS: {
        copyMethod: 'Snapshot',
        capacity:
          textAt(claim, 'status', 'capacity', 'storage') ?? textAt(spec, 'resources', 'requests', 'storage'),
        accessModes: arrayAt(spec, 'accessModes'),
        ...(storageClassName === undefined ? {} : { storageClassName }),
        // The source is in another cluster.
        serviceType: 'LoadBalancer',
      },
    },
  };
}

export interface Origin {
  readonly namespace: string;
  readonly name: string;
  /** Name of the claim. */
  readonly claim: string;
  readonly trigger: string;
  /** Labels and annotations. */
  readonly metadata: Pick<KubeObject['metadata'], 'labels' | 'annotations'>;
  readonly connection: Connection;
  /** Name of the Secret with the key, in the same namespace. */
  readonly keySecret: string;
}

/** A ReplicationSource, which sends a snapshot of the claim. */
export function originOf({
  namespace,
  name,
  claim,
  trigger,
  metadata,
  connection,
  keySecret,
}: Origin): KubeObject {
  return {
    apiVersion: VOLSYNC_API,
    kind: 'ReplicationSource',
    metadata: { ...metadata, namespace, name },
    spec: {
      sourcePVC: claim,
      trigger: { manual: trigger },
      rsyncTLS: { address: connection.address, keySecret, copyMethod: 'Snapshot' },
    },
  };
}

export interface Connection {
  readonly address: string;
  /** Secret of the recovery region that has the key both ends need. */
  readonly keySecret: string;
}

/** Where a destination listens; undefined while it does not. */
export function connectionOf(destination: KubeObject | undefined): Connection | undefined {
  const address = textAt(destination, 'status', 'rsyncTLS', 'address');
  const keySecret = textAt(destination, 'status', 'rsyncTLS', 'keySecret');
  return address === undefined || keySecret === undefined ? undefined : { address, keySecret };
}

/**
 * Whether a sync that is asked for now is cut after that, and what fails from now
 * on is of that sync: VolSync has done all it was asked for, or waits for an
 * address at which it could receive anything.
 */
export function isFree(origin: KubeObject | undefined, destination: KubeObject | undefined): boolean {
  if (isAtRest(origin) && isAtRest(destination)) return true;
  const hasListened = connectionOf(destination) !== undefined;
  return origin === undefined && !hasListened && !isFailedOrGoing(destination);
}

function isAtRest(object: KubeObject | undefined): boolean {
  if (object === undefined) return true;
  return (
    textAt(object, 'status', 'lastSyncStartTime') === undefined &&
    textAt(object, 'status', 'lastManualSync') === textAt(object, 'spec', 'trigger', 'manual') &&
    !isFailedOrGoing(object)
  );
}

const isFailedOrGoing = (object: KubeObject | undefined): boolean =>
  object?.metadata.deletionTimestamp !== undefined || failureOf(object, '') !== undefined;

export type SyncState =
  | { readonly kind: 'done'; readonly image: string }
  | {
      readonly kind: 'waiting';
      /** The end that is to act now. */
      readonly turn: 'origin' | 'destination';
      /** VolSync says that this end is at it, and nothing has failed. */
      readonly moving: boolean;
      /** What has failed and is tried again. */
      readonly problem: string | undefined;
    }
  | { readonly kind: 'failed'; readonly message: string };

/** @param trigger of this sync, which was set while both ends were at rest */
export function syncState(
  origin: KubeObject | undefined,
  destination: KubeObject | undefined,
  trigger: string,
): SyncState {
  const sent = textAt(origin, 'status', 'lastManualSync') === trigger;
  const received = textAt(destination, 'status', 'lastManualSync') === trigger;
  const image = textAt(destination, 'status', 'latestImage', 'name');
  if (sent && received) {
    if (at(destination, 'status', 'latestImage', 'kind') === 'VolumeSnapshot' && image !== undefined)
      return { kind: 'done', image };
    return {
      kind: 'failed',
      message: 'VolSync made no VolumeSnapshot of what it received: see its ReplicationDestination',
    };
  }
  const failure = failureOf(origin, 'ReplicationSource') ?? failureOf(destination, 'ReplicationDestination');
  const isTriedAgain = isGoing(origin) || isGoing(destination);
  if (failure !== undefined && !isTriedAgain) return { kind: 'failed', message: failure };
  // A destination says that it is at it from when it listens, whether anybody sends or not.
  const [turn, end] = sent ? (['destination', destination] as const) : (['origin', origin] as const);
  // VolSync begins a copy that failed again, from the same cut.
  return { kind: 'waiting', turn, moving: failure === undefined && isGoing(end), problem: failure };
}

function failureOf(object: KubeObject | undefined, what: string): string | undefined {
  const error = conditionOf(object, 'Synchronizing');
  if (textAt(error, 'reason') === 'Error')
    return `${what}: ${textAt(error, 'message') ?? 'VolSync reports an error'}`;
  if (textAt(object, 'status', 'latestMoverStatus', 'result') !== 'Failed') return undefined;
  const logs = textAt(object, 'status', 'latestMoverStatus', 'logs')?.trim().split('\n').at(-1);
  return `${what}: the copy failed${logs === undefined ? '' : `: ${logs.slice(0, 300)}`}`;
}

const isGoing = (object: KubeObject | undefined): boolean =>
  textAt(conditionOf(object, 'Synchronizing'), 'reason') === 'SyncInProgress';

const conditionOf = (object: KubeObject | undefined, type: string): unknown =>
  arrayAt(object, 'status', 'conditions').find((condition) => textAt(condition, 'type') === type);
