/** Points of a store: opening with every digest checked, and collecting what was never published. */
import type { KubeObject } from '../../../api/object.ts';
import { type PointManifest, pointManifest } from '../../../domain/protection/point.ts';
import { elapsed, type Instant, type Millis, minutes } from '../../../domain/time.ts';
import type { Log } from '../../../kube/log.ts';
import type { Store } from '../../../store/store.ts';
import {
  type OpenPoint,
  PointDamagedError,
  type PublishedPoint,
  type ScenarioIdentity,
} from '../../engine.ts';
import { objectDigest, sha256 } from '../objects/digest.ts';
import { readArchive } from './archive.ts';
import { claimedAt, type Owner, parseJson } from './claims.ts';
import { archiveKey, CLAIMS, claimKey, MANIFESTS, manifestKey, nameOfKey, nameStem } from './layout.ts';
import { erasePoint, pointDigest } from './publish.ts';
import { storeProblem } from './store-problem.ts';
import { type Known, survey } from './survey.ts';

/** An unpublished point younger than this may still be on its way: much longer than any capture takes. */
export const HALF_WRITTEN_AGE: Millis = minutes(60);

/**
 * The newest point of a scenario with everything its manifest says; undefined when there is none.
 * @param known see {@link survey}
 * @throws StoreError
 */
export async function newestPoint(
  store: Store,
  scenario: ScenarioIdentity,
  known: Known,
  log: Log,
  signal: AbortSignal,
): Promise<PublishedPoint | undefined> {
  const { points } = await survey(store, scenario, known, log, signal);
  const [newest] = points;
  const body = newest === undefined ? undefined : await store.get(manifestKey(newest.name), signal);
  const manifest = body === undefined ? undefined : parseManifest(body);
  return body === undefined || manifest === undefined ? undefined : { manifest, digest: pointDigest(body) };
}

function parseManifest(body: Uint8Array): PointManifest | undefined {
  return pointManifest.safeParse(parseJson(body)).data;
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
  const { body, digest } = await storedManifest(store, name, expectedDigest, signal);
  const manifest = parseManifest(body);
  if (manifest === undefined || manifest.name !== name)
    throw damaged(store, name, 'its manifest cannot be read');
  const objects = await readArchive(await archiveOf(store, manifest, signal));
  const problem = differenceInside(manifest, objects);
  if (problem !== undefined) throw damaged(store, name, problem);
  return { manifest, digest, object: (key) => objects.get(key) };
}

/**
 * The archive of a point of which the manifest is known, once both are seen to be what was published.
 * @throws PointDamagedError, StoreError
 */
export async function storedArchive(
  store: Store,
  { manifest, digest }: PublishedPoint,
  signal: AbortSignal,
): Promise<Uint8Array> {
  await storedManifest(store, manifest.name, digest, signal);
  return archiveOf(store, manifest, signal);
}

async function storedManifest(
  store: Store,
  name: string,
  expectedDigest: string | undefined,
  signal: AbortSignal,
) {
  const body = await store.get(manifestKey(name), signal);
  if (body === undefined) throw damaged(store, name, 'it is not there');
  const digest = pointDigest(body);
  if (expectedDigest !== undefined && digest !== expectedDigest)
    throw damaged(store, name, 'its manifest is not the one that was published');
  return { body, digest };
}

async function archiveOf(
  store: Store,
  { name, archive: { sha256: expected } }: PointManifest,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const archive = await store.get(archiveKey(name), signal);
  if (archive === undefined) throw damaged(store, name, 'its archive is not there');
  if (sha256(archive) !== expected) throw damaged(store, name, 'its archive does not match its digest');
  return archive;
}

/** @param what is wrong with the point */
export const damaged = (store: Store, name: string, what: string): PointDamagedError =>
  new PointDamagedError(`recovery point ${name} in ${store.location}: ${what}; use another point`);

function differenceInside(
  manifest: PointManifest,
  objects: ReadonlyMap<string, KubeObject>,
): string | undefined {
  const expected = manifest.archive.objects ?? manifest.objects.length;
  if (objects.size !== expected)
    return `its archive holds ${objects.size} objects, its manifest tells of ${expected}`;
  for (const { key, digest } of manifest.objects) {
    const object = objects.get(key);
    if (object === undefined) return `${key} is missing from its archive`;
    if (objectDigest(object) !== digest) return `${key} does not match its digest`;
  }
  return undefined;
}

export interface Collected {
  /** Names. */
  readonly removed: readonly string[];
  /** What the store said of those that it does not let go. */
  readonly problems: readonly string[];
}

/**
 * Removes what captures and prunes of this owner left behind when they were
 * killed. Only what has a claim and no manifest, and is old.
 * @param isNeeded of a name: it is being written by this process, or listed as a point, whose manifest may come back
 * @throws StoreError when the store cannot be looked through
 */
export async function collectHalfWritten(
  store: Store,
  owner: Owner,
  isNeeded: (name: string) => boolean,
  now: Instant,
  signal: AbortSignal,
): Promise<Collected> {
  const stem = nameStem(owner);
  const claimed = (await store.list(`${CLAIMS}${stem}`, signal)).map(nameOfKey);
  const published = new Set((await store.list(`${MANIFESTS}${stem}`, signal)).map(nameOfKey));
  const removed: string[] = [];
  const problems: string[] = [];
  for (const name of claimed) {
    if (published.has(name) || isNeeded(name)) continue;
    const body = await store.get(claimKey(name), signal);
    const startedAt = body === undefined ? undefined : claimedAt(body, owner);
    if (startedAt === undefined || elapsed(startedAt, now) <= HALF_WRITTEN_AGE) continue;
    const problem = await storeProblem(name, () => erasePoint(store, name, signal), signal);
    if (problem === undefined) removed.push(name);
    else problems.push(problem);
  }
  return { removed, problems };
}
