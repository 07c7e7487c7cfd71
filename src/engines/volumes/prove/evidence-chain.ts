/**
 * Reads what evidence of a claim's data is judged by: for one claim alone, as it
 * is now, or for many by a few lists.
 */
import { textAt } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import { storageClassOf } from '../../../domain/graph/storage-class.ts';
import { type Chain, contentToSee, type Expected } from '../../../domain/volumes/evidence.ts';
import { waitsForConsumer } from '../../../domain/volumes/sample-place.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { keyText } from '../../../kube/reconciler.ts';
import { CLAIM, CONTENT, getOne, listOf, SNAPSHOT, STORAGE_CLASS } from '../kinds.ts';
import type { SharedLists } from './shared-lists.ts';

/** Characters that are told of a message; some drivers say very much. */
export const SAID_LIMIT = 500;
const EVENT = { group: '', kind: 'Event' } as const;

/** @param claim as it is in the recovery region. @throws KubeError */
export async function chainOf(
  claim: KubeObject,
  expected: Expected,
  target: Cluster,
  signal: AbortSignal,
): Promise<Chain> {
  const { namespace = '' } = claim.metadata;
  const snapshot = await getOne(target, SNAPSHOT, { namespace, name: expected.snapshot }, signal);
  const seen = contentToSee(expected, snapshot);
  const content = seen === undefined ? undefined : await getOne(target, CONTENT, { name: seen }, signal);
  const isBound = textAt(claim, 'status', 'phase') === 'Bound';
  const [storageClass, warnings] = isBound
    ? [undefined, []]
    : await Promise.all([classOf(claim, target, signal), warningsAbout(claim, target, signal)]);
  return chain(claim, snapshot, content, storageClass, warnings);
}

/**
 * The chain of a claim that is not bound, as it was a moment ago.
 * @param contents chooses those of the point
 * @returns undefined when there is no such claim, or it is bound
 * @throws KubeError
 */
export async function unboundChain(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  expected: Expected,
  contents: string,
  lists: SharedLists,
  signal: AbortSignal,
): Promise<Chain | undefined> {
  const claim = (await lists.list(CLAIM, { namespace }, signal)).get(keyText({ namespace, name }));
  if (claim === undefined || textAt(claim, 'status', 'phase') === 'Bound') return undefined;
  const [snapshots, imported, classes, events] = await Promise.all([
    lists.list(SNAPSHOT, { namespace }, signal),
    lists.list(CONTENT, { labelSelector: contents }, signal),
    lists.list(STORAGE_CLASS, {}, signal),
    lists.list(EVENT, { namespace, fieldSelector: WARNINGS }, signal),
  ]);
  const snapshot = snapshots.get(keyText({ namespace, name: expected.snapshot }));
  return chain(
    claim,
    snapshot,
    imported.get(contentToSee(expected, snapshot) ?? ''),
    classes.get(className(claim)),
    aboutIt(claim, [...events.values()]),
  );
}

function chain(
  claim: KubeObject,
  snapshot: KubeObject | undefined,
  content: KubeObject | undefined,
  storageClass: KubeObject | undefined,
  warnings: readonly KubeObject[],
): Chain {
  const said = textAt(warnings.at(-1), 'message')?.slice(0, SAID_LIMIT);
  return { claim, snapshot, content, waitsForConsumer: waitsForConsumer(storageClass), said };
}

const className = (claim: KubeObject): string => storageClassOf(claim)?.name ?? '';

async function classOf(
  claim: KubeObject,
  target: Cluster,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  const name = className(claim);
  return name === '' ? undefined : getOne(target, STORAGE_CLASS, { name }, signal);
}

const WARNINGS = 'involvedObject.kind=PersistentVolumeClaim,type=Warning';

/** Why no volume is made of a snapshot is told in Events only. @returns those about the claim, oldest first. @throws KubeError */
export async function warningsAbout(
  claim: KubeObject,
  target: Cluster,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const { namespace = '', name } = claim.metadata;
  const fieldSelector = `${WARNINGS},involvedObject.name=${name}`;
  return aboutIt(claim, await listOf(target, EVENT, { namespace, fieldSelector }, signal));
}

/** Another claim may have had its name. */
function aboutIt({ metadata: { uid } }: KubeObject, warnings: readonly KubeObject[]): readonly KubeObject[] {
  return warnings
    .filter((event) => textAt(event, 'involvedObject', 'uid') === uid)
    .toSorted((a, b) => timeOf(a).localeCompare(timeOf(b)));
}

const timeOf = (event: KubeObject): string =>
  textAt(event, 'lastTimestamp') ?? textAt(event, 'eventTime') ?? event.metadata.creationTimestamp ?? '';
