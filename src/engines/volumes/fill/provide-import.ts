/**
 * Makes in the recovery region what a claim is made from, and takes it away
 * again. Apart from `import.ts`, which only reads what a handle stands for,
 * because of groups: a VolumeSnapshot of a group's member never becomes ready
 * where the snapshot controller finds no content of that group.
 */
import { textAt } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import {
  apiVersionFor,
  CLAIM,
  CONTENT,
  GROUP,
  GROUP_CONTENT,
  getOne,
  type KindName,
  listOf,
  type Maker,
  pointOf,
  SNAPSHOT,
  selectorOf,
  typeOf,
} from '../kinds.ts';
import { contentOf, type Import, removeContents, snapshotOf } from './import.ts';
import { createContent, createOrFind, type Occupied, occupiedBy, standsForSame } from './occupied.ts';

/** Harmless when it is there. @returns what stands in the way. @throws KubeError */
export async function provideImport(
  one: Import,
  target: Cluster,
  signal: AbortSignal,
): Promise<Occupied | undefined> {
  const apiVersion = await apiVersionFor(target, GROUP_CONTENT, signal);
  // A region without the kind does not ask for it.
  const { group } = one;
  const contents = [
    ...(group === undefined || apiVersion === undefined ? [] : [groupContentOf(one, group, apiVersion)]),
    contentOf(one),
  ];
  for (const content of contents) {
    const occupied = await createContent(content, target, signal);
    if (occupied !== undefined) return occupied;
  }
  const snapshot = await createOrFind(snapshotOf(one), target, signal);
  const standsFor = textAt(snapshot, 'spec', 'source', 'volumeSnapshotContentName');
  if (standsFor === one.content) return undefined;
  if (standsFor === undefined || standsFor !== one.formerContent) return occupiedBy(snapshot, target);
  const former = await getOne(target, CONTENT, { name: standsFor }, signal);
  if (former === undefined || !standsForSame(former, contentOf(one))) return occupiedBy(snapshot, target);
  // It was begun by an earlier version, and nobody would use these.
  await removeImported([one.content], one, target, signal);
  return undefined;
}

/** One for each import, by the name of its content, so that each is removed by itself. */
function groupContentOf(
  { snapshot, content, ref, marks }: Import,
  { handle, members }: NonNullable<Import['group']>,
  apiVersion: string,
): KubeObject {
  return {
    apiVersion,
    kind: GROUP_CONTENT.kind,
    metadata: { name: content, ...marks },
    spec: {
      driver: snapshot.driver,
      deletionPolicy: 'Retain',
      source: {
        groupSnapshotHandles: { volumeGroupSnapshotHandle: handle, volumeSnapshotHandles: [...members] },
      },
      // Of a group that is never made: the content alone is looked for.
      volumeGroupSnapshotRef: { apiVersion, kind: GROUP.kind, ...ref },
    },
  };
}

/**
 * Their policy is Retain: nothing of the storage goes with them.
 * @param contents names that the content may have
 * @throws KubeError
 */
export async function removeImport(
  { contents, ref, group }: Pick<Import, 'ref' | 'group'> & { readonly contents: readonly string[] },
  target: Cluster,
  signal: AbortSignal,
): Promise<void> {
  const type = await typeOf(target, SNAPSHOT, signal);
  if (type !== undefined) await target.remove(type, ref, signal);
  await removeImported(contents, { group }, target, signal);
}

async function removeImported(
  contents: readonly string[],
  { group }: Pick<Import, 'group'>,
  target: Cluster,
  signal: AbortSignal,
): Promise<void> {
  await removeContents(contents, target, signal);
  const type = group === undefined ? undefined : await typeOf(target, GROUP_CONTENT, signal);
  if (type !== undefined) for (const name of contents) await target.remove(type, { name }, signal);
}

/**
 * Removes the imports of a restore that was killed before the claim was there,
 * when another point is restored now: nobody else would. Whatever a claim is, or
 * is to be, made of stays.
 * @throws KubeError
 */
export async function removeFormerImports(
  maker: Maker,
  point: string,
  target: Cluster,
  signal: AbortSignal,
): Promise<void> {
  const labelSelector = selectorOf(maker, 'restore');
  const isFormer = (object: KubeObject): boolean =>
    ![undefined, point].includes(pointOf(object, maker)) && object.metadata.deletionTimestamp === undefined;
  for (const [kind, ref] of IMPORTED) {
    const type = await typeOf(target, kind, signal);
    if (type === undefined) continue;
    const former = (await listOf(target, kind, { labelSelector }, signal)).filter(isFormer);
    for (const object of former) {
      const { namespace = '', name } = object.metadata;
      const snapshot = ref === undefined ? { namespace, name } : refOf(object, ref);
      if (await isNeeded(snapshot, target, signal)) continue;
      await target.remove(type, ref === undefined ? { namespace, name } : { name }, signal);
    }
  }
}

/** Kinds of what an import consists of, with the field that names its VolumeSnapshot. */
const IMPORTED: readonly (readonly [KindName, string | undefined])[] = [
  [SNAPSHOT, undefined],
  [CONTENT, 'volumeSnapshotRef'],
  [GROUP_CONTENT, 'volumeGroupSnapshotRef'],
];

const refOf = (content: KubeObject, field: string) => ({
  namespace: textAt(content, 'spec', field, 'namespace') ?? '',
  name: textAt(content, 'spec', field, 'name') ?? '',
});

async function isNeeded(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  target: Cluster,
  signal: AbortSignal,
): Promise<boolean> {
  const claims = await listOf(target, CLAIM, { namespace }, signal);
  return claims.some((claim) => textAt(claim, 'spec', 'dataSource', 'name') === name);
}
