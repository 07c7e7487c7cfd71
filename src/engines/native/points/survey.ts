/**
 * What points of a scenario a store has, without keeping what is in them: a
 * manifest names every object, and there may be hundreds of manifests. Each is
 * read once by a process, for a published manifest never changes; whether its
 * archive is still there is looked at every time, since others may use the
 * bucket too.
 */
import { pointManifest } from '../../../domain/protection/point.ts';
import { pointData } from '../../../domain/protection/point-data.ts';
import { newestFirst, nextSequence } from '../../../domain/protection/point-order.ts';
import type { Log } from '../../../kube/log.ts';
import type { Store } from '../../../store/store.ts';
import type { PointSummary, ScenarioIdentity } from '../../engine.ts';
import { parseJson } from './claims.ts';
import { archiveKey, BACKUPS, MANIFESTS, manifestKey, nameOfKey, nameStem } from './layout.ts';
import { pointDigest } from './publish.ts';

export interface Survey {
  /** Whole points, newest first. */
  readonly points: readonly PointSummary[];
  /** Published once, but their archive is gone. */
  readonly damaged: readonly PointSummary[];
}

/** What a process has read of one store; by key of the manifest. */
export interface Known {
  readonly summaries: Map<string, PointSummary>;
  /** Keys of what was complained about, so that it is said once. */
  readonly told: Set<string>;
}

export const nothingKnown = (): Known => ({ summaries: new Map(), told: new Set() });

/**
 * A scenario is known by namespace and name, not by uid: after the objective
 * cluster itself was lost, a scenario applied anew finds what was captured
 * before. A manifest that cannot be read is logged and left out.
 * @throws StoreError
 */
export async function survey(
  store: Store,
  scenario: ScenarioIdentity,
  known: Known,
  log: Log,
  signal: AbortSignal,
): Promise<Survey> {
  const published = await publishedPoints(store, scenario, known, log, signal);
  const stem = nameStem(scenario);
  const files = new Set(published.length === 0 ? [] : await store.list(BACKUPS + stem, signal));
  const points: PointSummary[] = [];
  const damaged: PointSummary[] = [];
  for (const summary of published) {
    if (files.has(archiveKey(summary.name))) {
      points.push(summary);
      continue;
    }
    damaged.push(summary);
    complain(known, manifestKey(summary.name), () =>
      log.warn(
        { point: summary.name, store: store.location },
        'the archive of a recovery point is gone: something else deletes what is in the store',
      ),
    );
  }
  return { points: newestFirst(points), damaged };
}

/** The sequence of a point that is about to be published. @throws StoreError */
export const sequenceOfNext = async (
  store: Store,
  scenario: ScenarioIdentity,
  known: Known,
  log: Log,
  signal: AbortSignal,
): Promise<number> => nextSequence(await publishedPoints(store, scenario, known, log, signal));

/** Those that have a manifest, whether or not their archive is there. */
async function publishedPoints(
  store: Store,
  scenario: ScenarioIdentity,
  known: Known,
  log: Log,
  signal: AbortSignal,
): Promise<readonly PointSummary[]> {
  const prefix = `${MANIFESTS}${nameStem(scenario)}`;
  const keys = await store.list(prefix, signal);
  forget(known, prefix, keys);
  const published: PointSummary[] = [];
  for (const key of keys) {
    const summary = known.summaries.get(key) ?? (await read(store, key, known, log, signal));
    if (summary !== undefined && isOf(summary, scenario)) published.push(summary);
  }
  return published;
}

const isOf = ({ scenario: of }: PointSummary, { namespace, name }: ScenarioIdentity): boolean =>
  of.namespace === namespace && of.name === name;

async function read(
  store: Store,
  key: string,
  known: Known,
  log: Log,
  signal: AbortSignal,
): Promise<PointSummary | undefined> {
  const body = await store.get(key, signal);
  // Pruned since it was listed.
  if (body === undefined) return undefined;
  const manifest = pointManifest.safeParse(parseJson(body)).data;
  if (manifest === undefined || manifest.name !== nameOfKey(key)) {
    complain(known, key, () =>
      log.warn({ key, store: store.location }, 'the manifest of a point is damaged'),
    );
    return undefined;
  }
  const { name, sequence, capturedAt, scenario, sourceRegion, objective } = manifest;
  const summary: PointSummary = {
    name,
    ...(sequence === undefined ? {} : { sequence }),
    capturedAt,
    objects: manifest.objects.length,
    bytes: manifest.archive.bytes,
    digest: pointDigest(body),
    scenario,
    sourceRegion,
    ...pointData(manifest),
    ...(objective === undefined ? {} : { objective }),
  };
  known.summaries.set(key, summary);
  return summary;
}

function complain({ told }: Known, key: string, say: () => void): void {
  if (told.has(key)) return;
  told.add(key);
  say();
}

/** Of manifests that are there no more. */
function forget({ summaries, told }: Known, prefix: string, keys: readonly string[]): void {
  const present = new Set(keys);
  for (const memory of [summaries, told])
    for (const key of memory.keys()) if (key.startsWith(prefix) && !present.has(key)) memory.delete(key);
}
