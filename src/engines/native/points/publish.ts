/**
 * Writes a point so that it appears whole or not at all. Order is everything:
 * claim, archive, Velero's extras, Velero's own record, and last the manifest.
 * Published means that the manifest is there; a crash before that leaves
 * something claimed, unlisted, for {@link collectHalfWritten} to remove.
 */
import type { PointManifest } from '../../../domain/protection/point.ts';
import type { Log } from '../../../kube/log.ts';
import { describeError } from '../../../kube/log.ts';
import type { Store } from '../../../store/store.ts';
import type { PublishedPoint, ScenarioIdentity } from '../../engine.ts';
import { sha256 } from '../objects/digest.ts';
import { type ArchivedObject, writeArchive } from './archive.ts';
import { claimBody, claimName, confirmClaim, parseJson } from './claims.ts';
import {
  archiveKey,
  BACKUPS,
  backupFolder,
  backupKey,
  CLAIMS,
  claimKey,
  extraKey,
  MANIFESTS,
  manifestKey,
  nameOfFile,
  nameOfKey,
  nameStem,
  stamp,
} from './layout.ts';
import { backupResource, extraFiles, isOurBackup } from './velero-files.ts';

/** A manifest but for what is known only once the archive is made. */
export type Draft = Omit<PointManifest, 'archive'>;

export interface Publication {
  readonly draft: Draft;
  readonly objects: readonly ArchivedObject[];
  /** The selected namespaces, for Velero's record. */
  readonly namespaces: readonly string[];
  /** A good point whose archive may be the same to the byte: then it is copied in the store and not sent again. */
  readonly like?: PointManifest | undefined;
}

/**
 * A name that neither a point nor a backup of somebody else has: scenario and
 * second, with a counter when taken.
 * @param capturedAt RFC 3339
 * @param busy names that this process is writing
 */
export async function freeName(
  store: Store,
  scenario: ScenarioIdentity,
  capturedAt: string,
  busy: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<string> {
  const name = `${nameStem(scenario)}${stamp(capturedAt)}`;
  const [claims, manifests, files] = await Promise.all([
    store.list(`${CLAIMS}${name}`, signal),
    store.list(`${MANIFESTS}${name}`, signal),
    store.list(`${BACKUPS}${name}`, signal),
  ]);
  const taken = new Set([...busy, ...[...claims, ...manifests].map(nameOfKey), ...files.map(nameOfFile)]);
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
  const { name, capturedAt, scenario, objective } = publication.draft;
  const claim = claimBody(capturedAt, { ...scenario, objective });
  await claimName(store, name, claim, signal);
  try {
    return await writeAll(publication, claim, store, signal);
  } catch (error) {
    if (!signal.aborted)
      await eraseClaimed(store, name, claim, signal).catch((problem: unknown) => {
        log.warn(
          { point: name, problem: describeError(problem) },
          'an unpublished point could not be removed; it is not listed and will be collected later',
        );
      });
    throw error;
  }
}

/** What is under a name that another operator has taken is not ours to remove. */
async function eraseClaimed(
  store: Store,
  name: string,
  claim: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  await confirmClaim(store, name, claim, signal);
  await erasePoint(store, name, signal);
}

async function writeAll(
  { draft, objects, namespaces, like }: Publication,
  claim: Uint8Array,
  store: Store,
  signal: AbortSignal,
): Promise<PublishedPoint> {
  const { name } = draft;
  const archive = await writeArchive(objects);
  const manifest: PointManifest = {
    ...draft,
    archive: { sha256: sha256(archive), bytes: archive.byteLength },
  };
  const isSame = like?.archive.sha256 === manifest.archive.sha256;
  const isCopied = isSame && (await store.copy(archiveKey(like.name), archiveKey(name), signal));
  if (!isCopied) await store.put(archiveKey(name), archive, signal);
  const extras = extraFiles(
    manifest,
    objects.map(({ object }) => object),
  );
  for (const [file, body] of Object.entries(extras)) await store.put(extraKey(name, file), body, signal);
  await store.put(backupKey(name), json(backupResource(manifest, namespaces)), signal);
  const body = json(manifest);
  // On a server without conditional writes another operator may have taken the name after us.
  await confirmClaim(store, name, claim, signal);
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
 * last, so that whatever a crash leaves is neither listed nor forgotten. A
 * backup of the same name that somebody else made meanwhile stays.
 * @throws StoreError
 */
export async function erasePoint(store: Store, name: string, signal: AbortSignal): Promise<void> {
  await store.remove(manifestKey(name), signal);
  const backup = await store.get(backupKey(name), signal);
  if (backup === undefined || isOurBackup(parseJson(backup))) {
    // Before the archive: Velero must not see a finished backup without one.
    await store.remove(backupKey(name), signal);
    for (const key of await store.list(backupFolder(name), signal)) await store.remove(key, signal);
  }
  await store.remove(claimKey(name), signal);
}
