/**
 * The Backup that is asked for: which kinds of which namespaces, and how the
 * data of volumes is taken. Pure. Velero selects by kind and label only, never
 * by name, and its label selector would leave out what selected objects refer
 * to; so whole kinds are taken, and what belongs to the point is chosen from
 * the archive afterwards.
 */
import type { KubeObject } from '../../../api/object.ts';
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { formatDuration, minutes, parseDuration } from '../../../domain/time.ts';
import type { ResourceType } from '../../../kube/cluster.ts';
import type { ScenarioIdentity } from '../../engine.ts';
import { canonicalJson, sha256 } from '../../native/objects/digest.ts';
import { API_VERSION, INSTANT_ANNOTATION, marks, type VeleroSettings, WISH_ANNOTATION } from '../settings.ts';
import { ITEM_OPERATION_HOURS } from '../stage.ts';

/** Velero deletes what is expired; which points are kept is Antipode's decision, so they expire ten years on. */
const LIFETIME_HOURS = 10 * 365 * 24;

export interface BackupWish {
  readonly name: string;
  readonly scenario: ScenarioIdentity;
  readonly spec: DRScenarioSpec;
  readonly settings: VeleroSettings;
  /** Those of the selection that exist. */
  readonly namespaces: readonly string[];
  /** Kinds of everything that belongs to the point. */
  readonly types: readonly ResourceType[];
  /** The one to cut snapshots of its driver with. Default: Velero chooses. */
  readonly snapshotClass?: SnapshotClass | undefined;
  /** RFC 3339. */
  readonly capturedAt: string;
}

export interface SnapshotClass {
  readonly name: string;
  readonly driver: string;
}

export function backupRequest(wish: BackupWish): KubeObject {
  const { name, scenario, settings, capturedAt, snapshotClass } = wish;
  const spec = backupSpec(wish);
  const wished = snapshotClass === undefined ? spec : { spec, snapshotClass };
  return {
    apiVersion: API_VERSION,
    kind: 'Backup',
    metadata: {
      name,
      namespace: settings.namespace,
      labels: marks(scenario, 'Point'),
      annotations: {
        [INSTANT_ANNOTATION]: capturedAt,
        [WISH_ANNOTATION]: sha256(canonicalJson(wished)),
        ...classAnnotation(snapshotClass),
      },
    },
    spec,
  };
}

/** Velero's spec has no field for it (pkg/util/csi, GetVolumeSnapshotClassFromBackupAnnotationsForDriver). */
const classAnnotation = (snapshotClass: SnapshotClass | undefined): Readonly<Record<string, string>> =>
  snapshotClass === undefined
    ? {}
    : { [`velero.io/csi-volumesnapshot-class_${snapshotClass.driver.toLowerCase()}`]: snapshotClass.name };

function backupSpec({ spec, settings, namespaces, types }: BackupWish): object {
  const { velero } = spec.replication;
  const takesData = wantsData(spec);
  return {
    storageLocation: settings.storageLocation,
    ttl: `${LIFETIME_HOURS}h0m0s`,
    includedNamespaces: namespaces,
    includedNamespaceScopedResources: names(types.filter(({ namespaced }) => namespaced)),
    includedClusterScopedResources: names(types.filter(({ namespaced }) => !namespaced)),
    snapshotVolumes: takesData,
    // Kept beside the objects by a node agent, out of reach of a snapshot's instant.
    defaultVolumesToFsBackup: false,
    ...(takesData && velero.snapshotMoveData ? { snapshotMoveData: true } : {}),
    ...(velero.dataMover === undefined ? {} : { datamover: velero.dataMover }),
    csiSnapshotTimeout: goDuration(spec.replication.volumes.snapshotTimeout),
    itemOperationTimeout: `${ITEM_OPERATION_HOURS}h0m0s`,
  };
}

/** Velero cannot leave out the data of single claims: all or none. */
export const wantsData = ({ replication }: DRScenarioSpec): boolean =>
  replication.volumes.strategy !== 'Exclude';

function names(types: readonly ResourceType[]): readonly string[] {
  const all = types.map(({ resource, group }) => (group === '' ? resource : `${resource}.${group}`));
  return [...new Set(all)].toSorted();
}

const goDuration = (text: string): string => formatDuration(parseDuration(text) ?? minutes(5));

/** Whether a Backup that exists was made for the same wish, whenever that was. */
export function isSameWish(existing: KubeObject, wished: KubeObject): boolean {
  const of = (object: KubeObject) => object.metadata.annotations?.[WISH_ANNOTATION];
  return of(existing) !== undefined && of(existing) === of(wished);
}

/**
 * A Completed Backup as another cluster is given it: with its status, which
 * Velero keeps, and without what only its own cluster knows.
 */
export function copyOf(backup: KubeObject): KubeObject {
  const { name, namespace, labels, annotations } = backup.metadata;
  return {
    apiVersion: backup.apiVersion,
    kind: backup.kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: backup['spec'],
    // Any other phase would be taken for work to do, and a new backup be made over the old one.
    status: { ...statusOf(backup), phase: 'Completed' },
  };
}

function statusOf({ status }: KubeObject): object {
  return typeof status === 'object' && status !== null ? status : {};
}
