/** Published points: listing, opening with every digest checked, pruning, and collecting what was never published. */
import { z } from 'zod';
import type { KubeObject } from '../../api/object.ts';
import { type PointManifest, pointManifest } from '../../domain/protection/point.ts';
import { elapsed, fromRfc3339, type Instant, type Millis, minutes } from '../../domain/time.ts';
import type { Log } from '../../kube/log.ts';
import type { Store } from '../../store/store.ts';
import { type OpenPoint, PointDamagedError, type PublishedPoint, type ScenarioIdentity } from '../engine.ts';
import { readArchive } from './archive.ts';
import { objectDigest, sha256 } from './digest.ts';
import { archiveKey, CLAIMS, claimKey, MANIFESTS, manifestKey, nameOfKey, nameStem } from './layout.ts';
import { erasePoint, pointDigest } from './publish.ts';

/** An unpublished point younger than this may still be on its way: much longer than any capture takes. */
export const HALF_WRITTEN_AGE: Millis = minutes(60);

/**
 * Points of a scenario, newest first. A scenario is known by namespace and
 * name, not by uid: after the objective cluster itself was lost, a scenario
 * applied anew finds what was captured before. A manifest that cannot be read
 * is logged and left out.
 * @throws StoreError
 */
export async function listPoints(
  store: Store,
  scenario: ScenarioIdentity,
  log: Log,
  signal: AbortSignal,
): Promise<readonly PublishedPoint[]> {
  const points: PublishedPoint[] = [];
  for (const key of await store.list(`${MANIFESTS}${nameStem(scenario)}`, signal)) {
    const body = await store.get(key, signal);
    // Pruned since it was listed.
    if (body === undefined) continue;
    const manifest = parseManifest(body);
    if (manifest === undefined)
      log.warn({ key, store: store.location }, 'the manifest of a point is damaged');
    else if (isOf(manifest, scenario)) points.push({ manifest, digest: pointDigest(body) });
  }
  return points.toSorted((a, b) => (age(a) < age(b) ? 1 : -1));
}

/** RFC 3339 in UTC with milliseconds sorts as text. */
const age = ({ manifest }: PublishedPoint): string => `${manifest.capturedAt} ${manifest.name}`;

function isOf(manifest: PointManifest, { namespace, name }: ScenarioIdentity): boolean {
  return manifest.scenario.namespace === namespace && manifest.scenario.name === name;
}

function parseManifest(body: Uint8Array): PointManifest | undefined {
  return pointManifest.safeParse(parseJson(body)).data;
}

/** @returns undefined when it is no JSON: whoever asks says what it was of. */
function parseJson(body: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    return value;
  } catch {
    return undefined;
  }
}

/**
 * Reads a point whole and proves that it is what was captured.
 * @param expectedDigest as published, when known
 * @throws PointDamagedError, StoreError
 */
export async function openPoint(
  store: Store,
  name: string,
  signal: AbortSignal,
  expectedDigest?: string,
): Promise<OpenPoint> {
  const damaged = (what: string): PointDamagedError =>
    new PointDamagedError(`recovery point ${name} in ${store.location}: ${what}; use another point`);
  const body = await store.get(manifestKey(name), signal);
  if (body === undefined) throw damaged('it is not there');
  const digest = pointDigest(body);
  if (expectedDigest !== undefined && digest !== expectedDigest)
    throw damaged('its manifest is not the one that was published');
  const manifest = parseManifest(body);
  if (manifest === undefined || manifest.name !== name) throw damaged('its manifest cannot be read');
  const archive = await store.get(archiveKey(name), signal);
  if (archive === undefined) throw damaged('its archive is not there');
  if (sha256(archive) !== manifest.archive.sha256) throw damaged('its archive does not match its digest');
  const objects = await readArchive(archive);
  const problem = differenceInside(manifest, objects);
  if (problem !== undefined) throw damaged(problem);
  return { manifest, digest, object: (key) => objects.get(key) };
}

function differenceInside(
  manifest: PointManifest,
  objects: ReadonlyMap<string, KubeObject>,
): string | undefined {
  if (objects.size !== manifest.objects.length)
    return `its archive holds ${objects.size} objects, its manifest names ${manifest.objects.length}`;
  for (const { key, digest } of manifest.objects) {
    const object = objects.get(key);
    if (object === undefined) return `${key} is missing from its archive`;
    if (objectDigest(object) !== digest) return `${key} does not match its digest`;
  }
  return undefined;
}

/** Removes points beyond the newest `keep` except those in use; returns their names. @throws StoreError */
export async function prunePoints(
  store: Store,
  points: readonly PublishedPoint[],
  keep: number,
  inUse: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const removed = points
    .slice(Math.max(keep, 1))
    .map(({ manifest }) => manifest.name)
    .filter((name) => !inUse.has(name));
  for (const name of removed) await erasePoint(store, name, signal);
  return removed;
}

const claim = z.object({
  startedAt: z.string(),
  scenario: z.object({ namespace: z.string(), name: z.string() }),
});

/**
 * Removes what captures and prunes of this scenario left behind when they were
 * killed; returns the names. Only what has a claim and no manifest, and is old.
 * @param busy names being written by this process
 * @throws StoreError
 */
export async function collectHalfWritten(
  store: Store,
  scenario: ScenarioIdentity,
  busy: ReadonlySet<string>,
  now: Instant,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const stem = nameStem(scenario);
  const claimed = (await store.list(`${CLAIMS}${stem}`, signal)).map(nameOfKey);
  const published = new Set((await store.list(`${MANIFESTS}${stem}`, signal)).map(nameOfKey));
  const removed: string[] = [];
  for (const name of claimed) {
    if (published.has(name) || busy.has(name)) continue;
    if (!(await isStale(store, name, scenario, now, signal))) continue;
    await erasePoint(store, name, signal);
    removed.push(name);
  }
  return removed;
}

async function isStale(
  store: Store,
  name: string,
  scenario: ScenarioIdentity,
  now: Instant,
  signal: AbortSignal,
): Promise<boolean> {
  const body = await store.get(claimKey(name), signal);
  if (body === undefined) return false;
  const parsed = claim.safeParse(parseJson(body));
  if (!parsed.success) return false;
  const { startedAt, scenario: owner } = parsed.data;
  const started = fromRfc3339(startedAt);
  return (
    owner.namespace === scenario.namespace &&
    owner.name === scenario.name &&
    started !== undefined &&
    elapsed(started, now) > HALF_WRITTEN_AGE
  );
}
