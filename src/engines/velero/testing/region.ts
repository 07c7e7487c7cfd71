/** For tests: a region in memory with a Velero that ends each Backup at once, as the test says. */
import { gzipSync } from 'node:zlib';
import { groupOf, type KubeObject, objectKey } from '../../../api/object.ts';
import type { Cluster, FailedApi, ResourceType } from '../../../kube/cluster.ts';
import type { KubeError } from '../../../kube/errors.ts';
import type { Store } from '../../../store/store.ts';
import { anObject } from '../../../testing/objects.ts';
import { partialCluster } from '../../../testing/region.ts';
import { writeArchive } from '../../native/points/archive.ts';
import { archiveKey, extraKey } from '../../native/points/layout.ts';
import { typeOf } from '../backup/archive-sight.ts';
import { API_VERSION, GROUP } from '../settings.ts';

export interface VeleroRegion {
  readonly cluster: Cluster;
  /** Velero's own too. */
  readonly objects: KubeObject[];
  /** APIs that nobody can see. */
  failed: readonly FailedApi[];
  /** What Velero says of each Backup. */
  status: object;
  /** Left in the bucket beside each archive: by the end of its name, what is packed in it. */
  files: Readonly<Record<string, string>>;
  /** Thrown by every call, or by those of one verb. */
  refusal: { readonly verb?: 'create' | 'get'; readonly error: KubeError } | undefined;
}

export const BUCKET = 'points';

/** Its storage location is on {@link BUCKET}, with the prefix `velero`. */
export function veleroRegion(name: string, store: Store, ...objects: readonly KubeObject[]): VeleroRegion {
  const location = anObject('BackupStorageLocation', 'velero/default', {
    apiVersion: API_VERSION,
    spec: { objectStorage: { bucket: BUCKET, prefix: 'velero' } },
    status: { phase: 'Available' },
  });
  const ask = (verb: 'create' | 'get' | 'list'): void => {
    const { refusal } = region;
    if (refusal !== undefined && (refusal.verb ?? verb) === verb) throw refusal.error;
  };
  const region: VeleroRegion = {
    objects: [location, ...objects],
    failed: [],
    status: { phase: 'Completed' },
    files: {},
    refusal: undefined,
    cluster: partialCluster(name, {
      discover: async (_signal, { onFailed } = {}) => {
        ask('list');
        for (const api of region.failed) onFailed?.(api);
        return typesIn(region);
      },
      typeFor: async ({ apiVersion, group, kind }) => {
        ask('get');
        const of = group ?? groupOf(apiVersion ?? '');
        return typesIn(region).find((type) => type.kind === kind && type.group === of);
      },
      get: async (type, key) => {
        ask('get');
        return region.objects.find((object) => isOf(type, object) && isNamed(key, object));
      },
      list: async (type, { namespace }) => {
        ask('list');
        const items = region.objects.filter(
          (object) =>
            isOf(type, object) && (namespace === undefined || namespace === object.metadata.namespace),
        );
        return { items, resourceVersion: '1' };
      },
      create: async (object) => {
        ask('create');
        const isBackup = object.kind === 'Backup' && object['status'] === undefined;
        const created = isBackup ? await backedUp(object, region, store) : object;
        region.objects.push(created);
        return created;
      },
    }),
  };
  return region;
}

async function backedUp(backup: KubeObject, region: VeleroRegion, store: Store): Promise<KubeObject> {
  const { signal } = new AbortController();
  const { name } = backup.metadata;
  const archived = region.objects.flatMap((object) => {
    const type = typesIn(region).find((one) => isOf(one, object));
    return type === undefined || type.group === GROUP ? [] : [{ object, type }];
  });
  await store.put(archiveKey(name), await writeArchive(archived), signal);
  for (const [file, content] of Object.entries(region.files))
    await store.put(extraKey(name, file), gzipSync(content), signal);
  return { ...backup, status: region.status };
}

const ownKinds = ['Backup', 'BackupStorageLocation', 'DeleteBackupRequest'];

/** Kinds whose API is down are served by nobody. */
function typesIn({ objects, failed }: VeleroRegion): readonly ResourceType[] {
  const own = ownKinds.map((kind) => anObject(kind, 'velero/any', { apiVersion: API_VERSION }));
  const types = new Map(
    [...own, ...objects].map((object) => [`${object.apiVersion} ${object.kind}`, object]),
  );
  return [...types.values()].map(typeOf).filter(({ group }) => failed.every((api) => api.group !== group));
}

const isOf = (type: ResourceType, { apiVersion, kind }: KubeObject): boolean =>
  type.kind === kind && type.group === groupOf(apiVersion);

const isNamed = (key: { readonly namespace?: string; readonly name: string }, object: KubeObject): boolean =>
  objectKey(object).endsWith(`/${key.namespace === undefined ? '' : `${key.namespace}/`}${key.name}`);
