/** What a cluster must hold before the lab's CSI driver is of use: kinds of snapshots, the driver, and its classes. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabCluster } from '../lab/types.ts';

export const CSI_DRIVER = 'csi.lab.antipode.dev';
/** Binds claims at once. */
export const STORAGE_CLASS = 'csi-lab';
/** Binds claims when a pod that uses them is scheduled. */
export const STORAGE_CLASS_WFFC = 'csi-lab-wffc';
/** Keeps snapshots whose objects are deleted; marked for Velero. */
export const SNAPSHOT_CLASS = 'csi-lab';
/** Deletes its snapshots with their object. */
export const GROUP_SNAPSHOT_CLASS = 'csi-lab';
/** Label of nodes by which the driver tells where its volumes are, when it is asked to. */
export const TOPOLOGY_LABEL = 'topology.kubernetes.io/region';

const CRDS = join(import.meta.dirname, '..', 'lab', 'csi-driver', 'crds');
const APPLY = ['apply', '--server-side', '--force-conflicts', '-f', '-'];

/** Repeating it is harmless. @throws LabCommandError */
export async function installCsiObjects(cluster: LabCluster, topology: boolean): Promise<void> {
  const files = (await readdir(CRDS)).toSorted();
  const crds = await Promise.all(files.map((file) => readFile(join(CRDS, file), 'utf8')));
  await cluster.kubectl(APPLY, { input: crds.join('\n---\n') });
  // Files are named `<group>_<plural>.yaml`.
  const names = files.map((file) => file.replace(/^(.*)_(.*)\.yaml$/, 'crd/$2.$1'));
  await cluster.kubectl(['wait', '--for=condition=Established', '--timeout=30s', ...names]);
  const nodes = topology ? await nodeNames(cluster) : [];
  const items = [...CLASSES, ...nodes.map(csiNode)];
  await cluster.kubectl(APPLY, { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
}

const CLASSES: readonly object[] = [
  {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSIDriver',
    metadata: { name: CSI_DRIVER },
    // Nothing attaches or mounts in the lab, and nothing waits for it to.
    spec: { attachRequired: false, podInfoOnMount: false, volumeLifecycleModes: ['Persistent'] },
  },
  storageClass(STORAGE_CLASS, 'Immediate'),
  storageClass(STORAGE_CLASS_WFFC, 'WaitForFirstConsumer'),
  {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshotClass',
    metadata: { name: SNAPSHOT_CLASS, labels: { 'velero.io/csi-volumesnapshot-class': 'true' } },
    driver: CSI_DRIVER,
    deletionPolicy: 'Retain',
  },
  {
    apiVersion: 'groupsnapshot.storage.k8s.io/v1',
    kind: 'VolumeGroupSnapshotClass',
    metadata: { name: GROUP_SNAPSHOT_CLASS },
    driver: CSI_DRIVER,
    deletionPolicy: 'Delete',
  },
];

function storageClass(name: string, volumeBindingMode: string): object {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name },
    provisioner: CSI_DRIVER,
    reclaimPolicy: 'Delete',
    allowVolumeExpansion: true,
    volumeBindingMode,
  };
}

/** What a kubelet writes after it has met the driver; there is none in the lab. */
function csiNode(name: string): object {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSINode',
    metadata: { name },
    spec: { drivers: [{ name: CSI_DRIVER, nodeID: name, topologyKeys: [TOPOLOGY_LABEL] }] },
  };
}

async function nodeNames(cluster: LabCluster): Promise<readonly string[]> {
  const names = await cluster.kubectl(['get', 'nodes', '-o', 'jsonpath={.items[*].metadata.name}']);
  return names.split(' ').filter((name) => name !== '');
}
