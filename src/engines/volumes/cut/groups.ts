/**
 * Snapshots of several claims at one instant, where the source has a class for
 * that and labels of the user's choose exactly those claims. What cannot be a
 * group is left to single snapshots.
 */
import { textAt } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import { bounded } from '../../../api/ownership.ts';
import { groupLabels, type Labels } from '../../../domain/volumes/group.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import type { Regions } from '../../engine.ts';
import { inParallel } from '../../native/parallel.ts';
import {
  apiVersionFor,
  CLAIM,
  GROUP,
  GROUP_CLASS,
  GROUP_CONTENT,
  getOne,
  listOf,
  type Maker,
  marksOf,
  SNAPSHOT,
  selectorOf,
  typeOf,
} from '../kinds.ts';
import { isRefusal, keyOfClaim, type Wanted } from './snapshots.ts';

const PARALLEL = 8;
const DEFAULT_CLASS = 'groupsnapshot.storage.kubernetes.io/is-default-class';
const NAME_LIMIT = 63;

export interface AskedGroup {
  readonly namespace: string;
  /** Of the VolumeGroupSnapshot. */
  readonly name: string;
  readonly members: readonly Wanted[];
}

/**
 * Asks for the groups that are possible; what is in none of them is left to single snapshots.
 * @throws KubeError when a region does not answer; code `AlreadyExists` when another capture makes a point of this name
 */
export async function askForGroups(
  wanted: readonly Wanted[],
  point: string,
  maker: Maker,
  { source, recovery }: Regions,
  signal: AbortSignal,
): Promise<readonly AskedGroup[]> {
  // A snapshot of a group can be restored only where groups are known.
  const unknownThere =
    recovery !== undefined && (await typeOf(recovery, GROUP_CONTENT, signal)) === undefined;
  if (unknownThere) return [];
  const classes = await listOf(source, GROUP_CLASS, {}, signal);
  if (classes.length === 0) return [];
  const together = new Map<string, Wanted[]>();
  for (const one of wanted) {
    const key = JSON.stringify([one.claim.metadata.namespace, one.driver]);
    together.set(key, [...(together.get(key) ?? []), one]);
  }
  const asked = await inParallel([...together.values()], PARALLEL, (members) =>
    askForGroup(members, classes, { point, maker, source }, signal),
  );
  return asked.filter((group) => group !== undefined);
}

interface Asking {
  readonly point: string;
  readonly maker: Maker;
  readonly source: Cluster;
}

async function askForGroup(
  members: readonly Wanted[],
  classes: readonly KubeObject[],
  { point, maker, source }: Asking,
  signal: AbortSignal,
): Promise<AskedGroup | undefined> {
  const [first] = members;
  const groupClass = first && classFor(first.driver, classes);
  const namespace = first?.claim.metadata.namespace;
  if (first === undefined || groupClass === undefined || namespace === undefined || members.length < 2)
    return undefined;
  const labels = await labelsOf(members, namespace, source, signal);
  const apiVersion = await apiVersionFor(source, GROUP, signal);
  if (labels === undefined || apiVersion === undefined) return undefined;
  if (await isAnyStuck(groupClass, namespace, { maker, source }, signal)) return undefined;
  const name = bounded(`${point}-${first.driver}`, NAME_LIMIT);
  const object = {
    apiVersion,
    kind: GROUP.kind,
    metadata: { namespace, name, ...marksOf(maker, 'point', point) },
    spec: { volumeGroupSnapshotClassName: groupClass, source: { selector: { matchLabels: labels } } },
  };
  try {
    await source.create(object, signal);
    return { namespace, name, members };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    // Not allowed, or not as we think: single snapshots are as good but for their instants.
    return undefined;
  }
}

/**
 * Whether an earlier group was removed uncut and does not go. Where nobody cuts
 * groups, nobody takes their finalizers off either, and with each one asked for
 * one more would stay. They go when somebody does, and then groups are cut.
 */
