/**
 * Which claims Velero puts back with their data, and what it needs for that: the
 * record of the upload by its data mover, tied to the claim by an annotation.
 * A claim whose snapshot the recovery region reads by its handle is not among
 * them: the native engine makes it, and proves afterwards that it has the data.
 */
import { textAt } from '../../../api/fields.ts';
import { groupOf, type KubeObject } from '../../../api/object.ts';
import type { PointManifest } from '../../../domain/protection/point.ts';
import type { Store } from '../../../store/store.ts';
import { readArchive } from '../../native/points/archive.ts';
import { archiveKey } from '../../native/points/layout.ts';

const UPLOAD_NAME = 'velero.io/data-upload-name';

const isClaim = ({ apiVersion, kind }: KubeObject): boolean =>
  kind === 'PersistentVolumeClaim' && groupOf(apiVersion) === '';

/** Keys of claims that are not Velero's to make. @param manifest as it reads in the recovery region */
export function claimsByHandle({ volumes = [] }: Pick<PointManifest, 'volumes'>): ReadonlySet<string> {
  const others = volumes.filter(({ snapshot, image }) => snapshot !== undefined || image !== undefined);
  return new Set(others.map(({ claim }) => claim));
}

/** Velero finds the upload of a claim, and names its operation, by what is on the claim. */
export function withUpload(captured: KubeObject, prepared: KubeObject): KubeObject {
  const upload = uploadName(captured);
  const { uid } = captured.metadata;
  if (upload === undefined || uid === undefined) return prepared;
  const annotations = { ...prepared.metadata.annotations, [UPLOAD_NAME]: upload };
  return { ...prepared, metadata: { ...prepared.metadata, uid, annotations } };
}

function uploadName(object: KubeObject): string | undefined {
  return isClaim(object) ? object.metadata.annotations?.[UPLOAD_NAME] : undefined;
}

export interface MovedData {
  readonly uploads: readonly KubeObject[];
  /**
   * The source's names of namespaces, by those that a transform gave them: a data mover
   * keeps the data by the namespace it is from, and finds it by no other.
   */
  readonly sources: ReadonlyMap<string, string>;
}

/**
 * The uploads of the claims among `objects`.
 * @param objects as they are to be in the recovery region
 * @param point name of the point whose archive holds the uploads
 * @throws StoreError, PointDamagedError
 */
export async function movedDataOf(
  objects: readonly KubeObject[],
  point: string,
  store: Store,
  signal: AbortSignal,
): Promise<MovedData> {
  const claims = objects.filter((object) => uploadName(object) !== undefined);
  const archive = claims.length === 0 ? undefined : await store.get(archiveKey(point), signal);
  if (archive === undefined) return { uploads: [], sources: new Map() };
  const all = [...(await readArchive(archive)).values()].filter(({ kind }) => kind === 'DataUpload');
  const sources = new Map<string, string>();
  const uploads = claims.flatMap((claim) => {
    const upload = all.find(({ metadata }) => uploadName(claim)?.endsWith(`/${metadata.name}`));
    const { namespace } = claim.metadata;
    const source = textAt(upload, 'spec', 'sourceNamespace');
    if (namespace !== undefined && source !== undefined && source !== namespace)
      sources.set(namespace, source);
    return upload === undefined ? [] : [upload];
  });
  return { uploads, sources };
}

/**
 * Where an object is put in a backup of which the restore is told to rename `sources` back.
 * @param namespace it is to be in
 */
export function placeIn({ sources }: MovedData, namespace: string): string {
  const source = sources.get(namespace);
  if (source !== undefined) return source;
  // Another namespace was called so in the source: left as it is, the object would be put in that one's.
  return [...sources.values()].includes(namespace) ? `${namespace}-itself` : namespace;
}
