/**
 * From a Backup that Velero was asked for to a published point: follows it to
 * its end, and publishes a manifest of what is in the archive when nothing of
 * the point is missing from it.
 */
import { numberAt } from '../../../api/fields.ts';
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { type Clock, fromRfc3339, type Millis } from '../../../domain/time.ts';
import { copiedBefore } from '../../../domain/volumes/copied-before.ts';
import { snapshotPatience } from '../../../domain/volumes/snapshot-patience.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import type { Log } from '../../../kube/log.ts';
import type { Store } from '../../../store/store.ts';
import { type CaptureResult, PointDamagedError, type ScenarioIdentity } from '../../engine.ts';
import type { Collection } from '../../native/capture/collect.ts';
import { archiveKey, manifestKey } from '../../native/points/layout.ts';
import { newestPoint } from '../../native/points/points.ts';
import { pointDigest } from '../../native/points/publish.ts';
import { type Known, sequenceOfNext } from '../../native/points/survey.ts';
import { discardBackup } from '../clean.ts';
import { veleroType } from '../location.ts';
import { VeleroProblem } from '../problem.ts';
import { extra, logKey } from '../results/extra.ts';
import { claimOperations } from '../results/operations.ts';
import { toldByLog, withLog } from '../results/velero-log.ts';
import { failedVolumes } from '../results/volume-info.ts';
import type { VeleroSettings } from '../settings.ts';
import type { Stage } from '../stage.ts';
import { type Ended, untilEnded } from '../until-ended.ts';
import { type Assembled, assemble } from './assemble.ts';
import { missingObjects } from './completeness.ts';
import { giveCopy } from './copy.ts';
import { withErrors } from './partially-failed.ts';
import type { Requested } from './request.ts';
import { dataLost, leftOut, unmetWishes } from './wished-volumes.ts';

export interface VeleroDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: VeleroSettings;
  /** Names of points this process is making: never collected as half-written. */
  readonly busy: Set<string>;
  /** What is known of the points in the store. */
  readonly manifests: Known;
  /** Uid of the objective cluster, when known: recorded in every point. */
  readonly objective?: string | undefined;
}

export interface Run {
  readonly requested: Requested;
  /** Of a recovery region that cannot be asked, of APIs that nobody can see, and of hooks that failed and may. */
  readonly warnings: readonly string[];
  /** The source as it was just before a new Backup was asked for. */
  readonly live: Collection;
  readonly scenario: ScenarioIdentity;
  readonly spec: DRScenarioSpec;
  readonly source: Cluster;
  readonly recovery: Cluster | undefined;
}

/** @throws VeleroProblem, KubeError, StoreError, InvalidRulesError */
export async function carryThrough(run: Run, deps: VeleroDeps, signal: AbortSignal): Promise<CaptureResult> {
  const { requested, source, spec, recovery } = run;
  const { volumes } = spec.replication;
  const ended = await follow(requested.name, { source, volumes }, deps, signal);
  const result = await publishEnded(ended, run, deps, signal);
  if (result.kind !== 'captured') {
    await discardBackup(requested.name, run.scenario, source, deps, signal);
    return result;
  }
  if (recovery !== undefined) await giveCopy(ended.object, recovery, deps, signal);
  return result;
}