async function isAnyStuck(
  groupClass: string,
  namespace: string,
  { maker, source }: Pick<Asking, 'maker' | 'source'>,
  signal: AbortSignal,
): Promise<boolean> {
  const ours = await listOf(source, GROUP, { namespace, labelSelector: selectorOf(maker, 'point') }, signal);
  return ours.some(
    (group) =>
      group.metadata.deletionTimestamp !== undefined &&
      textAt(group, 'status', 'creationTime') === undefined &&
      textAt(group, 'spec', 'volumeGroupSnapshotClassName') === groupClass,
  );
}

function classFor(driver: string, classes: readonly KubeObject[]): string | undefined {
  const fitting = classes.filter((object) => textAt(object, 'driver') === driver);
  const standard = fitting.find(({ metadata }) => metadata.annotations?.[DEFAULT_CLASS] === 'true');
  const [only, ...others] = fitting;
  return standard?.metadata.name ?? (others.length === 0 ? only?.metadata.name : undefined);
}

async function labelsOf(
  members: readonly Wanted[],
  namespace: string,
  source: Cluster,
  signal: AbortSignal,
): Promise<Labels | undefined> {
  const keys = new Set(members.map(({ claim }) => keyOfClaim(claim)));
  const all = await listOf(source, CLAIM, { namespace }, signal);
  // As they are now: labels may have changed since the claims were chosen.
  const now = all.filter((claim) => keys.has(keyOfClaim(claim)));
  if (now.length !== members.length) return undefined;
  return groupLabels(
    now,
    all.filter((claim) => !keys.has(keyOfClaim(claim))),
  );
}

/**
 * The members' VolumeSnapshots, by claim. While there are none, the group's own
 * error stands in for each of them.
 * @throws KubeError
 */
export async function lookAtGroups(
  groups: readonly AskedGroup[],
  source: Cluster,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, KubeObject>> {
  const looked = await inParallel(groups, PARALLEL, (group) => lookAtGroup(group, source, signal));
  return new Map(looked.flatMap((members) => [...members]));
}

async function lookAtGroup(
  { namespace, name, members }: AskedGroup,
  source: Cluster,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, KubeObject>> {
  const ours = await membersOf({ namespace, name }, source, signal);
  if (ours.length === 0) return withError(await getOne(source, GROUP, { namespace, name }, signal), members);
  return new Map(
    members.flatMap(({ claim }) => {
      const found = ours.find(
        (object) => textAt(object, 'spec', 'source', 'persistentVolumeClaimName') === claim.metadata.name,
      );
      return found === undefined ? [] : [[keyOfClaim(claim), found] as const];
    }),
  );
}

/** The VolumeSnapshots that a controller has made for a VolumeGroupSnapshot. @throws KubeError */
export async function membersOf(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  source: Cluster,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const all = await listOf(source, SNAPSHOT, { namespace }, signal);
  return all.filter((object) => textAt(object, 'status', 'volumeGroupSnapshotName') === name);
}

function withError(
  group: KubeObject | undefined,
  members: readonly Wanted[],
): ReadonlyMap<string, KubeObject> {
  const message = textAt(group, 'status', 'error', 'message');
  if (group === undefined || message === undefined) return new Map();
  const failed = { ...group, status: { error: { message } } };
  return new Map(members.map(({ claim }) => [keyOfClaim(claim), failed] as const));
}

/** As {@link protect}, for what stands for the groups as a whole. @throws KubeError */
export async function protectGroups(
  groups: readonly AskedGroup[],
  point: string,
  maker: Maker,
  source: Cluster,
  signal: AbortSignal,
): Promise<void> {
  const type = await typeOf(source, GROUP_CONTENT, signal);
  if (type === undefined) return;
  const patch = { metadata: marksOf(maker, 'point', point), spec: { deletionPolicy: 'Retain' } };
  await inParallel(groups, PARALLEL, async ({ namespace, name }) => {
    const group = await getOne(source, GROUP, { namespace, name }, signal);
    const content = textAt(group, 'status', 'boundVolumeGroupSnapshotContentName');
    if (content !== undefined) await source.mergePatch(type, { name: content }, patch, signal);
  });
}
