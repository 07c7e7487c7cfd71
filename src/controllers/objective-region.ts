/** The region the operator itself runs in, as its own nodes are labelled: it must be neither source nor recovery. */
import { textAt } from '../api/fields.ts';
import { between, type Clock, minutes, type Tick } from '../domain/time.ts';
import type { Cluster } from '../kube/cluster.ts';
import { NODES } from './resources.ts';

const REGION_LABEL = 'topology.kubernetes.io/region';
/** Nodes come and go; their region does not. */
const KEPT = minutes(10);

/** @returns a reader that asks at most every ten minutes; undefined when no node carries the label */
export function objectiveRegionReader(
  objective: Cluster,
  clock: Clock,
): (signal: AbortSignal) => Promise<string | undefined> {
  let known: { readonly region: string | undefined; readonly at: Tick } | undefined;
  return async (signal) => {
    if (known !== undefined && between(known.at, clock.tick()) < KEPT) return known.region;
    const { items } = await objective.list(NODES, {}, signal);
    const regions = items.map((node) => textAt(node, 'metadata', 'labels', REGION_LABEL));
    known = { region: regions.find((region) => region !== undefined), at: clock.tick() };
    return known.region;
  };
}
