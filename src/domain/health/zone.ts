/**
 * Judges one zone from its nodes and its probes. Nodes count only while they
 * can be read: with the control plane unreachable the probes decide alone, and
 * without either nothing is claimed. Nodes never fail a zone of which a probe
 * passes: a probe is what users see, and a control plane that lost touch with
 * its nodes reports them all as not ready while they serve.
 */
import type { ZoneState } from '../../api/v1alpha1/region-health.ts';
import { formatDuration, type Millis } from '../time.ts';
import { CONFIRM_FAILURES, type ProbeHistory, type ProbeTally, tally } from './probe-history.ts';

export type NodeEvidence =
  /** The control plane cannot be asked. */
  | { readonly kind: 'unknown' }
  /** It answers, and this zone is not one that has nodes: known from a probe, or from labels that are gone. */
  | { readonly kind: 'none' }
  /** `total` 0: it had nodes, and no ready one is left in the whole cluster. */
  | { readonly kind: 'counted'; readonly ready: number; readonly total: number };

export interface ZoneEvidence {
  readonly name: string;
  readonly nodes: NodeEvidence;
  readonly probes: readonly ProbeHistory[];
}

export interface ZoneRules {
  /** Percent, 0 to 100: with a smaller share of ready nodes the zone is failed. */
  readonly minReadyPercent: number;
  /** Probes slower than this make the zone degraded; undefined: no limit. */
  readonly maxLatency: Millis | undefined;
}

export interface ZoneVerdict {
  readonly name: string;
  readonly state: ZoneState;
  readonly message: string;
  readonly nodes: NodeEvidence;
  readonly probes: ProbeTally;
}

export function judgeZone(
  zone: ZoneEvidence,
  rules: ZoneRules,
  confirmAfter = CONFIRM_FAILURES,
): ZoneVerdict {
  const probes = tally(zone.probes, confirmAfter);
  const found = [unlessServing(judgeNodes(zone.nodes, rules), probes), judgeProbes(probes, rules)].filter(
    (finding) => finding.state !== 'Unknown',
  );
  const worst = STATES.find((state) => found.some((finding) => finding.state === state));
  const base = { name: zone.name, nodes: zone.nodes, probes };
  if (worst === undefined) return { ...base, state: 'Unknown', message: whyUnknown(zone) };
  const told = found.filter((finding) => finding.state === worst).map((finding) => finding.message);
  return { ...base, state: worst, message: told.join('; ') };
}

/** Worst first. */
const STATES = ['Failed', 'Degraded', 'Healthy'] as const;

interface Finding {
  readonly state: ZoneState;
  readonly message: string;
}

function judgeNodes(nodes: NodeEvidence, rules: ZoneRules): Finding {
  if (nodes.kind !== 'counted') return { state: 'Unknown', message: '' };
  const { ready, total } = nodes;
  if (total === 0) {
    // A share of 0 %, which is not below a threshold of 0 %: then nodes never fail a zone.
    return { state: rules.minReadyPercent > 0 ? 'Failed' : 'Degraded', message: 'none of its nodes is left' };
  }
  const count = `${ready} of ${total} nodes ready`;
  if (ready * 100 < rules.minReadyPercent * total) return { state: 'Failed', message: count };
  return { state: ready < total ? 'Degraded' : 'Healthy', message: count };
}

function unlessServing(nodes: Finding, { passing, total }: ProbeTally): Finding {
  if (nodes.state !== 'Failed' || passing === 0) return nodes;
  return {
    state: 'Degraded',
    message: `${nodes.message}, but ${passing} of ${total} probes pass, so users are served`,
  };
}

function judgeProbes(probes: ProbeTally, rules: ZoneRules): Finding {
  const why = probes.failures.join(', ');
  if (probes.total > 0 && probes.failing === probes.total) {
    return { state: 'Failed', message: `all ${probes.total} probes fail (${why})` };
  }
  if (probes.failing > 0) {
    return { state: 'Degraded', message: `${probes.failing} of ${probes.total} probes fail (${why})` };
  }
  if (probes.passing === 0) return { state: 'Unknown', message: '' };
  if (isSlow(probes, rules)) return { state: 'Degraded', message: slowMessage(rules) };
  return { state: 'Healthy', message: `${probes.passing} of ${probes.total} probes pass` };
}

export function isSlow(probes: ProbeTally, rules: ZoneRules): boolean {
  return rules.maxLatency !== undefined && probes.latency !== undefined && probes.latency > rules.maxLatency;
}

/** Says the limit and not the measured value, which moves with every observation. */
export function slowMessage(rules: ZoneRules): string {
  return rules.maxLatency === undefined ? '' : `probes take longer than ${formatDuration(rules.maxLatency)}`;
}

function whyUnknown(zone: ZoneEvidence): string {
  const unsettled = zone.probes.map(({ name, last }) =>
    last.kind === 'failed' ? `${name}: ${last.message}` : name,
  );
  if (unsettled.length > 0) return `its probes tell nothing yet (${unsettled.join(', ')})`;
  return zone.nodes.kind === 'unknown'
    ? 'its nodes cannot be read and it has no probe'
    : 'it has neither nodes nor probes';
}
