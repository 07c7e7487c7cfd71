/** Claims and snapshots as a user of the lab's CSI driver writes them, and waiting for what becomes of them. */
import { z } from 'zod';
import { textAt } from '../../src/api/fields.ts';
import type { LabCluster } from '../lab/types.ts';
import { CSI_DRIVER, GROUP_SNAPSHOT_CLASS, SNAPSHOT_CLASS, STORAGE_CLASS } from './csi-objects.ts';

const SNAPSHOT_API = 'snapshot.storage.k8s.io';

interface Key {
  readonly namespace: string;
  readonly name: string;
}

export interface ClaimOptions {
  /** @default STORAGE_CLASS */
  readonly storageClass?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Name of a VolumeSnapshot in the same namespace from which the volume is made. Default: it is empty. */
  readonly snapshot?: string;
}

export function aClaim({ namespace, name }: Key, options: ClaimOptions = {}): object {
  const { storageClass = STORAGE_CLASS, labels = {}, snapshot } = options;
  const dataSource = { apiGroup: SNAPSHOT_API, kind: 'VolumeSnapshot', name: snapshot };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { namespace, name, labels },
    spec: {
      storageClassName: storageClass,
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      ...(snapshot === undefined ? {} : { dataSource }),
    },
  };
}

export function aSnapshot({ namespace, name }: Key, claim: string): object {
  return {
    apiVersion: `${SNAPSHOT_API}/v1`,
    kind: 'VolumeSnapshot',
    metadata: { namespace, name },
    spec: { volumeSnapshotClassName: SNAPSHOT_CLASS, source: { persistentVolumeClaimName: claim } },
  };
}

/** A snapshot that exists in the backend already, under its handle there; the cluster need not have made it. */
export function anImportedSnapshot({ namespace, name }: Key, handle: string): readonly object[] {
  const apiVersion = `${SNAPSHOT_API}/v1`;
  const content = `${namespace}-${name}`;
  return [
    {
      apiVersion,
      kind: 'VolumeSnapshotContent',
      metadata: { name: content },
      spec: {
        driver: CSI_DRIVER,
        deletionPolicy: 'Retain',
        volumeSnapshotClassName: SNAPSHOT_CLASS,
        // Without it nobody can make a volume of the snapshot.
        sourceVolumeMode: 'Filesystem',
        source: { snapshotHandle: handle },
        volumeSnapshotRef: { apiVersion, kind: 'VolumeSnapshot', namespace, name },
      },
    },
    {
      apiVersion,
      kind: 'VolumeSnapshot',
      metadata: { namespace, name },
      spec: { volumeSnapshotClassName: SNAPSHOT_CLASS, source: { volumeSnapshotContentName: content } },
    },
  ];
}

export function aGroupSnapshot(
  { namespace, name }: Key,
  matchLabels: Readonly<Record<string, string>>,
): object {
  return {
    apiVersion: 'groupsnapshot.storage.k8s.io/v1',
    kind: 'VolumeGroupSnapshot',
    metadata: { namespace, name },
    spec: { volumeGroupSnapshotClassName: GROUP_SNAPSHOT_CLASS, source: { selector: { matchLabels } } },
  };
}

/** Creates or updates. @throws LabCommandError */
export async function applyTo(cluster: LabCluster, objects: readonly object[]): Promise<void> {
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  await cluster.kubectl(['apply', '--server-side', '-f', '-'], { input });
}

/** @throws LabCommandError when the claim is not Bound within `seconds` */
export async function untilBound(cluster: LabCluster, claim: Key, seconds = 120): Promise<void> {
  await untilField(cluster, claim.namespace, `pvc/${claim.name}`, '{.status.phase}=Bound', seconds);
}

export interface ReadySnapshot {
  /** In the backend. */
  readonly handle: string;
  /** Milliseconds since 1970 of the cut. A VolumeSnapshot itself tells only the second. */
  readonly cutAt: number;
}

/** @throws LabCommandError when the snapshot is not ready within `seconds` */
export async function untilReady(cluster: LabCluster, snapshot: Key, seconds = 120): Promise<ReadySnapshot> {
  const { namespace, name } = snapshot;
  const ready = '{.status.readyToUse}=true';
  const object = await untilField(cluster, namespace, `volumesnapshot/${name}`, ready, seconds);
  const content = textAt(object, 'status', 'boundVolumeSnapshotContentName') ?? '';
  const text = await cluster.kubectl(['get', `volumesnapshotcontent/${content}`, '-o', 'json']);
  const { status } = contentSchema.parse(JSON.parse(text));
  return { handle: status.snapshotHandle, cutAt: Math.round(status.creationTime / 1e6) };
}

const contentSchema = z.object({
  status: z.object({
    snapshotHandle: z.string(),
    /** Nanoseconds since 1970. As a number it is off by less than a microsecond. */
    creationTime: z.number(),
  }),
});

/** @throws LabCommandError when the group is not ready within `seconds` @returns names of its VolumeSnapshots */
export async function untilGroupReady(
  cluster: LabCluster,
  { namespace, name }: Key,
  seconds = 120,
): Promise<readonly string[]> {
  const ready = '{.status.readyToUse}=true';
  await untilField(cluster, namespace, `volumegroupsnapshot/${name}`, ready, seconds);
  const members = `{.items[?(@.status.volumeGroupSnapshotName=="${name}")].metadata.name}`;
  const names = ['-n', namespace, 'get', 'volumesnapshot', '-o', `jsonpath=${members}`];
  return (await cluster.kubectl(names)).split(' ');
}

/** @returns the object, in which the condition holds */
async function untilField(
  cluster: LabCluster,
  namespace: string,
  what: string,
  condition: string,
  seconds: number,
): Promise<unknown> {
  const until = [`--for=jsonpath=${condition}`, `--timeout=${seconds}s`, '-o', 'json'];
  return JSON.parse(await cluster.kubectl(['-n', namespace, 'wait', what, ...until]));
}
