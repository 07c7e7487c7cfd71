/**
 * By which class, and on which node, the volume of a claim can be made that no Pod
 * uses. Where a class waits for its first consumer the scheduler would choose the
 * node; here it is chosen in its place, so that the driver can be there. Pure.
 */
import { arrayAt, at, textAt } from '../../api/fields.ts';
import type { KubeObject } from '../../api/object.ts';
import { storageClassOf } from '../graph/storage-class.ts';
import { isDefaultStorageClass } from '../protection/feasibility-classes.ts';

/** `message`: a clause that names the region, with the remedy. */
export interface NotThere {
  readonly kind: 'missing';
  readonly message: string;
}

/** The class that claims get which name none: the newest, as the API server chooses. */
export function standardClass(classes: readonly KubeObject[]): KubeObject | undefined {
  const made = ({ metadata }: KubeObject): string => metadata.creationTimestamp ?? '';
  return classes
    .filter(isDefaultStorageClass)
    .toSorted((a, b) => made(b).localeCompare(made(a)) || a.metadata.name.localeCompare(b.metadata.name))
    .at(0);
}

/**
 * @param claim as it is to be in the region
 * @param classes of the region
 */
export function classFor(
  claim: KubeObject,
  classes: readonly KubeObject[],
  region: string,
): { readonly kind: 'class'; readonly object: KubeObject } | NotThere {
  const name = storageClassOf(claim)?.name;
  const missing = (message: string): NotThere => ({ kind: 'missing', message });
  if (name === '') return missing('it asks for no StorageClass, by which a volume could be made');
  const object =
    name === undefined ? standardClass(classes) : classes.find(({ metadata }) => metadata.name === name);
  if (object !== undefined) return { kind: 'class', object };
  return name === undefined
    ? missing(`${region} has no default StorageClass, and it names none`)
    : missing(
        `${region} has no StorageClass ${name} yet: it comes with a recovery, unless you make it there or map it by spec.replication.transforms`,
      );
}

export const waitsForConsumer = (storageClass: KubeObject | undefined): boolean =>
  textAt(storageClass, 'volumeBindingMode') === 'WaitForFirstConsumer';

/** @param csiNodes tell which drivers are on which node */
export function nodeFor(
  storageClass: KubeObject,
  nodes: readonly KubeObject[],
  csiNodes: readonly KubeObject[],
  region: string,
): { readonly kind: 'node'; readonly name: string } | NotThere {
  const driver = textAt(storageClass, 'provisioner') ?? '';
  const withDriver = new Set(
    csiNodes
      .filter((node) => arrayAt(node, 'spec', 'drivers').some((one) => textAt(one, 'name') === driver))
      .map(({ metadata }) => metadata.name),
  );
  const fitting = nodes.find(
    (node) => takesPods(node) && withDriver.has(node.metadata.name) && isAllowed(node, storageClass),
  );
  if (fitting !== undefined) return { kind: 'node', name: fitting.metadata.name };
  return {
    kind: 'missing',
    message: `${region} has no node for it that is ready, without taints, has the CSI driver ${driver} and fits the allowedTopologies of StorageClass ${storageClass.metadata.name}`,
  };
}

/** Of any Pod: which taints one of the application tolerates is not known here. */
function takesPods(node: KubeObject): boolean {
  const isReady = arrayAt(node, 'status', 'conditions').some(
    (condition) => textAt(condition, 'type') === 'Ready' && textAt(condition, 'status') === 'True',
  );
  const isTainted = arrayAt(node, 'spec', 'taints').some((taint) =>
    ['NoSchedule', 'NoExecute'].includes(textAt(taint, 'effect') ?? ''),
  );
  return isReady && !isTainted && at(node, 'spec', 'unschedulable') !== true;
}

/** One of the terms must hold, and of that all expressions. */
function isAllowed({ metadata: { labels = {} } }: KubeObject, storageClass: KubeObject): boolean {
  const terms = arrayAt(storageClass, 'allowedTopologies');
  return (
    terms.length === 0 ||
    terms.some((term) =>
      arrayAt(term, 'matchLabelExpressions').every((expression) =>
        arrayAt(expression, 'values').includes(labels[textAt(expression, 'key') ?? '']),
      ),
    )
  );
}
