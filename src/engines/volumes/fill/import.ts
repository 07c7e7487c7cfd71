/**
 * Snapshots in the recovery region, by their handle: a content that says Retain,
 * so that whoever deletes it deletes nothing of the storage. By itself it proves
 * that the region sees the snapshot; with a VolumeSnapshot, claims are made of it.
 */
import type { KubeObject } from '../../../api/object.ts';
import type { PointVolume } from '../../../domain/protection/point.ts';
import type { Clock, Millis } from '../../../domain/time.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { inParallel } from '../../native/parallel.ts';
import { follow } from '../cut/follow.ts';
import { CONTENT, listOf, type Marks, SNAPSHOT, SNAPSHOT_API, SNAPSHOT_CLASS, typeOf } from '../kinds.ts';
import { createContent } from './occupied.ts';

const PARALLEL = 32;

export interface Import {
  readonly snapshot: NonNullable<PointVolume['snapshot']>;
  /** Of the content. */
  readonly content: string;
  /** What earlier versions called the content: a restore that was begun with it goes on so. */
  readonly formerContent?: string;
  /** The VolumeSnapshot it stands for, which need not be there. */
  readonly ref: { readonly namespace: string; readonly name: string };
  readonly marks: Marks;
  /** VolumeSnapshotClass of the recovery region: some drivers have credentials there. */
  readonly snapshotClass: string | undefined;
  /** The group that the snapshot is of, when it is of one. */
  readonly group?: ImportedGroup | undefined;
}

/** In the storage's terms. */
export interface ImportedGroup {
  readonly handle: string;
  /** All of its snapshots. */
  readonly members: readonly string[];
}

/** What a volume's snapshot was cut together with, by the handles in its point. */
export function groupOf(
  { snapshot }: PointVolume,
  volumes: readonly PointVolume[],
): ImportedGroup | undefined {
  const handle = snapshot?.groupHandle;
  if (handle === undefined) return undefined;
  const members = volumes.filter((volume) => volume.snapshot?.groupHandle === handle);
  return { handle, members: members.flatMap((volume) => volume.snapshot?.handle ?? []) };
}

export function contentOf({ snapshot, content, ref, marks, snapshotClass }: Import): KubeObject {
  return {
    apiVersion: SNAPSHOT_API,
    kind: CONTENT.kind,
    metadata: { name: content, ...marks },
    spec: {
      driver: snapshot.driver,
      deletionPolicy: 'Retain',
      ...(snapshotClass === undefined ? {} : { volumeSnapshotClassName: snapshotClass }),
      // Without it nobody can make a volume of the snapshot.
      sourceVolumeMode: snapshot.sourceVolumeMode ?? 'Filesystem',
      source: { snapshotHandle: snapshot.handle },
      volumeSnapshotRef: { apiVersion: SNAPSHOT_API, kind: SNAPSHOT.kind, ...ref },
    },
  };
}

export function snapshotOf({ content, ref, marks, snapshotClass }: Import): KubeObject {
  return {
    apiVersion: SNAPSHOT_API,
    kind: SNAPSHOT.kind,
    metadata: { ...ref, ...marks },
    spec: {
      ...(snapshotClass === undefined ? {} : { volumeSnapshotClassName: snapshotClass }),
      source: { volumeSnapshotContentName: content },
    },
  };
}

/** By driver, a class of the recovery region. @throws KubeError */
export async function classesIn(
  recovery: Cluster,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const classes = await listOf(recovery, SNAPSHOT_CLASS, {}, signal);
  return new Map(classes.map((object) => [String(object['driver']), object.metadata.name] as const));
}

export interface ReadOptions {
  /** Chooses the contents of `imports` among others. */
  readonly labelSelector: string;
  readonly patience: Millis;
  readonly clock: Clock;
}

/**
 * Imports handles for one look, and removes the contents again.
 * @returns by content, why the region does not read it: what it said, that it said nothing, or that the name is taken
 * @throws KubeError
 */
export async function unreadable(
  imports: readonly Import[],
  recovery: Cluster,
  { labelSelector, patience, clock }: ReadOptions,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const since = clock.tick();
  const ours = new Set(imports.map(({ content }) => content));
  const problems = new Map<string, string>();
  try {
    await inParallel(imports, PARALLEL, async (one) => {
      const occupied = await createContent(contentOf(one), recovery, signal);
      if (occupied === undefined) return;
      ours.delete(one.content);
      problems.set(one.content, `${occupied.cause}: ${occupied.remedy}`);
    });
    const keys = [...ours];
    const look = async (looking: AbortSignal) => {
      const contents = await listOf(recovery, CONTENT, { labelSelector }, looking);
      return new Map(contents.map((object) => [object.metadata.name, object] as const));
    };
    const followed = await follow({ look, keys, milestone: 'ready', since, patience, clock }, signal);
    return new Map([...problems, ...followed.problems]);
  } finally {
    if (!signal.aborted) await removeContents([...ours], recovery, signal);
  }
}

/** Their policy is Retain: nothing of the storage goes with them. @throws KubeError */
export async function removeContents(
  names: readonly string[],
  cluster: Cluster,
  signal: AbortSignal,
): Promise<void> {
  const type = await typeOf(cluster, CONTENT, signal);
  if (type !== undefined) await inParallel(names, PARALLEL, (name) => cluster.remove(type, { name }, signal));
}
