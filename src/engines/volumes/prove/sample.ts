/**
 * Restores one claim of a point into a place of its own in the recovery region,
 * now and then and another one each time: that a snapshot is said to be readable
 * is not yet that a volume can be made of it. All of it is removed again.
 */
import { fieldsAt } from '../../../api/fields.ts';
import { type KubeObject, parseRefKey } from '../../../api/object.ts';
import { distinctName } from '../../../api/ownership.ts';
import type { TransformSpec } from '../../../api/v1alpha1/dr-scenario-transforms.ts';
import type { PointManifest, PointVolume } from '../../../domain/protection/point.ts';
import { between, type Clock, formatDuration, type Millis, millis } from '../../../domain/time.ts';
import { judgeEvidence } from '../../../domain/volumes/evidence.ts';
import { refusalAmong } from '../../../domain/volumes/provisioning.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { KubeError } from '../../../kube/errors.ts';
import { compiledTransforms, transformForRecovery } from '../../transformed-point.ts';
import { CHECK_NAMESPACE, letGo } from '../clean/checks.ts';
import { fill } from '../fill/claim-data.ts';
import { groupOf, type Import } from '../fill/import.ts';
import { provideImport, removeImport } from '../fill/provide-import.ts';
import {
  CLAIM,
  CONTENT,
  GROUP_CONTENT,
  getOne,
  type Maker,
  marksOf,
  NAMESPACE,
  SNAPSHOT,
  typeOf,
} from '../kinds.ts';
import { chainOf, SAID_LIMIT, warningsAbout } from './evidence-chain.ts';
import { placeFor } from './place-sample.ts';

const SELECTED_NODE = 'volume.kubernetes.io/selected-node';
const PAUSE = millis(250);

export type Sampled =
  | { readonly kind: 'filled' }
  /** No volume can be made of it; `message` names the claim. */
  | { readonly kind: 'failed'; readonly message: string }
  /** It could not be tried, or took too long to wait for. */
  | { readonly kind: 'unknown'; readonly message: string };

export interface Sample {
  readonly manifest: PointManifest;
  readonly volume: PointVolume;
  /** The claim as it is in the source. */
  readonly claim: KubeObject;
  readonly transforms: readonly TransformSpec[];
  readonly recovery: Cluster;
  readonly classes: ReadonlyMap<string, string>;
  readonly maker: Maker;
  readonly patience: Millis;
  readonly clock: Clock;
}

/** @throws KubeError when the recovery region does not answer */
export async function sampleClaim(sample: Sample, signal: AbortSignal): Promise<Sampled> {
  const { recovery, volume, maker } = sample;
  if ((await getOne(recovery, NAMESPACE, { name: CHECK_NAMESPACE }, signal)) === undefined)
    return {
      kind: 'unknown',
      message: `${recovery.name} has no namespace ${CHECK_NAMESPACE} to restore a volume in: install the chart of the region there`,
    };
  const { owner } = maker;
  const name = distinctName(
    `antipode-check-${owner.namespace}-${owner.name}`,
    [owner.namespace, owner.name],
    63,
  );
  const one = importFor(sample, name);
  if (one === undefined) return { kind: 'unknown', message: `${volume.claim} has no snapshot` };
  const wanted = asInRecovery(sample);
  const place = await placeFor(wanted, recovery, signal);
  if (place.kind === 'missing') return { kind: 'unknown', message: `${volume.claim}: ${place.message}` };
  await removeSample(name, one, recovery, signal);
  if (!(await untilGone(name, one, sample, signal)))
    return { kind: 'unknown', message: `what the last check has left in ${CHECK_NAMESPACE} is not gone yet` };
  try {
    const occupied = await provideImport(one, recovery, signal);
    if (occupied !== undefined) return { kind: 'unknown', message: `${occupied.cause}: ${occupied.remedy}` };
    const claim = await recovery.create(claimFor(sample, wanted, name, place.node), signal);
    return await untilFilled(sample, claim, one, signal);
  } catch (error) {
    if (!(error instanceof KubeError) || error.retry === 'backoff') throw error;
    return { kind: 'unknown', message: error.message };
  } finally {
    if (!signal.aborted) await removeSample(name, one, recovery, signal);
  }
}

function importFor({ manifest, volume, maker, classes }: Sample, name: string): Import | undefined {
  const { snapshot } = volume;
  if (snapshot === undefined) return undefined;
  return {
    snapshot,
    content: name,
    ref: { namespace: CHECK_NAMESPACE, name },
    marks: marksOf(maker, 'check', manifest.name),
    snapshotClass: classes.get(snapshot.driver),
    group: groupOf(volume, manifest.volumes ?? []),
  };
}

