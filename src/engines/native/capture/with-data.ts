/**
 * A capture with the data of volumes: the snapshots are cut first, then the
 * objects are read, so that the instant of the point is that of the snapshots
 * and what is reported lost is what was lost. The claims are known from a look
 * before; should another one have appeared or got its volume by then, all is done once more.
 */
import { type KubeObject, objectKey } from '../../../api/object.ts';
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { type Instant, toRfc3339 } from '../../../domain/time.ts';
import { copiedBefore } from '../../../domain/volumes/copied-before.ts';
import { type Store, StoreError } from '../../../store/store.ts';
import type { CaptureResult, PublishedPoint, Regions, ScenarioIdentity } from '../../engine.ts';
import { excluded, pairOf, type VolumeData } from '../../volumes/choose/choose.ts';
import type { Cut } from '../../volumes/cut/cut.ts';
import { cutBetweenHooks } from '../../volumes/cut/cut-between-hooks.ts';
import type { CutRequest, VolumeDeps } from '../../volumes/cut/plan-cut.ts';
import { hasVolume } from '../../volumes/kinds.ts';
import { newestPoint } from '../points/points.ts';
import { freeName } from '../points/publish.ts';
import type { Known } from '../points/survey.ts';
import { type View, type ViewDeps, viewOf } from '../source/view.ts';
import { type Collection, collectFrom } from './collect.ts';

export interface DataCapture {
  readonly scenario: ScenarioIdentity;
  readonly spec: DRScenarioSpec;
  readonly regions: Regions;
  readonly store: Store;
  /** What is known of the points in it. */
  readonly manifests: Known;
  /** Names of points this process is making. */
  readonly busy: Set<string>;
  readonly view: ViewDeps;
  readonly volumes: VolumeDeps;
  /** The last point, when this process has captured the scenario before. */
  readonly last: { readonly point: PublishedPoint } | undefined;
  /** Makes the point of what was seen; `name` is taken for it. */
  readonly conclude: (seen: SeenWithData, name: string) => Promise<CaptureResult>;
}

export interface SeenWithData {
  /** Undefined: nothing was cut, and the first look counts. */
  readonly again: { readonly view: View; readonly collection: Collection } | undefined;
  readonly data: VolumeData;
  /** The earliest instant of the data. */
  readonly dataAt: Instant | undefined;
  /** To be told with the point. */
  readonly warnings: readonly string[];
}

export function claimsIn({ included }: Pick<Collection, 'included'>): readonly KubeObject[] {
  return [...included].flatMap(([key, { object }]) =>
    key.startsWith('PersistentVolumeClaim/') ? [object] : [],
  );
}

/** @param claims that belong to the point. @throws KubeError, StoreError */
export async function captureWithData(
  capture: DataCapture,
  claims: readonly KubeObject[],
  signal: AbortSignal,
): Promise<CaptureResult> {
  const { busy } = capture;
  const learnt = { ...capture, copiedBefore: await learnFromNewest(capture, signal) };
  const names: string[] = [];
  try {
    // Each with a name of its own: the snapshots of the first may not be gone when the second asks.
    const first = await captureOnce(learnt, await takeName(capture, names, signal), claims, signal);
    if (first.kind !== 'missed') return first;
    const second = await captureOnce(learnt, await takeName(capture, names, signal), first.claims, signal);
    if (second.kind !== 'missed') return second;
    const named = second.unseen.join(', ');
    return {
      kind: 'incomplete',
      messages: [`claims appear faster than snapshots can be cut (${named}); the next capture has them`],
    };
  } finally {
    for (const name of names) busy.delete(name);
  }
}

/** A name that is busy from here on, and one of `names`. */
async function takeName(
  { store, scenario, busy, volumes }: DataCapture,
  names: string[],
  signal: AbortSignal,
): Promise<string> {
  const name = await freeName(store, scenario, toRfc3339(volumes.clock.now()), busy, signal);
  busy.add(name);
  names.push(name);
  return name;
}

