/**
 * Proves a point: reads it back from the store as a recovery would, checks
 * every digest, and holds it against the source, object by object. One object
 * of the stored copy is in memory at a time.
 */
import { type KubeObject, objectKey } from '../../../api/object.ts';
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import type { PointManifest } from '../../../domain/protection/point.ts';
import type { Log } from '../../../kube/log.ts';
import type { Store } from '../../../store/store.ts';
import { PointDamagedError, type PublishedPoint, type Regions, type VerifyResult } from '../../engine.ts';
import { confirmData } from '../../volumes/prove/confirm.ts';
import type { Samples } from '../../volumes/prove/samples.ts';
import { compare, differingFields, type Seen } from '../objects/compare.ts';
import { objectDigest } from '../objects/digest.ts';
import { normalize } from '../objects/normalize.ts';
import { eachObject } from '../points/archive.ts';
import { damaged, storedArchive } from '../points/points.ts';
import { areUnchanged, kindsText } from '../source/mirror-sight.ts';
import type { Sight } from '../source/sight.ts';
import { type View, type ViewDeps, viewOf } from '../source/view.ts';
import { collectFrom } from './collect.ts';
import { forgetPoint, type Memory, markVerified, questionText, scenarioKey } from './remembered.ts';

/** Differences named in a result; there may be thousands. */
const NAMED = 20;

export interface VerifyDeps extends ViewDeps {
  readonly store: Store;
  readonly memory: Memory;
  readonly samples: Samples;
  readonly log: Log;
  /** Uid of the objective cluster, when known. */
  readonly objective?: string | undefined;
}

/** See Engine.verify. @throws KubeError, StoreError */
export async function verify(
  deps: VerifyDeps,
  point: PublishedPoint,
  spec: DRScenarioSpec,
  { source, recovery }: Regions,
  signal: AbortSignal,
): Promise<VerifyResult> {
  const at = deps.clock.now();
  const view: View = await viewOf(deps, { ...point.manifest.scenario, spec, source }, signal);
  const now = await seenNow(deps.memory, point, spec, view.sight, signal);
  view.done();
  const readAt = deps.clock.tick();
  let fields: ReadonlyMap<string, readonly string[]>;
  try {
    fields = await readBack(deps.store, point, now, signal);
  } catch (error) {
    if (!(error instanceof PointDamagedError)) throw error;
    forgetPoint(deps.memory, point);
    return { kind: 'mismatch', differences: [error.message] };
  }
  const compared = compare(point.manifest, now, fields);
  const maker = {
    owner: { ...point.manifest.scenario, objective: deps.objective },
    store: deps.store.location,
  };
  const { problems, warnings } =
    compared.differences.length > 0
      ? { problems: [], warnings: [] }
      : await confirmData(
          point.manifest,
          spec,
          recovery,
          { ...deps, maker, claim: (key) => now.included.get(key)?.object },
          signal,
        );
  const differences = [...compared.differences, ...problems];
  if (differences.length === 0) {
    markVerified(deps.memory, point, readAt);
    const { compared: count, changedSince } = compared;
    return { kind: 'verified', at, compared: count, changedSince, warnings };
  }
  const rest = differences.length - NAMED;
  const more = rest > 0 ? [`and ${rest} more`] : [];
  return { kind: 'mismatch', differences: [...differences.slice(0, NAMED), ...more] };
}

/**
 * What belongs to the scenario now. When everything that the capture has read
 * is there in the same versions, that is what it found, and need not be worked out again.
 */
async function seenNow(
  memory: Memory,
  { digest, manifest }: PublishedPoint,
  spec: DRScenarioSpec,
  sight: Sight,
  signal: AbortSignal,
): Promise<Seen> {
  const known = memory.get(scenarioKey(manifest.scenario));
  const isOfPoint =
    known?.point.digest === digest && known.question === questionText(spec, kindsText(sight.kinds));
  if (isOfPoint && known.seen !== undefined && known.reads.length > 0)
    if (await areUnchanged(known.reads, sight, signal)) return known.seen;
  return collectFrom(spec, sight, signal);
}

/**
 * Reads what is stored and checks every digest.
 * @returns of objects that the source has in the same version and yet with other content: which fields
 * @throws PointDamagedError, StoreError
 */
async function readBack(
  store: Store,
  point: PublishedPoint,
  now: Seen,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { manifest } = point;
  const read = await digestsOf(await storedArchive(store, point, signal), now);
  const problem = problemInside(manifest, read.digests);
  if (problem !== undefined) throw damaged(store, manifest.name, problem);
  return read.fields;
}

async function digestsOf(archive: Uint8Array, now: Seen) {
  const digests = new Map<string, string>();
  const fields = new Map<string, readonly string[]>();
  await eachObject(archive, (stored) => {
    const key = objectKey(stored);
    const digest = objectDigest(stored);
    digests.set(key, digest);
    const live = now.included.get(key)?.object;
    if (live === undefined || !isSameVersion(live, stored) || objectDigest(live) === digest) return;
    fields.set(key, differingFields(normalize(stored), normalize(live)));
  });
  return { digests, fields };
}

const isSameVersion = (a: KubeObject, b: KubeObject): boolean =>
  a.metadata.resourceVersion === b.metadata.resourceVersion;

function problemInside(
  { objects, archive }: PointManifest,
  digests: ReadonlyMap<string, string>,
): string | undefined {
  const expected = archive.objects ?? objects.length;
  if (digests.size !== expected)
    return `its archive holds ${digests.size} objects, its manifest tells of ${expected}`;
  for (const { key, digest } of objects) {
    const stored = digests.get(key);
    if (stored === undefined) return `${key} is missing from its archive`;
    if (stored !== digest) return `${key} does not match its digest`;
  }
  return undefined;
}
