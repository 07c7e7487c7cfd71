/** Sorts a cluster's nodes into the zones of one region. */
import { arrayAt, textAt } from '../../api/fields.ts';
import type { KubeObject } from '../../api/object.ts';

const REGION_LABEL = 'topology.kubernetes.io/region';
const ZONE_LABEL = 'topology.kubernetes.io/zone';

export interface NodeCount {
  readonly ready: number;
  readonly total: number;
}

export interface RegionNodes {
  readonly zones: ReadonlyMap<string, NodeCount>;
  /** Regions that the cluster's nodes name, sorted; what to say when ours is not among them. */
  readonly regionsSeen: readonly string[];
  /** Whether a node that does not belong is ready: a cluster with such a node has not lost all its nodes. */
  readonly othersReady: boolean;
}

/**
 * Nodes belong to a region by the label topology.kubernetes.io/region; where
 * most nodes of the cluster have none, those without belong too, so that one
 * edge or virtual node with a label does not take all others away. Nodes without
 * a zone label make up one zone with the region's name. Ready is the node's
 * Ready condition alone: cordoning is maintenance, not failure.
 */
export function nodesOfRegion(nodes: readonly KubeObject[], region: string): RegionNodes {
  const regions = nodes.map((node) => labelOf(node, REGION_LABEL));
  const named = regions.filter((name) => name !== undefined);
  const unnamedBelong = named.length * 2 < nodes.length;
  const zones = new Map<string, { ready: number; total: number }>();
  let othersReady = false;
  for (const [index, node] of nodes.entries()) {
    const ready = isReady(node);
    const name = regions[index];
    if (name === undefined ? !unnamedBelong : name !== region) {
      othersReady ||= ready;
      continue;
    }
    const zone = labelOf(node, ZONE_LABEL) ?? region;
    const count = zones.get(zone) ?? { ready: 0, total: 0 };
    zones.set(zone, { ready: count.ready + (ready ? 1 : 0), total: count.total + 1 });
  }
  return { zones, regionsSeen: [...new Set(named)].toSorted(), othersReady };
}

/** A label may have an empty value, which names nothing. */
function labelOf(node: KubeObject, label: string): string | undefined {
  const value = node.metadata.labels?.[label];
  return value === '' ? undefined : value;
}

function isReady(node: KubeObject): boolean {
  return arrayAt(node, 'status', 'conditions').some(
    (condition) => textAt(condition, 'type') === 'Ready' && textAt(condition, 'status') === 'True',
  );
}
