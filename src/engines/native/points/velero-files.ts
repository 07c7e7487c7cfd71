/**
 * The files beside the archive that make a point a finished Velero backup: so
 * that a stock Velero, pointed at the store, can list and restore it when
 * Antipode itself is lost.
 */
import { gzipSync } from 'node:zlib';
import { textAt } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import { FIELD_MANAGER, SCENARIO_LABEL, scenarioLabel } from '../../../api/ownership.ts';
import type { PointManifest } from '../../../domain/protection/point.ts';
import { VELERO_FORMAT_VERSION } from './layout.ts';

/**
 * Velero deletes expired backups. Which points are kept is Antipode's decision,
 * so they expire ten years on: later than any of them is kept.
 */
const LIFETIME_HOURS = 10 * 365 * 24;

/** A Backup as Velero leaves it when done. Any other phase would be taken for work to do. */
export function backupResource(manifest: PointManifest, namespaces: readonly string[]): object {
  const expiration = new Date(Date.parse(manifest.capturedAt) + LIFETIME_HOURS * 3_600_000);
  const count = manifest.objects.length;
  return {
    apiVersion: 'velero.io/v1',
    kind: 'Backup',
    metadata: {
      name: manifest.name,
      namespace: 'velero',
      labels: {
        'velero.io/storage-location': 'default',
        'app.kubernetes.io/managed-by': FIELD_MANAGER,
        [SCENARIO_LABEL]: scenarioLabel(manifest.scenario),
      },
      creationTimestamp: manifest.capturedAt,
    },
    spec: {
      includedNamespaces: namespaces,
      storageLocation: 'default',
      snapshotVolumes: false,
      defaultVolumesToFsBackup: false,
      ttl: `${LIFETIME_HOURS}h0m0s`,
    },
    status: {
      version: 1,
      formatVersion: VELERO_FORMAT_VERSION,
      phase: 'Completed',
      startTimestamp: manifest.capturedAt,
      completionTimestamp: manifest.finishedAt,
      expiration: expiration.toISOString(),
      progress: { totalItems: count, itemsBackedUp: count },
    },
  };
}

/** Whether a backup's record says that Antipode made it: only such files are ever removed. */
export function isOurBackup(record: unknown): boolean {
  return textAt(record, 'metadata', 'labels', 'app.kubernetes.io/managed-by') === FIELD_MANAGER;
}

/** The optional files, by what follows `<name>-` in their key. */
export function extraFiles(
  manifest: PointManifest,
  objects: readonly KubeObject[],
): Readonly<Record<string, Uint8Array>> {
  const line = `time="${manifest.finishedAt}" level=info msg="captured by Antipode: ${objects.length} objects of ${manifest.sourceRegion}"\n`;
  return {
    'resource-list.json.gz': gzipSync(JSON.stringify(resourceList(objects))),
    'logs.gz': gzipSync(line),
    'results.gz': gzipSync(JSON.stringify({ errors: {}, warnings: {} })),
  };
}

function resourceList(objects: readonly KubeObject[]): Record<string, string[]> {
  const list: Record<string, string[]> = {};
  for (const { apiVersion, kind, metadata } of objects) {
    const names = (list[`${apiVersion}/${kind}`] ??= []);
    names.push(metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`);
  }
  for (const names of Object.values(list)) names.sort();
  return list;
}
