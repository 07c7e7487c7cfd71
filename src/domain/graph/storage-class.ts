/**
 * Which StorageClass a claim, or a template of one, asks for. Read in one place,
 * because an annotation of old, which many charts still write, goes before the field.
 */
import { fieldsAt, textAt } from '../../api/fields.ts';

/** A class by name, `''` for none at all, and where that is written, within the claim. */
export interface AskedClass {
  readonly name: string;
  readonly field: string;
}

const ANNOTATION = 'volume.beta.kubernetes.io/storage-class';

/** @returns undefined for a claim that leaves it to the cluster, which then gives it its default class */
export function storageClassOf(claim: unknown): AskedClass | undefined {
  const annotated = fieldsAt(claim, 'metadata', 'annotations')?.[ANNOTATION];
  if (typeof annotated === 'string')
    return { name: annotated, field: `metadata.annotations["${ANNOTATION}"]` };
  const name = textAt(claim, 'spec', 'storageClassName');
  return name === undefined ? undefined : { name, field: 'spec.storageClassName' };
}
