/**
 * What the Velero engine is told by a scenario, and how it names and marks
 * everything it makes in a cluster: only what bears its marks is ever removed.
 */
import type { KubeObject } from '../../api/object.ts';
import { FIELD_MANAGER, SCENARIO_LABEL, scenarioLabel } from '../../api/ownership.ts';
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import type { ScenarioIdentity } from '../engine.ts';
import { sha256 } from '../native/objects/digest.ts';

export const GROUP = 'velero.io';
export const API_VERSION = `${GROUP}/v1`;

/** Value is the uid of the scenario: one that was deleted and made again is another, and its orphans are not ours. */
const SCENARIO_UID_LABEL = 'antipode.dev/scenario-uid';
/** `Point` on what a recovery point is made of, `Wave` on what exists only while objects are restored. */
export const PURPOSE_LABEL = 'antipode.dev/purpose';
export type Purpose = 'Point' | 'Wave';
/** On a Backup: the instant (RFC 3339) before which nothing can be missing from it. */
export const INSTANT_ANNOTATION = 'antipode.dev/captured-at';
/** On a Backup: what it was asked for, so that one made for another wish is not taken for it. */
export const WISH_ANNOTATION = 'antipode.dev/wish';

export interface VeleroSettings {
  /** Of Velero's server and its objects, in both clusters. */
  readonly namespace: string;
  /** Name of the BackupStorageLocation, in both clusters. */
  readonly storageLocation: string;
  readonly bucket: string;
  /** What the location's prefix must be: Antipode's own folder, and in it the one that Velero knows. */
  readonly prefix: string;
  readonly sourceRegion: string;
  readonly recoveryRegion: string;
}

/** Velero accepts nothing but its own folders below its prefix, so what is Antipode's is beside it. */
const VELERO_FOLDER = 'velero';

/** @returns undefined when the scenario names no bucket: the engine cannot work without. */
export function settingsOf({ replication, source, recovery }: DRScenarioSpec): VeleroSettings | undefined {
  const { velero, store } = replication;
  if (store.s3 === undefined) return undefined;
  const { bucket, prefix } = store.s3;
  return {
    namespace: velero.namespace,
    storageLocation: velero.storageLocation,
    bucket,
    prefix: prefix === undefined ? VELERO_FOLDER : `${prefix}/${VELERO_FOLDER}`,
    sourceRegion: source.region,
    recoveryRegion: recovery.region,
  };
}

export function marks(scenario: ScenarioIdentity, purpose: Purpose): Readonly<Record<string, string>> {
  return {
    [SCENARIO_LABEL]: scenarioLabel(scenario),
    [SCENARIO_UID_LABEL]: scenario.uid,
    [PURPOSE_LABEL]: purpose,
    'app.kubernetes.io/managed-by': FIELD_MANAGER,
  };
}

/** For listing what {@link marks} was put on. */
export function selectorFor(scenario: ScenarioIdentity, purpose: Purpose): string {
  return Object.entries(marks(scenario, purpose))
    .map(([label, value]) => `${label}=${value}`)
    .join(',');
}

/**
 * Whether an object was made for a scenario of this name, also before that was
 * deleted and made again.
 */
export function isMarked(object: KubeObject, scenario: ScenarioIdentity, purpose: Purpose): boolean {
  const { labels = {} } = object.metadata;
  return labels[SCENARIO_LABEL] === scenarioLabel(scenario) && labels[PURPOSE_LABEL] === purpose;
}

const HASH_LENGTH = 16;

/** The point that a name of {@link waveName} is of. */
export const pointOfWave = (wave: string): string => wave.slice(0, -(HASH_LENGTH + 1));

/** Key of a file that Velero keeps of a Restore. */
export const restoreFile = (restore: string, file: string): string =>
  `velero/restores/${restore}/restore-${restore}-${file}`;

/** Of Kubernetes, for values of labels. */
const LABEL_LIMIT = 63;
const LABEL_HASH_LENGTH = 6;

/** A name as Velero writes it into a label (pkg/label, GetValidName). */
export const labelValue = (name: string): string =>
  name.length <= LABEL_LIMIT
    ? name
    : name.slice(0, LABEL_LIMIT - LABEL_HASH_LENGTH) + sha256(name).slice(0, LABEL_HASH_LENGTH);

/**
 * Name of the Restore, and of the backup it restores, that bring back exactly
 * these objects of a point: the same after a restart, so that it is resumed.
 */
export function waveName(point: string, keys: readonly string[]): string {
  return `${point}-${sha256(keys.toSorted().join('\n')).slice(0, HASH_LENGTH)}`;
}
