/** Finds where in the recovery region the volume of a claim can be made that is restored to see that it can be. */
import type { KubeObject } from '../../../api/object.ts';
import { classFor, type NotThere, nodeFor, waitsForConsumer } from '../../../domain/volumes/sample-place.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { CSI_NODE, listOf, NODE, STORAGE_CLASS } from '../kinds.ts';

/** `node`: that is to be selected for the claim; undefined where its class does not wait for that. */
export type Placed = { readonly kind: 'placed'; readonly node: string | undefined } | NotThere;

/** @param claim as it is to be in the recovery region. @throws KubeError */
export async function placeFor(claim: KubeObject, recovery: Cluster, signal: AbortSignal): Promise<Placed> {
  const classes = await listOf(recovery, STORAGE_CLASS, {}, signal);
  const found = classFor(claim, classes, recovery.name);
  if (found.kind === 'missing') return found;
  if (!waitsForConsumer(found.object)) return { kind: 'placed', node: undefined };
  const [nodes, csiNodes] = await Promise.all([
    listOf(recovery, NODE, {}, signal),
    listOf(recovery, CSI_NODE, {}, signal),
  ]);
  const chosen = nodeFor(found.object, nodes, csiNodes, recovery.name);
  return chosen.kind === 'missing' ? chosen : { kind: 'placed', node: chosen.name };
}
