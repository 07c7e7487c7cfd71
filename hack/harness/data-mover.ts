/**
 * A data mover for Velero in the lab. Velero's own works in pods, and nothing
 * runs pods here; but Velero takes any mover that a backup names, and all that
 * it knows of one are two kinds: a DataUpload asks for a snapshot's data to be
 * kept, a DataDownload for a claim to be filled with it. This one answers both,
 * by the folders of the lab's CSI driver. What it keeps is in one more folder,
 * which stands for a bucket: both regions reach it, and their storages share
 * nothing. It runs in the process of the test, which tells it what to do wrong.
 */
import { cp, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { arrayAt, fieldsAt, textAt } from '../../src/api/fields.ts';
import type { KubeObject } from '../../src/api/object.ts';
import type { Cluster } from '../../src/kube/cluster.ts';
import { idOf, openBackend } from '../lab/csi-driver/state.ts';
import { CSI_DRIVER } from './csi-objects.ts';
import { VELERO_NAMESPACE } from './velero-objects.ts';

/** As in spec.replication.velero.dataMover. */
export const DATA_MOVER = 'lab-mover';
/** By it a claim that Velero restores asks for the one volume that is made for it. */
const VOLUME_LABEL = 'velero.io/dynamic-pv-restore';
const SNAPSHOT_GROUP = 'snapshot.storage.k8s.io';
const SIZE_BYTES = 2 ** 30;
const PAUSE_MS = 250;

/** Where one region's mover works. */
export interface MoverRegion {
  readonly cluster: Cluster;
  /** Folder of its storage: that of its CSI driver. */
  readonly backend: string;
}

export type MoverFault =
  /** It takes the work up, and ends it with this message. */
  | { readonly kind: 'fails'; readonly message: string }
  /** It never takes it up, as when it is not installed. */
  | { readonly kind: 'silent' };

export interface MoverFaults {
  readonly uploads?: MoverFault;
  readonly downloads?: MoverFault;
}

export interface DataMover {
  /** Replaces all faults, for what is taken up from now on; `{}` ends them. */
  setFaults(faults: MoverFaults): void;
  /** The mover of the source ends with its region; what it keeps stays. */
  loseSource(): Promise<void>;
  /** Resolves when nothing is in its hands. @throws what ended it before */
  stop(): Promise<void>;
}

export interface MoverPlan {
  readonly source: MoverRegion;
  readonly recovery: MoverRegion;
  /** Folder that both regions reach. */
  readonly vault: string;
}

interface Work {
  readonly kind: 'DataUpload' | 'DataDownload';
  readonly region: MoverRegion;
  readonly fault: () => MoverFault | undefined;
  /** @returns what its status says then; undefined when it is to be done later */
  readonly move: (object: KubeObject, signal: AbortSignal) => Promise<object | undefined>;
}

/** Serves both regions until it is stopped. */
export function startDataMover({ source, recovery, vault }: MoverPlan): DataMover {
  let faults: MoverFaults = {};
  const uploads = serve({
    kind: 'DataUpload',
    region: source,
    fault: () => faults.uploads,
    move: (upload, signal) => keep(upload, source, vault, signal),
  });
  const downloads = serve({
    kind: 'DataDownload',
    region: recovery,
    fault: () => faults.downloads,
    move: (download, signal) => fill(download, recovery, vault, signal),
  });
  return {
    setFaults: (next) => {
      faults = next;
    },
    loseSource: () => uploads.stop(),
    stop: async () => {
      await Promise.all([uploads.stop(), downloads.stop()]);
    },
  };
}

/** Looks for work of its name again and again; one thing after the other. */
function serve(work: Work): { stop(): Promise<void> } {
  const ending = new AbortController();
  const { signal } = ending;
  const loop = async () => {
    while (!signal.aborted) {
      await lookOnce(work, signal);
      await pause(PAUSE_MS, undefined, { signal });
    }
  };
  const done = loop().catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  // Told to whoever stops it, not to the process.
  done.catch(() => undefined);
  return {
    stop: async () => {
      ending.abort();
      await done;
    },
  };
}

async function lookOnce(work: Work, signal: AbortSignal): Promise<void> {
  const { cluster } = work.region;
  const type = await cluster.typeFor({ group: 'velero.io', kind: work.kind }, signal);
  // Velero is installed after it.
  if (type === undefined) return;
  const { items } = await cluster.list(type, { namespace: VELERO_NAMESPACE }, signal);
  for (const object of items) {
    const isNew = ['New', ''].includes(textAt(object, 'status', 'phase') ?? '');
    const fault = work.fault();
    if (!isNew || textAt(object, 'spec', 'datamover') !== DATA_MOVER || fault?.kind === 'silent') continue;
    const { name } = object.metadata;
    const report = (status: object) =>
      cluster.mergePatch(type, { namespace: VELERO_NAMESPACE, name }, { status }, signal);
    if (fault !== undefined) {
      await report({ phase: 'Accepted', startTimestamp: now() });
      await report({ phase: 'Failed', message: fault.message, completionTimestamp: now() });
      continue;
    }
    const startTimestamp = now();
    const moved = await work.move(object, signal);
    if (moved === undefined) continue;
    await report({ phase: 'InProgress', startTimestamp });
    await report({ phase: 'Completed', completionTimestamp: now(), ...moved });
  }
}

const now = (): string => new Date().toISOString();

/** Copies the data of the upload's snapshot into the vault. Velero leaves the snapshot to the mover, which removes it. */
async function keep(
  upload: KubeObject,
  { cluster, backend }: MoverRegion,
  vault: string,
  signal: AbortSignal,
): Promise<object> {
  const namespace = textAt(upload, 'spec', 'sourceNamespace') ?? '';
  const name = textAt(upload, 'spec', 'csiSnapshot', 'volumeSnapshot') ?? '';
  const snapshots = await typeOf(cluster, SNAPSHOT_GROUP, 'VolumeSnapshot', signal);
  const contents = await typeOf(cluster, SNAPSHOT_GROUP, 'VolumeSnapshotContent', signal);
  const snapshot = await cluster.get(snapshots, { namespace, name }, signal);
  const content = textAt(snapshot, 'status', 'boundVolumeSnapshotContentName') ?? '';
  const handle = textAt(await cluster.get(contents, { name: content }, signal), 'status', 'snapshotHandle');
  if (handle === undefined) throw new Error(`there is no snapshot ${namespace}/${name} in ${cluster.name}`);
  const snapshotID = upload.metadata.uid ?? '';
  const storage = openBackend(backend).snapshots;
  // By namespace, as Velero's own: what is asked for by another is not found.
  const draft = join(vault, namespace, `.draft-${snapshotID}`);
  await mkdir(join(vault, namespace), { recursive: true });
  await cp(storage.data(handle), draft, { recursive: true });
  await rename(draft, join(vault, namespace, snapshotID));
  await cluster.remove(snapshots, { namespace, name }, signal);
  await cluster.remove(contents, { name: content }, signal);
  storage.remove(handle);
  return { snapshotID, path: `/${snapshotID}`, progress: { totalBytes: SIZE_BYTES, bytesDone: SIZE_BYTES } };
}

/** Makes a volume of what is in the vault, and gives it to the claim that waits for it. */
async function fill(
  download: KubeObject,
  { cluster, backend }: MoverRegion,
  vault: string,
  signal: AbortSignal,
): Promise<object | undefined> {
  const namespace = textAt(download, 'spec', 'targetVolume', 'namespace') ?? '';
  const name = textAt(download, 'spec', 'targetVolume', 'pvc') ?? '';
  const claims = await typeOf(cluster, '', 'PersistentVolumeClaim', signal);
  const claim = await cluster.get(claims, { namespace, name }, signal);
  // Velero makes it a moment later.
  if (claim === undefined) return undefined;
  const id = idOf('vol', download.metadata.uid ?? '');
  const { volumes } = openBackend(backend);
  const of = (field: string) => textAt(download, 'spec', field) ?? '';
  const kept = join(vault, of('sourceNamespace'), of('snapshotID'));
  await volumes.publish({ id, sizeBytes: SIZE_BYTES }, (data) => cp(kept, data, { recursive: true }));
  await cluster.create(volumeFor(claim, id, volumes.data(id)), signal);
  while (textAt(await cluster.get(claims, { namespace, name }, signal), 'status', 'phase') !== 'Bound')
    await pause(PAUSE_MS, undefined, { signal });
  return { progress: { totalBytes: SIZE_BYTES, bytesDone: SIZE_BYTES } };
}

function volumeFor(claim: KubeObject, volumeHandle: string, path: string): KubeObject {
  const { namespace, name } = claim.metadata;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: volumeHandle,
      labels: { [VOLUME_LABEL]: textAt(claim, 'spec', 'selector', 'matchLabels', VOLUME_LABEL) ?? '' },
      // Without it nobody deletes the volume with its claim.
      annotations: { 'pv.kubernetes.io/provisioned-by': CSI_DRIVER },
    },
    spec: {
      capacity: fieldsAt(claim, 'spec', 'resources', 'requests') ?? {},
      accessModes: arrayAt(claim, 'spec', 'accessModes'),
      storageClassName: textAt(claim, 'spec', 'storageClassName'),
      persistentVolumeReclaimPolicy: 'Delete',
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name },
      csi: { driver: CSI_DRIVER, volumeHandle, volumeAttributes: { path } },
    },
  };
}

async function typeOf(cluster: Cluster, group: string, kind: string, signal: AbortSignal) {
  const type = await cluster.typeFor({ group, kind }, signal);
  if (type === undefined) throw new Error(`${cluster.name} does not serve ${kind}`);
  return type;
}
