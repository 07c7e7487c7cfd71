/**
 * What Velero says of the work on volumes that went on after a Backup or Restore
 * had written its objects (`…-itemoperations.json.gz`): the one place that tells
 * of a claim whose data was not moved, as its object was made all the same. Pure.
 */
import { textAt } from '../../../api/fields.ts';
import { refKey } from '../../../api/object.ts';

export interface ClaimOperation {
  /** refKey. */
  readonly claim: string;
  /** False also for one that nobody has seen the end of. */
  readonly isCompleted: boolean;
  /** What the data mover, or Velero, says of its failure. */
  readonly error: string | undefined;
}

/** @param file what the file holds; undefined when there is none */
export function claimOperations(file: unknown): readonly ClaimOperation[] {
  const operations: readonly unknown[] = Array.isArray(file) ? file : [];
  return operations.flatMap((operation) => {
    const of = (field: string) => textAt(operation, 'spec', 'resourceIdentifier', field);
    const namespace = of('Namespace');
    const name = of('Name');
    if (of('Resource') !== 'persistentvolumeclaims' || namespace === undefined || name === undefined)
      return [];
    return [
      {
        claim: refKey({ group: '', kind: 'PersistentVolumeClaim', namespace, name }),
        isCompleted: textAt(operation, 'status', 'phase') === 'Completed',
        error: textAt(operation, 'status', 'error'),
      },
    ];
  });
}
