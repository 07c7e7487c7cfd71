/**
 * Reads from the recovery region whether restored claims have the data of their
 * point, notes on a claim that it has, and then removes what it was filled from.
 * Until then those objects are the proof, so they stay.
 */
import { textAt } from '../../../api/fields.ts';
import { type KubeObject, parseRefKey } from '../../../api/object.ts';
import type { PointManifest, PointVolume } from '../../../domain/protection/point.ts';
import {
  type Chain,
  DATA_ANNOTATION,
  type Evidence,
  type Expected,
  judgeEvidence,
  noteOf,
} from '../../../domain/volumes/evidence.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { inParallel } from '../../native/parallel.ts';
import { sourceName } from '../fill/claim-data.ts';
import { groupOf } from '../fill/import.ts';
import { removeImport } from '../fill/provide-import.ts';
import { CLAIM, contentName, formerContentName, getOne, selectorOf, typeOf } from '../kinds.ts';
import { chainOf, unboundChain } from './evidence-chain.ts';
import type { SharedLists } from './shared-lists.ts';

const PARALLEL = 16;

export interface ProofTarget {
  readonly target: Cluster;
  /** Of the target. */
  readonly lists: SharedLists;
}

/**
 * @param manifest as it reads in the recovery region
 * @param keys of claims; those without data in the point are left out of the answer
 * @throws KubeError
 */
export async function proveClaims(
  manifest: PointManifest,
  keys: readonly string[],
  { target, lists }: ProofTarget,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Evidence>> {
  const wanted = new Set(keys);
  const volumes = (manifest.volumes ?? []).filter(
    (volume) => wanted.has(volume.claim) && expectedOf(volume, manifest.name) !== undefined,
  );
  const proven = await inParallel(volumes, PARALLEL, async (volume) => {
    const waiting = await stillPending(volume, manifest, lists, signal);
    return [volume.claim, waiting ?? (await prove(volume, manifest, target, signal))] as const;
  });
  return new Map(proven);
}

/** @returns undefined when the point has no data for the claim, or another engine puts it back */
function expectedOf(volume: PointVolume, point: string): Expected | undefined {
  const snapshot = sourceName(volume, point);
  const note = noteOf(volume);
  const { namespace, name } = parseRefKey(volume.claim) ?? {};
  if (snapshot === undefined || note === undefined || namespace === undefined || name === undefined)
    return undefined;
  const { handle } = volume.snapshot ?? {};
  const id = { namespace, name };
  const contents =
    handle === undefined ? [] : [contentName('restore', point, id), formerContentName(point, id)];
  return { snapshot, contents, handle, note };
}

/**
 * That a claim has to be waited for, which is nearly always so and is seen for
 * many by a few lists. Whatever ends the wait must be so now, and is looked at by itself.
 */
async function stillPending(
  volume: PointVolume,
  { name: point, scenario }: PointManifest,
  lists: SharedLists,
  signal: AbortSignal,
): Promise<Evidence | undefined> {
  const expected = expectedOf(volume, point);
  const { namespace, name } = parseRefKey(volume.claim) ?? {};
  if (expected === undefined || namespace === undefined || name === undefined) return undefined;
  const contents = selectorOf({ owner: scenario }, 'restore', point);
  const chain = await unboundChain({ namespace, name }, expected, contents, lists, signal);
  const evidence = chain && judgeEvidence(chain, expected);
  return evidence?.kind === 'pending' ? evidence : undefined;
}

async function prove(
  volume: PointVolume,
  { name: point, volumes = [] }: PointManifest,
  target: Cluster,
  signal: AbortSignal,
): Promise<Evidence> {
  const expected = expectedOf(volume, point);
  const { namespace = '', name = '' } = parseRefKey(volume.claim) ?? {};
  const claim = await getOne(target, CLAIM, { namespace, name }, signal);
  if (expected === undefined || claim === undefined)
    return { kind: 'pending', message: 'was applied and is gone: something deletes it' };
  const chain = await chainOf(claim, expected, target, signal);
  const evidence = judgeEvidence(chain, expected);
  if (evidence.kind !== 'proven') return evidence;
  if (claim.metadata.annotations?.[DATA_ANNOTATION] !== expected.note)
    await noteOn(claim, expected, target, signal);
  const contents = contentsLeft(chain, expected);
  if (contents.length > 0) {
    const ref = { namespace, name: expected.snapshot };
    // Its policy is Retain, so the snapshot itself stays: the point has it still.
    await removeImport({ contents, ref, group: groupOf(volume, volumes) }, target, signal);
  }
  return evidence;
}

/** Where a restore was begun by an earlier version, contents by both names may be left. */
function contentsLeft({ snapshot }: Chain, { contents }: Expected): readonly string[] {
  const bound = textAt(snapshot, 'status', 'boundVolumeSnapshotContentName');
  return bound !== undefined && bound === contents[0] ? [bound] : contents;
}

async function noteOn(
  claim: KubeObject,
  expected: Expected,
  target: Cluster,
  signal: AbortSignal,
): Promise<void> {
  const type = await typeOf(target, CLAIM, signal);
  const { namespace = '', name, uid, resourceVersion } = claim.metadata;
  if (type === undefined) return;
  // Bound to what was judged: another claim of this name was not.
  const metadata = { uid, resourceVersion, annotations: { [DATA_ANNOTATION]: expected.note } };
  await target.mergePatch(type, { namespace, name }, { metadata }, signal);
}
