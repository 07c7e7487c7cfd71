/**
 * A backup of a few objects of a point, written into the bucket beside the
 * point's own: Velero restores whole backups, filtered by kind and namespace
 * at most, and a unit is neither. Its objects are prepared as for a native
 * restore, so that they are marked as ours from the moment they exist.
 */
import { gzipSync } from 'node:zlib';
import { fieldsAt, isFields } from '../../../api/fields.ts';
import { groupOf, type KubeObject } from '../../../api/object.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import type { Store } from '../../../store/store.ts';
import type { OpenPoint, ScenarioIdentity } from '../../engine.ts';
import { type ArchivedObject, writeArchive } from '../../native/points/archive.ts';
import { claimBody } from '../../native/points/claims.ts';
import { archiveKey, backupFolder, backupKey, claimKey, extraKey } from '../../native/points/layout.ts';
import { prepare } from '../../native/restore/prepare.ts';
import { typeOf } from '../backup/archive-sight.ts';
import { API_VERSION, marks, type VeleroSettings } from '../settings.ts';
import { movedDataOf, placeIn, withUpload } from './claim-data.ts';

export interface Derivation {
  readonly name: string;
  readonly point: OpenPoint;
  readonly keys: readonly string[];
  readonly scenario: ScenarioIdentity;
  readonly settings: VeleroSettings;
  readonly target: Cluster;
}

export interface Derived {
  /** Of the backup. */
  readonly record: KubeObject;
  /** As in a Restore's spec: from where an object is in the backup to where it is to be. */
  readonly namespaceMapping: Readonly<Record<string, string>>;
}

/**
 * Writes the backup and answers its record. Repeating it writes the same.
 * @param startedAt RFC 3339, for whoever has to remove it should we be killed
 * @throws StoreError, KubeError
 */
export async function derive(
  derivation: Derivation,
  startedAt: string,
  store: Store,
  signal: AbortSignal,
): Promise<Derived> {
  const { name, point, scenario } = derivation;
  await store.put(claimKey(name), claimBody(startedAt, scenario), signal);
  const { archived, namespaceMapping } = await chosen(derivation, store, signal);
  await store.put(archiveKey(name), await writeArchive(archived), signal);
  await copyRecords(point.manifest.name, name, store, signal);
  const original = await recordOf(point.manifest.name, store, signal);
  const record = derivedRecord(derivation, original);
  await store.put(backupKey(name), json(record), signal);
  return { record, namespaceMapping };
}

async function chosen(
  { point, keys, scenario, target }: Derivation,
  store: Store,
  signal: AbortSignal,
): Promise<Pick<Derived, 'namespaceMapping'> & { readonly archived: readonly ArchivedObject[] }> {
  const { manifest } = point;
  const captured = keys.flatMap((key) => point.object(key) ?? []);
  const prepared = captured.map((object) =>
    withUpload(object, prepare(object, [], scenario, manifest).object),
  );
  const data = await movedDataOf(captured, manifest.name, store, signal);
  const namespaceMapping: Record<string, string> = {};
  const placed = prepared.map((object) => {
    const { namespace } = object.metadata;
    const place = namespace && placeIn(data, namespace);
    if (place === undefined || namespace === undefined || place === namespace) return object;
    namespaceMapping[place] = namespace;
    return { ...object, metadata: { ...object.metadata, namespace: place } };
  });
  const archived: ArchivedObject[] = [];
  for (const object of [...placed, ...data.uploads]) {
    const type = await target.typeFor({ group: groupOf(object.apiVersion), kind: object.kind }, signal);
    // One that the target does not serve Velero complains of, object by object.
    archived.push({ object, type: type ?? typeOf(object) });
  }
  return { archived, namespaceMapping };
}

/** What Velero noted about volumes and operations; of more than the chosen objects, which does no harm. */
async function copyRecords(from: string, to: string, store: Store, signal: AbortSignal): Promise<void> {
  for (const key of await store.list(`${backupFolder(from)}${from}-`, signal)) {
    const file = key.slice(`${backupFolder(from)}${from}-`.length);
    if (!file.endsWith('.json.gz') || file === 'resource-list.json.gz') continue;
    await store.copy(key, extraKey(to, file), signal);
  }
  await store.put(
    extraKey(to, 'logs.gz'),
    gzipSync(`part of ${from}, made by Antipode for one restore\n`),
    signal,
  );
}

async function recordOf(name: string, store: Store, signal: AbortSignal): Promise<unknown> {
  const body = await store.get(backupKey(name), signal);
  if (body === undefined) return undefined;
  try {
    const record: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    return record;
  } catch {
    // Its wishes about volumes are lost; everything else of the record is made here.
    return undefined;
  }
}

/** Completed, and nothing else: any other phase would be taken for work to do. */
function derivedRecord({ name, scenario, settings, keys }: Derivation, original: unknown): KubeObject {
  const status = fieldsAt(original, 'status') ?? {};
  const spec = fieldsAt(original, 'spec') ?? {};
  return {
    apiVersion: API_VERSION,
    kind: 'Backup',
    metadata: {
      name,
      namespace: settings.namespace,
      labels: { ...marks(scenario, 'Wave'), 'velero.io/storage-location': settings.storageLocation },
    },
    spec: { ...spec, storageLocation: settings.storageLocation },
    status: {
      ...(isFields(status) ? status : {}),
      formatVersion: '1.1.0',
      phase: 'Completed',
      progress: { totalItems: keys.length, itemsBackedUp: keys.length },
    },
  };
}

const json = (value: object): Uint8Array => Buffer.from(`${JSON.stringify(value)}\n`);
