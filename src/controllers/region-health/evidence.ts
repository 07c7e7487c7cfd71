/**
 * Puts what was seen of a region in the form it is judged in: which zones there
 * are, what is known of each, and what is remembered while nobody can be asked.
 */
import type { RegionEvidence } from '../../domain/health/evidence.ts';
import { type NodeCount, nodesOfRegion } from '../../domain/health/nodes.ts';
import { type ProbeHistory, remember } from '../../domain/health/probe-history.ts';
import type { NodeEvidence } from '../../domain/health/zone.ts';
import type { Sights } from './gather.ts';
import type { RegionMemory } from './memory.ts';

export interface Collected {
  readonly evidence: RegionEvidence;
  /** To be remembered: by identity of the probe. */
  readonly probes: ReadonlyMap<string, ProbeHistory>;
  /** To be remembered. */
  readonly zones: readonly string[];
}

export function collect(region: string, sights: Sights, memory: RegionMemory): Collected {
  const histories = sights.probes.map(({ probe, outcome }) => ({
    probe,
    history: remember(probe.name, memory.probes.get(probe.identity), outcome),
  }));
  const ofZone = (zone: string | undefined): ProbeHistory[] =>
    histories.filter(({ probe }) => probe.zone === zone).map(({ history }) => history);
  const seen = seenNodes(region, sights);
  const discovered = seen.zones.size > 0 ? [...seen.zones.keys()] : memory.zones;
  const probed = histories.flatMap(({ probe }) => probe.zone ?? []);
  const names = [...new Set([...discovered, ...probed])].toSorted();
  return {
    evidence: {
      region,
      controlPlane: seen.controlPlane,
      zonesDiscovered: discovered.length > 0,
      zones: names.map((name) => ({
        name,
        nodes: nodeEvidence(name, seen, discovered),
        probes: ofZone(name),
      })),
      probes: ofZone(undefined),
    },
    probes: new Map(histories.map(({ probe, history }) => [probe.identity, history])),
    zones: discovered,
  };
}

interface SeenNodes {
  readonly controlPlane: RegionEvidence['controlPlane'];
  readonly zones: ReadonlyMap<string, NodeCount>;
}

function seenNodes(region: string, { controlPlane }: Sights): SeenNodes {
  if (controlPlane.kind === 'silent')
    return { controlPlane, zones: new Map() };
  const { zones, regionsSeen } = nodesOfRegion(controlPlane.nodes, region);
  return { controlPlane: { kind: 'answers', regionsSeen }, zones };
}

/**
 * A zone that lost its last node while others have some was most likely removed
 * on purpose, and is not among the discovered any more. When no zone has any
 * left, the region lost them all.
 */
function nodeEvidence(zone: string, seen: SeenNodes, discovered: readonly string[]): NodeEvidence {
  if (seen.controlPlane.kind === 'silent') return { kind: 'unknown' };
  const count = seen.zones.get(zone);
  if (count !== undefined) return { kind: 'counted', ...count };
  const lost = seen.zones.size === 0 && discovered.includes(zone);
  return lost ? { kind: 'counted', ready: 0, total: 0 } : { kind: 'none' };
}