function asInRecovery({ claim, volume, transforms }: Sample): KubeObject {
  const outcome = transformForRecovery([claim], compiledTransforms(transforms)).outcomes.get(volume.claim);
  return outcome?.kind === 'transformed' ? outcome.object : claim;
}

/** @param node where its volume is to be made; undefined where its class does not wait for that */
function claimFor(
  { volume, manifest, maker }: Sample,
  wanted: KubeObject,
  name: string,
  node: string | undefined,
): KubeObject {
  const { volumeName: _, selector: __, ...spec } = fieldsAt(wanted, 'spec') ?? {};
  const { labels, annotations } = marksOf(maker, 'check', manifest.name);
  const plain = {
    apiVersion: 'v1',
    kind: CLAIM.kind,
    metadata: {
      namespace: CHECK_NAMESPACE,
      name,
      labels,
      // Chosen by the scheduler for a pod, which there is none of here.
      annotations: { ...annotations, ...(node === undefined ? {} : { [SELECTED_NODE]: node }) },
    },
    spec,
  };
  return fill(plain, name, volume);
}

async function untilFilled(
  { recovery, volume, patience, clock }: Sample,
  created: KubeObject,
  one: Import,
  signal: AbortSignal,
): Promise<Sampled> {
  const since = clock.tick();
  const { snapshot, content, ref } = one;
  const expected = { snapshot: ref.name, contents: [content], handle: snapshot.handle, note: '' };
  const { namespace = '', name } = created.metadata;
  for (;;) {
    const claim = (await getOne(recovery, CLAIM, { namespace, name }, signal)) ?? created;
    const chain = await chainOf(claim, expected, recovery, signal);
    const evidence = judgeEvidence(chain, expected);
    if (evidence.kind === 'proven') return { kind: 'filled' };
    const what = `${volume.claim}: a volume made of its snapshot in ${recovery.name}, to see that it can be,`;
    if (evidence.kind === 'refuted')
      return { kind: 'failed', message: `${what} failed: ${evidence.message}` };
    if (between(since, clock.tick()) >= patience) {
      const refusal = refusalAmong(await warningsAbout(claim, recovery, signal));
      if (refusal !== undefined)
        return { kind: 'failed', message: `${what} failed: ${refusal.slice(0, SAID_LIMIT)}` };
      const late = `was not ready after ${formatDuration(patience)}`;
      return { kind: 'unknown', message: `${what} ${late}: ${evidence.message}` };
    }
    await clock.sleep(PAUSE, signal);
  }
}

/** A claim's volume goes with it. @throws KubeError */
async function removeSample(
  name: string,
  one: Import,
  recovery: Cluster,
  signal: AbortSignal,
): Promise<void> {
  const key = { namespace: CHECK_NAMESPACE, name };
  const type = await typeOf(recovery, CLAIM, signal);
  const claim = await getOne(recovery, CLAIM, key, signal);
  if (claim !== undefined && type !== undefined) {
    await letGo(claim, recovery, signal);
    await recovery.remove(type, key, signal);
  }
  await removeImport({ ...one, contents: [one.content] }, recovery, signal);
}

/**
 * What controllers let go of goes a moment after it was removed, and would be taken for what the next check makes.
 * @returns false when it outlasts the patience
 */
async function untilGone(
  name: string,
  { content, group }: Import,
  { recovery, clock, patience }: Sample,
  signal: AbortSignal,
): Promise<boolean> {
  const key = { namespace: CHECK_NAMESPACE, name };
  const since = clock.tick();
  for (;;) {
    const left = await Promise.all([
      getOne(recovery, CLAIM, key, signal),
      getOne(recovery, SNAPSHOT, key, signal),
      getOne(recovery, CONTENT, { name: content }, signal),
      group && getOne(recovery, GROUP_CONTENT, { name: content }, signal),
    ]);
    if (left.every((object) => object === undefined)) return true;
    if (between(since, clock.tick()) >= patience) return false;
    await clock.sleep(PAUSE, signal);
  }
}

/** A snapshot of the point that is to be tried, another one with each `turn`. */
export function sampleOf({ volumes = [] }: PointManifest, turn: number): PointVolume | undefined {
  const candidates = volumes.filter(
    ({ claim, snapshot }) => snapshot !== undefined && parseRefKey(claim) !== undefined,
  );
  return candidates[turn % Math.max(1, candidates.length)];
}
