/**
 * What a claim says of where its first data came from. A claim that is made
 * empty cannot keep a source that the recovery region does not have, such as a
 * snapshot of long ago or of an earlier recovery: it would wait for that for
 * ever. A source that is part of the point goes back before the claim, which
 * is then filled from it as it once was.
 */
import { fieldsAt, textAt } from '../../../api/fields.ts';
import { groupOf, type KubeObject, objectKey, refKey } from '../../../api/object.ts';
import type { PointManifest } from '../../../domain/protection/point.ts';
import { drop } from '../objects/editing.ts';

export interface Sourced {
  readonly object: KubeObject;
  /** What people should know of it. */
  readonly note?: string;
}

/**
 * The object as it can be written; the same but for a claim of whose data the point has none.
 * @param manifest as it reads in the recovery region
 * @param existing the object of this name there, if there is one
 */
export function withoutLostSource(
  object: KubeObject,
  manifest: Pick<PointManifest, 'objects' | 'volumes'>,
  existing?: KubeObject,
): Sourced {
  const source = sourceOf(object);
  if (source === undefined || hasData(object, manifest)) return { object };
  if (manifest.objects.some(({ key }) => key === source)) return { object };
  const plain = withSpec(
    object,
    FIELDS.reduce((spec, field) => drop(spec, [field]), specOf(object)),
  );
  // A claim that has its volume was filled in its own time, and cannot say otherwise any more.
  if (existing !== undefined && textAt(existing, 'status', 'phase') === 'Bound' && sourceOf(existing))
    return { object: withSpec(plain, { ...specOf(plain), ...sourceFields(existing) }) };
  const { kind, metadata } = object;
  const note = `${kind} ${metadata.name} was made without its data source ${source}, which is not in the recovery point: it is empty`;
  return { object: plain, note };
}

const FIELDS = ['dataSource', 'dataSourceRef'] as const;

const specOf = (object: KubeObject) => fieldsAt(object, 'spec') ?? {};
const withSpec = (object: KubeObject, spec: object): KubeObject => ({ ...object, spec });

const sourceFields = (claim: KubeObject) =>
  Object.fromEntries(
    Object.entries(specOf(claim)).filter(([name]) => FIELDS.some((field) => field === name)),
  );

/** refKey of what a claim is filled from; undefined for whatever else. The API server keeps its two fields alike. */
function sourceOf(object: KubeObject): string | undefined {
  if (object.kind !== 'PersistentVolumeClaim' || groupOf(object.apiVersion) !== '') return undefined;
  const source = fieldsAt(object, 'spec', 'dataSourceRef') ?? fieldsAt(object, 'spec', 'dataSource');
  const kind = textAt(source, 'kind');
  const name = textAt(source, 'name');
  const namespace = textAt(source, 'namespace') ?? object.metadata.namespace;
  if (kind === undefined || name === undefined || namespace === undefined) return undefined;
  return refKey({ group: textAt(source, 'apiGroup') ?? '', kind, namespace, name });
}

const hasData = (claim: KubeObject, { volumes = [] }: Pick<PointManifest, 'volumes'>): boolean =>
  volumes.some((volume) => volume.claim === objectKey(claim) && volume.strategy !== 'Exclude');
