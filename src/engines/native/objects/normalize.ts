/**
 * The form of an object that does not depend on the cluster it was read from:
 * what a user or a tool asked for, without what a server or a controller of
 * that cluster filled in. Digests are taken of it and replay starts from it, so
 * whatever this leaves in is compared, and written into the other region.
 */
import type { KubeObject, OwnerReference } from '../../../api/object.ts';
import { RECOVERY_POINT_ANNOTATION, SCENARIO_LABEL } from '../../../api/ownership.ts';
import { DATA_ANNOTATION, NOT_MOVED_ANNOTATION } from '../../../domain/volumes/evidence.ts';
import { omit, withoutKeys } from './editing.ts';
import { ruleFor } from './normalize-kinds.ts';

/**
 * Annotations that are state or a second copy, on any kind. A trailing slash
 * means everything below the prefix.
 *
 * `last-applied-configuration` goes too: it repeats the whole object (of a
 * Secret: its values), fields included that are left out here, and it would
 * claim that a file produced an object which a replay produced. The next
 * `kubectl apply` writes it anew; all that is lost is that this one apply does
 * not delete fields which were dropped from the file since the capture.
 */
const STATE_ANNOTATIONS: readonly string[] = [
  'kubectl.kubernetes.io/last-applied-configuration',
  'deployment.kubernetes.io/',
  'deprecated.daemonset.template.generation',
  'control-plane.alpha.kubernetes.io/leader',
  'autoscaling.alpha.kubernetes.io/',
  'endpoints.kubernetes.io/last-change-trigger-time',
  RECOVERY_POINT_ANNOTATION,
  DATA_ANNOTATION,
  NOT_MOVED_ANNOTATION,
  // What Velero notes on a claim whose snapshot it took. Its wishes, such as
  // `backup.velero.io/backup-volumes`, are a user's and stay.
  'velero.io/volume-snapshot-name',
  'velero.io/data-upload-name',
  'velero.io/csi-volumesnapshot-handle',
  'velero.io/csi-volumesnapshot-restore-size',
  'velero.io/csi-driver-name',
  'velero.io/csi-vsc-deletion-policy',
  'restore.velero.io/must-include-additional-items',
];

/** From an earlier recovery, ours or Velero's; a replay writes its own. */
const STATE_LABELS: readonly string[] = [
  SCENARIO_LABEL,
  'velero.io/backup-name',
  'velero.io/restore-name',
  'velero.io/volume-snapshot-name',
];

/** Finalizers that parts of Kubernetes itself put on and take off; in another cluster its own parts do. */
const BUILT_IN_FINALIZERS = /^(foregroundDeletion|orphan|kubernetes|([a-z0-9-]+\.)*kubernetes\.io\/.*)$/;

/**
 * @returns a new object; `object` is unchanged. `normalize(normalize(x))` equals `normalize(x)`.
 * Owner references keep their owner's name but have an empty uid, which every
 * server refuses: one that was not rebuilt by mistake cannot point at anything.
 */
export function normalize(object: KubeObject): KubeObject {
  const rule = ruleFor(object);
  const body = rule.body(omit(object, ['apiVersion', 'kind', 'metadata', 'status']));
  const { name, namespace, labels, annotations, ownerReferences, finalizers } = object.metadata;
  const kept = {
    namespace,
    labels: withoutKeys(labels, [...STATE_LABELS, ...rule.labels]),
    annotations: withoutKeys(annotations, [...STATE_ANNOTATIONS, ...rule.annotations]),
    ownerReferences: nonEmpty(ownerReferences?.map(withoutUid)),
    finalizers: nonEmpty(finalizers?.filter((finalizer) => !BUILT_IN_FINALIZERS.test(finalizer))),
  };
  return {
    ...body,
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: { name, ...defined(kept) },
  };
}

function withoutUid(owner: OwnerReference): OwnerReference {
  const { apiVersion, kind, name, controller, blockOwnerDeletion } = owner;
  return { apiVersion, kind, name, uid: '', ...defined({ controller, blockOwnerDeletion }) };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the fields that are undefined. */
function defined<T extends object>(fields: T): Defined<T>;
function defined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function nonEmpty<T>(array: readonly T[] | undefined): readonly T[] | undefined {
  return array === undefined || array.length === 0 ? undefined : array;
}