async function publishEnded(
  { stage, object }: Ended,
  run: Run,
  deps: VeleroDeps,
  signal: AbortSignal,
): Promise<CaptureResult> {
  const { name } = run.requested;
  const what = `Velero backup ${name}`;
  const { store } = deps;
  if (stage.kind === 'failed') {
    const reason = await withLog(stage.reason, logKey(name), store, signal);
    return { kind: 'incomplete', messages: [`${what} failed: ${reason}`] };
  }
  const archive = await store.get(archiveKey(name), signal);
  if (archive === undefined) throw notInStore(name, store);
  const volumeInfo = await extra(store, name, 'volumeinfo.json.gz', signal);
  const capturedAt = fromRfc3339(run.requested.capturedAt);
  if (capturedAt === undefined)
    return { kind: 'incomplete', messages: [`${what} does not say from when it is; it is made anew`] };
  const { live, warnings } = run;
  const contents = { name, archive, volumeInfo, live, warnings, capturedAt, objective: deps.objective };
  const assembled = await assemble(contents, run.scenario, run.spec, deps.clock, signal).catch(damaged);
  if (assembled.kind !== 'assembled') return assembled;
  const results = await extra(store, name, 'results.gz', signal);
  const isPartial = stage.kind === 'partially-failed';
  const problems = await problemsOf(assembled, run, { volumeInfo, results }, deps, signal);
  const [first, ...others] = problems;
  if (first !== undefined) {
    const said = problems.join('; ');
    const told = isPartial ? await toldByLog(said, logKey(name), store, signal) : undefined;
    return { kind: 'incomplete', messages: [told === undefined ? first : `${first}; ${told}`, ...others] };
  }
  const whole = isPartial
    ? withErrors(assembled.manifest, results, numberAt(object, 'status', 'errors'))
    : assembled.manifest;
  const sequence = await sequenceOfNext(store, run.scenario, deps.manifests, deps.log, signal);
  const manifest = { ...whole, sequence };
  const body = Buffer.from(`${JSON.stringify(manifest)}\n`);
  await store.put(manifestKey(name), body, signal);
  return { kind: 'captured', point: { manifest, digest: pointDigest(body) } };
}

/** A sentence for whatever belongs to the point and is not in the backup. */
async function problemsOf(
  { manifest, archived }: Extract<Assembled, { kind: 'assembled' }>,
  run: Run,
  { volumeInfo, results }: { readonly volumeInfo: unknown; readonly results: unknown },
  { store, manifests, log }: VeleroDeps,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { live, requested, scenario, spec } = run;
  const missing = await missingObjects(archived, run, results, signal);
  const operations = claimOperations(await extra(store, requested.name, 'itemoperations.json.gz', signal));
  const failed = failedVolumes(manifest.volumesWithoutData, volumeInfo, operations);
  if (failed.length > 0) return [...missing, ...failed];
  const objectOf = (claim: string) => live.included.get(claim)?.object;
  const { volumes = [] } = manifest;
  const unmet = unmetWishes(volumes, spec, objectOf);
  const without = leftOut(volumes, spec, objectOf);
  if (unmet.length > 0 || without.length === 0) return [...missing, ...unmet];
  const newest = await newestPoint(store, scenario, manifests, log, signal);
  return [...missing, ...dataLost(without, copiedBefore(newest?.manifest, spec))];
}

function damaged(error: unknown): Exclude<Assembled, { kind: 'assembled' }> | CaptureIncomplete {
  if (error instanceof PointDamagedError) return { kind: 'incomplete', messages: [error.message] };
  throw error;
}
type CaptureIncomplete = Extract<CaptureResult, { kind: 'incomplete' }>;

function notInStore(name: string, store: Store): VeleroProblem {
  return new VeleroProblem(
    'LocationMismatch',
    `Velero says that backup ${name} is complete, but it is not in ${store.location}: the BackupStorageLocation is on another server than replication.store.s3, make them one`,
  );
}

/** @throws what {@link untilEnded} throws */
export async function follow(
  name: string,
  { source, volumes, enough, queued }: FollowOptions,
  deps: VeleroDeps,
  signal: AbortSignal,
): Promise<Ended> {
  const type = await veleroType(source, 'Backup', signal);
  const { namespace } = deps.settings;
  const snapshots = snapshotPatience(volumes);
  const patience = enough === undefined ? { snapshots } : { snapshots, queued, enough };
  return untilEnded({ cluster: source, type, namespace, name }, patience, deps, signal);
}

interface FollowOptions {
  readonly source: Cluster;
  readonly volumes: DRScenarioSpec['replication']['volumes'];
  readonly enough?: (stage: Stage) => boolean;
  /** How long it may stay in Velero's queue. Default: an hour. */
  readonly queued?: Millis;
}
