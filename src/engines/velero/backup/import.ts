/**
 * Makes a recovery point of a backup that somebody made with Velero, by hand or
 * on a schedule: reads what is in it, and publishes a manifest beside it. The
 * backup itself is not touched, now or later: it is not one of the scenario's
 * own points, which retention removes.
 */
import { fieldsAt, numberAt, textAt } from '../../../api/fields.ts';
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { describeCycle, describeUnknownEdge } from '../../../domain/graph/explain.ts';
import { type PointManifest, pointManifest } from '../../../domain/protection/point.ts';
import { type Clock, fromRfc3339 } from '../../../domain/time.ts';
import type { Store } from '../../../store/store.ts';
import {
  type CaptureResult,
  PointDamagedError,
  type PublishedPoint,
  type ScenarioIdentity,
} from '../../engine.ts';
import { archiveKey, backupKey, manifestKey } from '../../native/points/layout.ts';
import { pointDigest } from '../../native/points/publish.ts';
import { extra, logKey } from '../results/extra.ts';
import { claimOperations } from '../results/operations.ts';
import { withLog } from '../results/velero-log.ts';
import { failedVolumes } from '../results/volume-info.ts';
import { type Assembled, assemble } from './assemble.ts';
import { errorsOfSelection, withErrors, withTexts } from './partially-failed.ts';

export type Imported =
  | { readonly kind: 'imported'; readonly point: PublishedPoint }
  /** The store has no finished backup of that name. */
  | { readonly kind: 'not-found' }
  | { readonly kind: 'unusable'; readonly message: string };

/**
 * The point of that name, made now of the Velero backup of that name if need be.
 * Made once: a later selection of the scenario does not change it.
 * @param store the backup is below its `velero/`, as that of a storage location with this prefix
 * @throws StoreError, InvalidRulesError
 */
export async function importVeleroBackup(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  name: string,
  scenario: ScenarioIdentity,
  spec: DRScenarioSpec,
  signal: AbortSignal,
): Promise<Imported> {
  const known = await store.get(manifestKey(name), signal);
  if (known !== undefined) return knownPoint(known, name, scenario);
  const record = parse(await store.get(backupKey(name), signal));
  if (record === undefined) return { kind: 'not-found' };
  const phase = textAt(record, 'status', 'phase');
  if (phase !== 'Completed' && phase !== 'PartiallyFailed') return unended(name, phase, store, signal);
  const capturedAt = fromRfc3339(textAt(record, 'status', 'startTimestamp') ?? '');
  const archive = await store.get(archiveKey(name), signal);
  if (capturedAt === undefined || archive === undefined)
    return unusable(
      `Velero backup ${name} in ${store.location} is not whole: its archive or its start is missing`,
    );
  const volumeInfo = await extra(store, name, 'volumeinfo.json.gz', signal);
  const contents = { name, archive, volumeInfo, live: undefined, capturedAt };
  try {
    const assembled = await assemble(contents, scenario, spec, clock, signal);
    if (assembled.kind !== 'assembled') return unusable(explain(name, assembled));
    const whole =
      phase === 'Completed'
        ? assembled.manifest
        : await understood(assembled, { record, volumeInfo }, spec, store, signal);
    if (typeof whole === 'string') return unusable(whole);
    const body = Buffer.from(`${JSON.stringify(whole)}\n`);
    await store.put(manifestKey(name), body, signal);
    return { kind: 'imported', point: { manifest: whole, digest: pointDigest(body) } };
  } catch (error) {
    if (error instanceof PointDamagedError) return unusable(`Velero backup ${name}: ${error.message}`);
    throw error;
  }
}

async function unended(
  name: string,
  phase: string | undefined,
  store: Store,
  signal: AbortSignal,
): Promise<Imported> {
  const what = `Velero backup ${name} is ${phase ?? 'not finished'}: only one that is Completed, or PartiallyFailed for other objects than the scenario's, can be restored from`;
  return unusable(phase === 'Failed' ? await withLog(what, logKey(name), store, signal) : what);
}

/**
 * Of a backup that is PartiallyFailed.
 * @returns the manifest with a warning, or why it is not to be used
 */
async function understood(
  { manifest, archived }: Extract<Assembled, { kind: 'assembled' }>,
  { record, volumeInfo }: { readonly record: object; readonly volumeInfo: unknown },
  spec: DRScenarioSpec,
  store: Store,
  signal: AbortSignal,
): Promise<PointManifest | string> {
  const { name } = manifest;
  const what = `Velero backup ${name} is PartiallyFailed`;
  const results = await extra(store, name, 'results.gz', signal);
  if (results === undefined)
    return withLog(`${what}, and what failed is not in ${store.location}`, logKey(name), store, signal);
  const operations = claimOperations(await extra(store, name, 'itemoperations.json.gz', signal));
  const failed = failedVolumes(manifest.volumesWithoutData, volumeInfo, operations);
  if (failed.length > 0) return `${what}: ${failed.slice(0, 3).join('; ')}`;
  const errors = errorsOfSelection(results, manifest, archived, spec);
  if (errors.length > 0) return withTexts(`${what} in what the scenario selects`, errors);
  return withErrors(manifest, results, numberAt(record, 'status', 'errors'));
}

const unusable = (message: string): Imported => ({ kind: 'unusable', message });

function knownPoint(body: Uint8Array, name: string, { namespace, name: of }: ScenarioIdentity): Imported {
  const manifest = pointManifest.safeParse(parse(body)).data;
  if (manifest === undefined || manifest.name !== name)
    return unusable(`the manifest of recovery point ${name} cannot be read; use another point`);
  const owner = manifest.scenario;
  if (owner.namespace !== namespace || owner.name !== of)
    return unusable(`recovery point ${name} belongs to the scenario ${owner.namespace}/${owner.name}`);
  return { kind: 'imported', point: { manifest, digest: pointDigest(body) } };
}

function explain(
  name: string,
  result: Extract<CaptureResult, { kind: 'nothing-selected' | 'unorderable' }>,
): string {
  if (result.kind === 'nothing-selected')
    return `Velero backup ${name} holds nothing that spec.resources of the scenario selects`;
  const { problem } = result;
  switch (problem.kind) {
    case 'cycle':
      return `Velero backup ${name} cannot be put in order: ${describeCycle(problem)}`;
    case 'refused-rules':
      return `Velero backup ${name} cannot be put in order: ${problem.messages.slice(0, 3).join('; ')}`;
    case 'unknown-edge':
      return `Velero backup ${name} cannot be put in order: ${describeUnknownEdge(problem)}`;
  }
}

/** @returns undefined when there is nothing, or no JSON object */
function parse(body: Uint8Array | undefined): object | undefined {
  if (body === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    return fieldsAt(value);
  } catch {
    return undefined;
  }
}
