/**
 * Puts what was seen of a region in the form it is judged in: which zones there
 * are, what is known of each, and what is remembered while nobody can be asked.
 */
import type { RegionEvidence } from '../../domain/health/evidence.ts';
import { type NodeCount, nodesOfRegion } from '../../domain/health/nodes.ts';
import { type ProbeHistory, remember } from '../../domain/health/probe-history.ts';
import type { NodeEvidence } from '../../domain/health/zone.ts';
import type { SeenCluster } from './control-plane.ts';
import type { Sights } from './gather.ts';
import type { RegionMemory } from './memory.ts';

export interface Collected {
  readonly evidence: RegionEvidence;
  /** To be remembered: by identity of the probe. */
  readonly probes: ReadonlyMap<string, ProbeHistory>;
  /** To be remembered. */
  readonly zones: readonly string[];
  /** To be remembered: where nodes of the region were last seen. */
  readonly cluster: SeenCluster | undefined;
}

export function collect(region: string, sights: Sights, memory: RegionMemory): Collected {
  const histories = sights.probes.map(({ probe, outcome }) => ({
    probe,
    history: remember(probe.name, memory.probes.get(probe.identity), outcome),
  }));
  const ofZone = (zone: string | undefined): ProbeHistory[] =>
    histories.filter(({ probe }) => probe.zone === zone).map(({ history }) => history);
  const seen = seenNodes(region, sights, memory);
  const { discovered } = seen;
  const probed = histories.flatMap(({ probe }) => probe.zone ?? []);
  const names = [...new Set([...discovered, ...probed])].toSorted();
  return {
    evidence: {
      region,
      controlPlane: seen.controlPlane,
      zonesDiscovered: discovered.length > 0,
      zones: names.map((name) => ({
        name,
        nodes: nodeEvidence(name, seen),
        probes: ofZone(name),
      })),
      probes: ofZone(undefined),
    },
    probes: new Map(histories.map(({ probe, history }) => [probe.identity, history])),
    zones: discovered,
    cluster: seen.cluster,
  };
}

interface SeenNodes {
  readonly controlPlane: RegionEvidence['controlPlane'];
  readonly zones: ReadonlyMap<string, NodeCount>;
  /** Zones of now; without any, those of earlier in the same cluster. */
  readonly discovered: readonly string[];
  readonly cluster: SeenCluster | undefined;
  readonly othersReady: boolean;
}

function seenNodes(region: string, { controlPlane }: Sights, memory: RegionMemory): SeenNodes {
  const { cluster } = memory;
  if (controlPlane.kind === 'silent')
    return { controlPlane, zones: new Map(), discovered: memory.zones, cluster, othersReady: false };
  const { zones, regionsSeen, othersReady } = nodesOfRegion(controlPlane.nodes, region);
  if (zones.size > 0) {
    const answer = { kind: 'answers', regionsSeen, found: true, another: false } as const;
    const discovered = [...zones.keys()];
    return { controlPlane: answer, zones, discovered, cluster: controlPlane.cluster, othersReady };
  }
  const relation = cluster === undefined ? 'untold' : compare(cluster, controlPlane.cluster);
  return {
    controlPlane: { kind: 'answers', regionsSeen, found: false, another: relation === 'another' },
    zones,
    // Of another cluster they say nothing: by them, the region would look as if all its nodes were gone.
    discovered: relation === 'same' ? memory.zones : [],
    cluster,
    othersReady,
  };
}

function compare(before: SeenCluster, now: SeenCluster): 'same' | 'another' | 'untold' {
  if (before.client === now.client) return 'same';
  if (before.uid === undefined || now.uid === undefined) return 'untold';
  return before.uid === now.uid ? 'same' : 'another';
}

/**
 * A zone that lost its last node while others have some was most likely removed
 * on purpose, and is not among the discovered any more. When no zone has any
 * left, the region lost them all; unless other nodes of its cluster are ready,
 * for then they are labelled otherwise than before.
 */
function nodeEvidence(zone: string, seen: SeenNodes): NodeEvidence {
  if (seen.controlPlane.kind === 'silent') return { kind: 'unknown' };
  const count = seen.zones.get(zone);
  if (count !== undefined) return { kind: 'counted', ...count };
  const lost = seen.zones.size === 0 && !seen.othersReady && seen.discovered.includes(zone);
  return lost ? { kind: 'counted', ready: 0, total: 0 } : { kind: 'none' };
}
