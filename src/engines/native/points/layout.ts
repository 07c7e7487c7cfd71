/**
 * Where everything of a recovery point is. `velero/` is a whole Velero prefix
 * (layout 1.1.0, as Velero 1.18 writes it) that a stock Velero can be pointed
 * at, and must hold nothing else; what is Antipode's own is beside it.
 */
import type { ObjectRef } from '../../../api/object.ts';
import { bounded } from '../../../api/ownership.ts';
import type { ScenarioIdentity } from '../../engine.ts';

export const VELERO_FORMAT_VERSION = '1.1.0';

export const MANIFESTS = 'antipode/points/';
/** A claim is written before anything of a point and removed after everything of it: what is claimed can be cleaned. */
export const CLAIMS = 'antipode/claims/';

export const manifestKey = (name: string): string => `${MANIFESTS}${name}.json`;
export const claimKey = (name: string): string => `${CLAIMS}${name}.json`;
export const BACKUPS = 'velero/backups/';
export const backupFolder = (name: string): string => `${BACKUPS}${name}/`;
export const archiveKey = (name: string): string => `${backupFolder(name)}${name}.tar.gz`;
export const backupKey = (name: string): string => `${backupFolder(name)}velero-backup.json`;
export const extraKey = (name: string, file: string): string => `${backupFolder(name)}${name}-${file}`;

/** Point name of a key in the folder of a backup. */
export function nameOfFile(key: string): string {
  return key.slice(BACKUPS.length, key.indexOf('/', BACKUPS.length));
}

/** Point name of a manifest or claim key. */
export function nameOfKey(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1, -'.json'.length);
}

/**
 * Longest beginning of a point name: with the time and a counter it must stay
 * below 253 (an object's name), and with the longest suffix of Velero's files
 * below 255 bytes (a file's name).
 */
const STEM_LIMIT = 180;

/** What the names of all points of a scenario begin with; those of `a-b`/`c` and `a`/`b-c` may coincide. */
export function nameStem(scenario: ScenarioIdentity): string {
  return `${bounded(`${scenario.namespace}-${scenario.name}`, STEM_LIMIT)}-`;
}

/** `20261123130559` of an RFC 3339 time, in UTC. */
export function stamp(rfc3339: string): string {
  return rfc3339.replaceAll(/\D/g, '').slice(0, 14);
}

/** Where Velero's archive has an object; `resource` is its plural name. */
export function archivePaths(
  ref: ObjectRef,
  type: { readonly resource: string; readonly version: string },
): { readonly path: string; readonly preferred: string } {
  const kind = ref.group === '' ? type.resource : `${type.resource}.${ref.group}`;
  const scope = ref.namespace === undefined ? 'cluster' : `namespaces/${ref.namespace}`;
  return {
    path: `resources/${kind}/${scope}/${ref.name}.json`,
    preferred: `resources/${kind}/${type.version}-preferredversion/${scope}/${ref.name}.json`,
  };
}

/** Whether a path in the archive is an object's main one, not its duplicate nor metadata. */
export function isMainPath(path: string): boolean {
  return /^resources\/[^/]+\/(cluster|namespaces\/[^/]+)\/[^/]+\.json$/.test(path);
}