/**
 * What the newest point has of these regions must not be left out now because it
 * cannot be copied at the moment. After a restart: what it has by snapshot was
 * read in the recovery region once.
 * @returns refKeys of the claims whose data it has
 */
async function learnFromNewest(
  { store, scenario, spec, regions, manifests, volumes: { trials, log }, last }: DataCapture,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const newest = last?.point ?? (await newestPoint(store, scenario, manifests, log, signal));
  const copied = copiedBefore(newest?.manifest, spec);
  const pair = pairOf(spec, regions);
  for (const { claim, strategy, snapshot } of last === undefined ? (newest?.manifest.volumes ?? []) : [])
    if (copied.has(claim) && strategy === 'SnapshotHandle' && snapshot !== undefined)
      trials.learn(pair, snapshot.driver, { kind: 'yes' });
  return copied;
}

type Once =
  | CaptureResult
  /** Claims have a volume that were not known, or had none, when the snapshots were cut. */
  | { readonly kind: 'missed'; readonly claims: readonly KubeObject[]; readonly unseen: readonly string[] };

async function captureOnce(
  capture: DataCapture & Pick<CutRequest, 'copiedBefore'>,
  name: string,
  claims: readonly KubeObject[],
  signal: AbortSignal,
): Promise<Once> {
  const { spec, regions, volumes } = capture;
  const request = { point: name, claims, spec, regions, copiedBefore: capture.copiedBefore };
  const result = await cutBetweenHooks(request, volumes, signal);
  if (result.kind === 'incomplete') return result;
  const { cut, warnings } = result;
  try {
    const once = await concludeCut(capture, name, { cut, warnings }, signal);
    if (once.kind !== 'captured') await cut.discard(signal);
    return once;
  } catch (error) {
    // Another operator may have published a point of this name: of that nothing goes.
    if (!(error instanceof StoreError && error.code === 'StoreBusy')) await cut.discard(signal);
    throw error;
  }
}

async function concludeCut(
  capture: DataCapture,
  name: string,
  { cut, warnings }: { readonly cut: Cut; readonly warnings: readonly string[] },
  signal: AbortSignal,
): Promise<Once> {
  const { scenario, spec, regions } = capture;
  if (cut.at === undefined) {
    const settled = await cut.settle(signal);
    if (settled.kind === 'incomplete') return settled;
    return capture.conclude({ again: undefined, data: settled.data, dataAt: undefined, warnings }, name);
  }
  const looker = { ...scenario, spec, source: regions.source, anew: true };
  const view = await viewOf(capture.view, looker, signal);
  const collection = await collectFrom(spec, view.sight, signal);
  view.done();
  const claims = claimsIn(collection);
  const unseen = claims
    .filter(hasVolume)
    .map((claim) => objectKey(claim))
    .filter((key) => !cut.claims.has(key));
  if (unseen.length > 0) return { kind: 'missed', claims, unseen };
  const settled = await cut.settle(signal);
  if (settled.kind === 'incomplete') return settled;
  const data = ofPoint(settled.data, claims);
  return capture.conclude({ again: { view, collection }, data, dataAt: cut.at, warnings }, name);
}

/** Without claims that have gone since the cut, and with those that came and have no volume yet. */
function ofPoint({ volumes, withoutData }: VolumeData, claims: readonly KubeObject[]): VolumeData {
  const keys = new Set(claims.map((claim) => objectKey(claim)));
  const known = new Set(volumes.map(({ claim }) => claim));
  const added = [...keys].filter((key) => !known.has(key));
  return {
    volumes: [
      ...volumes.filter(({ claim }) => keys.has(claim)),
      ...added.map((key) => excluded(key, 'the claim has no volume yet, so no data')),
    ],
    withoutData: withoutData.filter((key) => keys.has(key)),
  };
}
