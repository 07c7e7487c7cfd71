/**
 * An object as it is written into the target: its normal form, marked as ours,
 * its owners named by the uids they have there.
 */
import type { KubeObject, OwnerReference } from '../../api/object.ts';
import { RECOVERY_POINT_ANNOTATION, SCENARIO_LABEL, scenarioLabel } from '../../api/ownership.ts';
import { normalize } from './normalize.ts';

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
}

/** @param owners one for each owner reference of `captured` */
export function prepare(
  captured: KubeObject,
  owners: readonly ResolvedOwner[],
  scenario: { readonly namespace: string; readonly name: string },
  point: string,
): Prepared {
  const plain = normalize(captured);
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
      annotations: { ...metadata.annotations, [RECOVERY_POINT_ANNOTATION]: point },
      ...(ownerReferences.length === 0 ? {} : { ownerReferences }),
    },
  };
  return { object, lostOwners };
}
