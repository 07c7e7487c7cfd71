/**
 * Removes snapshots with their data. A snapshot is its object, the content that
 * stands for it in the storage, and the policy of that: what says Retain would
 * leave the data behind.
 */
import { textAt } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { KubeError } from '../../../kube/errors.ts';
import { inParallel } from '../../native/parallel.ts';
import { membersOf } from '../cut/groups.ts';
import { CONTENT, GROUP, GROUP_CONTENT, getOne, type KindName, SNAPSHOT, typeOf } from '../kinds.ts';
import type { LateContents } from './late-contents.ts';

const PARALLEL = 16;

/** A kind of snapshot, the kind of its content, and where the one names the other. */
export interface Family {
  readonly snapshot: KindName;
  readonly content: KindName;
  readonly boundTo: string;
  /** Where the content names the snapshot. */
  readonly ref: string;
  /** Before the uid, the name of a content that was made for a snapshot. */
  readonly prefix: string;
}

export const SINGLE: Family = {
  snapshot: SNAPSHOT,
  content: CONTENT,
  boundTo: 'boundVolumeSnapshotContentName',
  ref: 'volumeSnapshotRef',
  prefix: 'snapcontent-',
};
export const GROUPED: Family = {
  snapshot: GROUP,
  content: GROUP_CONTENT,
  boundTo: 'boundVolumeGroupSnapshotContentName',
  ref: 'volumeGroupSnapshotRef',
  prefix: 'groupsnapcontent-',
};

async function hasSnapshot(
  content: KubeObject,
  { snapshot, ref }: Family,
  source: Cluster,
  signal: AbortSignal,
): Promise<boolean> {
  const [namespace, name] = [textAt(content, 'spec', ref, 'namespace'), textAt(content, 'spec', ref, 'name')];
  if (namespace === undefined || name === undefined) return false;
  const found = await getOne(source, snapshot, { namespace, name }, signal);
  return found !== undefined && found.metadata.uid === textAt(content, 'spec', ref, 'uid');
}

/** VolumeSnapshots with their data, and the groups that some are members of, as a whole. @throws KubeError */
export async function removeTheseSnapshots(
  snapshots: readonly KubeObject[],
  source: Cluster,
  late: LateContents,
  signal: AbortSignal,
): Promise<void> {
  const groupOf = (object: KubeObject) => textAt(object, 'status', 'volumeGroupSnapshotName');
  const single = snapshots.filter((object) => groupOf(object) === undefined);
  const groups = new Map(
    snapshots.flatMap((object) => {
      const [{ namespace = '' }, name] = [object.metadata, groupOf(object)];
      return name === undefined ? [] : [[`${namespace}/${name}`, { namespace, name }] as const];
    }),
  );
  await removeGroups([...groups.values()], source, late, signal);
  await removeObjects(single, SINGLE, source, late, signal);
}

/** VolumeGroupSnapshots with their members and all data. @throws KubeError */
export async function removeGroups(
  groups: readonly { readonly namespace: string; readonly name: string }[],
  source: Cluster,
  late: LateContents,
  signal: AbortSignal,
): Promise<void> {
  const found = await inParallel(groups, PARALLEL, ({ namespace, name }) =>
    getOne(source, GROUP, { namespace, name }, signal),
  );
  const whole = found.filter((object) => object !== undefined);
  await removeObjects(whole, GROUPED, source, late, signal);
}

/** @throws KubeError */
export async function removeObjects(
  snapshots: readonly KubeObject[],
  family: Family,
  source: Cluster,
  late: LateContents,
  signal: AbortSignal,
): Promise<void> {
  const type = await typeOf(source, family.snapshot, signal);
  if (type === undefined) return;
  await inParallel(snapshots, PARALLEL, async (object) => {
    const { namespace = '', name } = object.metadata;
    // Before the group: its controller removes them, and keeps the contents that say so.
    const members = family === GROUPED ? await membersOf({ namespace, name }, source, signal) : [];
    for (const member of members) await letDelete(source, SINGLE, contentNameOf(member, SINGLE), signal);
    const content = contentNameOf(object, family);
    const isThere = await letDelete(source, family, content, signal);
    await source.remove(type, { namespace, name }, signal);
    if (!isThere && textAt(object, 'status', family.boundTo) === undefined) late.note(source.name, content);
  });
}

/**
 * Removes the content of a snapshot, with its data: by its snapshot where that is
 * there, and by itself where somebody has deleted what stood for it.
 * @throws KubeError
 */
export async function removeContent(
  content: KubeObject,
  family: Family,
  source: Cluster,
  signal: AbortSignal,
): Promise<void> {
  const type = await typeOf(source, family.content, signal);
  const { name } = content.metadata;
  await letDelete(source, family, name, signal);
  // What is a member goes with its group.
  if (type !== undefined && !(await hasSnapshot(content, family, source, signal)))
    await source.remove(type, { name }, signal);
}

/** Those that have come by now. @throws KubeError */
export async function removeLateContents(
  family: Family,
  source: Cluster,
  late: LateContents,
  signal: AbortSignal,
): Promise<void> {
  const names = late.of(source.name).filter((name) => name.startsWith(family.prefix));
  await inParallel(names, PARALLEL, async (name) => {
    const content = await getOne(source, family.content, { name }, signal);
    if (content === undefined) return;
    await removeContent(content, family, source, signal);
    late.forget(source.name, name);
  });
}

export function contentNameOf(snapshot: KubeObject, { boundTo, prefix }: Family): string {
  return textAt(snapshot, 'status', boundTo) ?? `${prefix}${snapshot.metadata.uid ?? ''}`;
}

/**
 * A content that says Retain would leave the data behind, with nothing left that knows of it.
 * @returns false when it is not made yet, or gone
 */
async function letDelete(
  source: Cluster,
  { content }: Family,
  name: string,
  signal: AbortSignal,
): Promise<boolean> {
  const type = await typeOf(source, content, signal);
  if (type === undefined) return false;
  try {
    await source.mergePatch(type, { name }, { spec: { deletionPolicy: 'Delete' } }, signal);
    return true;
  } catch (error) {
    if (!(error instanceof KubeError) || error.code !== 'NotFound') throw error;
    return false;
  }
}
