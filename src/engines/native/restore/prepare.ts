/**
 * An object as it is written into the target: its normal form, marked as ours,
 * its owners named by the uids they have there.
 */
import type { KubeObject, OwnerReference } from '../../../api/object.ts';
import { RECOVERY_POINT_ANNOTATION, SCENARIO_LABEL, scenarioLabel } from '../../../api/ownership.ts';
import type { PointManifest } from '../../../domain/protection/point.ts';
import { DATA_ANNOTATION, NOT_MOVED_ANNOTATION } from '../../../domain/volumes/evidence.ts';
import { normalize } from '../objects/normalize.ts';
import { withoutLostSource } from './data-source.ts';

/** An owner with its uid in the target. */
export interface ResolvedOwner {
  readonly owner: OwnerReference;
  /** Undefined when the target does not have it. */
  readonly uid: string | undefined;
}

export interface Prepared {
  readonly object: KubeObject;
  /** Owners the target does not have: the object is written without them. */
  readonly lostOwners: readonly OwnerReference[];
  /** What else of it could not be kept. */
  readonly note?: string;
}

/**
 * @param owners one for each owner reference of `captured`
 * @param existing what the target has under its name, when it is to be changed
 */
export function prepare(
  captured: KubeObject,
  owners: readonly ResolvedOwner[],
  scenario: { readonly namespace: string; readonly name: string },
  point: Pick<PointManifest, 'name' | 'objects' | 'volumes'>,
  existing?: KubeObject,
): Prepared {
  const { object: plain, note } = withoutLostSource(normalize(captured), point, existing);
  const { ownerReferences: _, ...metadata } = plain.metadata;
  const ownerReferences: OwnerReference[] = [];
  const lostOwners: OwnerReference[] = [];
  for (const { owner, uid } of owners) {
    if (uid === undefined) lostOwners.push(owner);
    else ownerReferences.push({ ...owner, uid });
  }
  const object = {
    ...plain,
    metadata: {
      ...metadata,
      labels: { ...metadata.labels, [SCENARIO_LABEL]: scenarioLabel(scenario) },
      ...annotationsWith(metadata.annotations, point.name),
      ...(ownerReferences.length === 0 ? {} : { ownerReferences }),
    },
  };
  return { object, lostOwners, ...(note === undefined ? {} : { note }) };
}

/** What was noted of the data of a claim stays on it: nothing else in the target may tell any more. */
export function withDataNotes(object: KubeObject, existing: KubeObject): KubeObject {
  const noted = existing.metadata.annotations ?? {};
  const notes = Object.fromEntries(
    [DATA_ANNOTATION, NOT_MOVED_ANNOTATION].flatMap((name) =>
      noted[name] === undefined ? [] : [[name, noted[name]]],
    ),
  );
  if (Object.keys(notes).length === 0) return object;
  const annotations = { ...object.metadata.annotations, ...notes };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** Of all keys and values of an object's annotations, set by Kubernetes (apimachinery, TotalAnnotationSizeLimitB). */
const ANNOTATIONS_LIMIT_BYTES = 256 * 1024;

/** An object whose own annotations leave no room goes without ours: what makes it ours is the label. */
function annotationsWith(
  captured: Readonly<Record<string, string>> | undefined,
  point: string,
): Pick<KubeObject['metadata'], 'annotations'> {
  const annotations = { ...captured, [RECOVERY_POINT_ANNOTATION]: point };
  const bytes = Object.entries(annotations)
    .flat()
    .reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes <= ANNOTATIONS_LIMIT_BYTES) return { annotations };
  return captured === undefined ? {} : { annotations: captured };
}
