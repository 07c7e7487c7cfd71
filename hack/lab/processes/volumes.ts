/**
 * A provisioner for claims of StorageClass `standard`: a volume is a directory
 * inside the cluster's own. The controller manager has one like it, but that
 * writes to a fixed place in /tmp which all clusters share and nobody clears.
 * Binding is left to the controller manager, as with any external provisioner.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { ApiClient } from './api-client.ts';
import type { CloudLoop } from './cloud.ts';

export const STORAGE_CLASS = 'standard';
const PROVISIONER = 'lab.antipode.dev/directory';
const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by';

const claimSchema = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    deletionTimestamp: z.string().optional(),
  }),
  spec: z.object({
    storageClassName: z.string().optional(),
    volumeName: z.string().optional(),
    accessModes: z.array(z.string()).default([]),
    resources: z.object({ requests: z.record(z.string(), z.string()) }),
    dataSource: z.unknown().optional(),
    dataSourceRef: z.unknown().optional(),
  }),
});
type Claim = z.infer<typeof claimSchema>;

const volumeSchema = z.object({
  metadata: z.object({ name: z.string(), annotations: z.record(z.string(), z.string()).default({}) }),
  spec: z.object({
    persistentVolumeReclaimPolicy: z.string().optional(),
    hostPath: z.object({ path: z.string() }).optional(),
  }),
  status: z.object({ phase: z.string().optional() }).optional(),
});

export async function createStorageClass(api: ApiClient): Promise<void> {
  const storageClass = {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: {
      name: STORAGE_CLASS,
      annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
    },
    provisioner: PROVISIONER,
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'Immediate',
  };
  await api.ok('POST', '/apis/storage.k8s.io/v1/storageclasses', storageClass, [409]);
}

/** @param directory where the volumes' directories are made */
export function volumeLoops(api: ApiClient, directory: string): readonly CloudLoop[] {
  return [
    {
      path: '/api/v1/persistentvolumeclaims',
      settle: async (items) => {
        for (const claim of items.map((item) => claimSchema.parse(item)).filter(wantsVolume)) {
          const path = join(directory, `pvc-${claim.metadata.uid}`);
          mkdirSync(path, { recursive: true });
          await api.ok('POST', '/api/v1/persistentvolumes', volumeFor(claim, path), [409]);
        }
      },
    },
    {
      path: '/api/v1/persistentvolumes',
      settle: async (items) => {
        for (const volume of items.map((item) => volumeSchema.parse(item)).filter(isDiscarded)) {
          const path = volume.spec.hostPath?.path;
          // Only ever below our own directory, whatever somebody wrote into the object.
          if (path?.startsWith(`${directory}/`) === true) rmSync(path, { recursive: true, force: true });
          await api.ok('DELETE', `/api/v1/persistentvolumes/${volume.metadata.name}`, undefined, [404]);
        }
      },
    },
  ];
}

/** A claim with a data source asks for contents we cannot give: it stays Pending. */
function wantsVolume(claim: Claim): boolean {
  return (
    claim.spec.storageClassName === STORAGE_CLASS &&
    claim.spec.volumeName === undefined &&
    claim.metadata.deletionTimestamp === undefined &&
    claim.spec.dataSource === undefined &&
    claim.spec.dataSourceRef === undefined
  );
}

function isDiscarded(volume: z.infer<typeof volumeSchema>): boolean {
  return (
    volume.metadata.annotations[PROVISIONED_BY] === PROVISIONER &&
    volume.spec.persistentVolumeReclaimPolicy === 'Delete' &&
    volume.status?.phase === 'Released'
  );
}

function volumeFor(claim: Claim, path: string): object {
  const { name, namespace, uid } = claim.metadata;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `pvc-${uid}`, annotations: { [PROVISIONED_BY]: PROVISIONER } },
    spec: {
      capacity: { storage: claim.spec.resources.requests['storage'] ?? '1Gi' },
      accessModes: claim.spec.accessModes,
      persistentVolumeReclaimPolicy: 'Delete',
      storageClassName: STORAGE_CLASS,
      hostPath: { path, type: 'DirectoryOrCreate' },
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid },
    },
  };
}
