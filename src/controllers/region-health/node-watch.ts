/**
 * The nodes of one region's cluster, kept by a watch: reading them whole with
 * every observation would cost megabytes each time in a large cluster. And which
 * cluster that is, read once for each client: another kubeconfig may lead elsewhere.
 */

import { arrayAt, textAt } from '../../api/fields.ts';
import type { KubeObject } from '../../api/object.ts';
import { type Millis, seconds } from '../../domain/time.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { readClusterUid } from '../../kube/cluster-uid.ts';
import { KubeError } from '../../kube/errors.ts';
import { NODES } from '../resources.ts';

/**
 * A watch that was silent for longer may be half dead; API servers send no bookmarks
 * for a kind in which nothing happens, so silence alone is no fault of the cluster.
 */
const MAX_STALENESS: Millis = seconds(90);

export interface NodeWatch {
  /** What it watches; a watch of another client of the same region is another watch. */
  readonly cluster: Cluster;
  /** @throws KubeError when nodes cannot be listed */
  nodes(signal: AbortSignal): Promise<readonly KubeObject[]>;
  /** What tells the cluster from every other; undefined when it may not be read, or not now. */
  uid(signal: AbortSignal): Promise<string | undefined>;
  stop(): void;
}

/** Starts at once; ends with `stop()`, or when `lifetime` aborts. */
export function watchNodes(cluster: Cluster, lifetime: AbortSignal): NodeWatch {
  const stopped = new AbortController();
  const stop = (): void => {
    lifetime.removeEventListener('abort', stop);
    stopped.abort(new Error('the nodes of this region are not watched any more'));
  };
  lifetime.addEventListener('abort', stop);
  if (lifetime.aborted) stop();
  const informer = cluster.informer(NODES, { transform: essentials }, stopped.signal);
  return {
    cluster,
    stop,
    uid: uidOnce(cluster),
    nodes: async (signal) => {
      const staleness = informer.staleness();
      const trusted = staleness !== undefined && staleness <= MAX_STALENESS;
      return trusted ? informer.list() : (await cluster.list(NODES, {}, signal)).items;
    },
  };
}

/** Nobody asks twice for what was answered or refused. */
function uidOnce(cluster: Cluster): NodeWatch['uid'] {
  let answer: { readonly uid: string | undefined } | undefined;
  return async (signal) => {
    try {
      answer ??= { uid: await readClusterUid(cluster, signal) };
    } catch (error) {
      // Not worth losing the sight of the nodes for.
      if (!(error instanceof KubeError) && !signal.aborted) throw error;
      if (error instanceof KubeError && error.code === 'Forbidden') answer = { uid: undefined };
    }
    return answer?.uid;
  };
}

/** All that is read of a node; the rest, mostly names of images, would be kept for nothing. */
function essentials(node: KubeObject): KubeObject {
  const { name, labels, resourceVersion, uid } = node.metadata;
  const conditions = arrayAt(node, 'status', 'conditions').filter((one) => textAt(one, 'type') === 'Ready');
  return {
    apiVersion: node.apiVersion,
    kind: node.kind,
    metadata: {
      name,
      ...(labels === undefined ? {} : { labels }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(uid === undefined ? {} : { uid }),
    },
    status: { conditions },
  };
}
