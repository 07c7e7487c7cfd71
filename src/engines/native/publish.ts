/**
 * Writes a point so that it appears whole or not at all. Order is everything:
 * claim, archive, Velero's extras, Velero's own record, and last the manifest.
 * Published means that the manifest is there; a crash before that leaves
 * something claimed, unlisted, for {@link collectHalfWritten} to remove.
 */
import type { PointManifest } from '../../domain/protection/point.ts';
import type { Log } from '../../kube/log.ts';
import { describeError } from '../../kube/log.ts';
import type { Store } from '../../store/store.ts';
import type { PublishedPoint, ScenarioIdentity } from '../engine.ts';
import { type ArchivedObject, writeArchive } from './archive.ts';
import { sha256 } from './digest.ts';
import {
  archiveKey,
  backupFolder,
  backupKey,
  CLAIMS,
  claimKey,
  extraKey,
  MANIFESTS,
  manifestKey,
  nameOfKey,
  nameStem,
  stamp,
} from './layout.ts';
import { backupResource, extraFiles } from './velero-files.ts';

/** A manifest but for what is known only once the archive is made. */
export type Draft = Omit<PointManifest, 'archive'>;

export interface Publication {
  readonly draft: Draft;
  readonly objects: readonly ArchivedObject[];
  /** The selected namespaces, for Velero's record. */
  readonly namespaces: readonly string[];
}

/**
 * A name no point has: scenario and second, with a counter when taken.
 * @param capturedAt RFC 3339
 */
export async function freeName(
  store: Store,
  scenario: ScenarioIdentity,
  capturedAt: string,
  signal: AbortSignal,
): Promise<string> {
  const name = `${nameStem(scenario)}${stamp(capturedAt)}`;
  const [claims, manifests] = await Promise.all([
    store.list(`${CLAIMS}${name}`, signal),
    store.list(`${MANIFESTS}${name}`, signal),
  ]);
  const taken = new Set([...claims, ...manifests].map(nameOfKey));
  let candidate = name;
  for (let counter = 2; taken.has(candidate); counter += 1) candidate = `${name}-${counter}`;
  return candidate;
}

/** @throws StoreError; then what was written is removed again as far as the store lets us, and else collected later */
export async function publish(
  publication: Publication,
  store: Store,
  log: Log,
  signal: AbortSignal,
): Promise<PublishedPoint> {
  const { name } = publication.draft;
  try {
    return await writeAll(publication, store, signal);
  } catch (error) {
    if (!signal.aborted)
      await erasePoint(store, name, signal).catch((problem: unknown) => {
        log.warn(
          { point: name, problem: describeError(problem) },
          'an unpublished point could not be removed; it is not listed and will be collected later',
        );
      });
    throw error;
  }
}

async function writeAll(
  { draft, objects, namespaces }: Publication,
  store: Store,
  signal: AbortSignal,
): Promise<PublishedPoint> {
  const { name } = draft;
  const archive = await writeArchive(objects);
  const manifest: PointManifest = {
    ...draft,
    archive: { sha256: sha256(archive), bytes: archive.byteLength },
  };
  await store.put(claimKey(name), json({ startedAt: draft.capturedAt, scenario: draft.scenario }), signal);
  await store.put(archiveKey(name), archive, signal);
  const extras = extraFiles(
    manifest,
    objects.map(({ object }) => object),
  );
  for (const [file, body] of Object.entries(extras)) await store.put(extraKey(name, file), body, signal);
  await store.put(backupKey(name), json(backupResource(manifest, namespaces)), signal);
  const body = json(manifest);
  await store.put(manifestKey(name), body, signal);
  return { manifest, digest: pointDigest(body) };
}

function json(value: object): Uint8Array {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}

/** `sha256:<hex>` of the bytes of a manifest. */
export function pointDigest(manifest: Uint8Array): string {
  return `sha256:${sha256(manifest)}`;
}

/**
 * Removes a point, published or not. Unpublishes first and drops the claim
 * last, so that whatever a crash leaves is neither listed nor forgotten.
 * @throws StoreError
 */
export async function erasePoint(store: Store, name: string, signal: AbortSignal): Promise<void> {
  await store.remove(manifestKey(name), signal);
  // Before the archive: Velero must not see a finished backup without one.
  await store.remove(backupKey(name), signal);
  for (const key of await store.list(backupFolder(name), signal)) await store.remove(key, signal);
  await store.remove(claimKey(name), signal);
}
