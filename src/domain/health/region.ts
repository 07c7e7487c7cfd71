/**
 * Judges a region from one observation, without memory: zones, probes of the
 * region as a whole, and whether its control plane answers. What must have
 * lasted before anything is concluded is the business of hysteresis.ts.
 *
 * Three rules keep a living region from being declared lost:
 * - a control plane that does not answer is `Unreachable`; only the user's own
 *   probes can turn that into `Failed`;
 * - a probe of the whole region that passes means users are served, whatever
 *   the zones look like;
 * - a region whose zones were never seen is never failed: a typing error in a
 *   new RegionHealth looks just like a disaster, and so does the kubeconfig of
 *   another cluster. With that one nothing is called well either, for a failover
 *   into the region would restore into that cluster.
 */
import type { Verdict } from '../../api/v1alpha1/region-health.ts';
import type { RegionEvidence, RegionRules, RegionView, ZoneThreshold } from './evidence.ts';
import { explainRegion } from './explain.ts';
import { CONFIRM_FAILURES, type ProbeTally, tally } from './probe-history.ts';
import { isSlow, judgeZone, type ZoneVerdict } from './zone.ts';

export interface RawVerdict extends RegionView {
  /** Why, as a sentence without a full stop. */
  readonly message: string;
  /** What is said instead of `Failed` until it has lasted long enough. */
  readonly provisional: Verdict;
  /**
   * The verdict would be Failed if the newest probe failures are not flukes.
   * A failure is dated from here, and claimed only once it is confirmed.
   */
  readonly suspected: boolean;
}

export function judgeRegion(evidence: RegionEvidence, rules: RegionRules): RawVerdict {
  const view = weigh(evidence, rules, CONFIRM_FAILURES);
  const suspected = view.verdict === 'Failed' || weigh(evidence, rules, 1).verdict === 'Failed';
  const provisional = view.verdict === 'Failed' ? unlessFailed(evidence) : view.verdict;
  return { ...view, provisional, suspected, message: explainRegion(evidence, rules, view) };
}

/** Zones that must be failed; at least one, at most all that are known. */
export function zonesNeeded(threshold: ZoneThreshold, known: number): number {
  const wanted = threshold.kind === 'count' ? threshold.count : Math.ceil((threshold.percent * known) / 100);
  return Math.max(1, Math.min(wanted, known));
}

function weigh(evidence: RegionEvidence, rules: RegionRules, confirmAfter: number): RegionView {
  const probes = tally(evidence.probes, confirmAfter);
  const zones = evidence.zones
    .map((zone) => judgeZone(zone, rules, confirmAfter))
    .map((zone) => inherit(zone, evidence, probes));
  const zonesFailed = zones.filter((zone) => zone.state === 'Failed').length;
  const needed = zonesNeeded(rules.zones, zones.length);
  const failed = evidence.zonesDiscovered && zonesFailed >= needed && probes.passing === 0;
  const verdict = failed ? 'Failed' : unfailed(evidence, rules, zones, probes);
  return { verdict, zones, zonesFailed, zonesNeeded: needed, probes };
}

/**
 * With the control plane silent, a zone without probes of its own is as the
 * region's probes say: when they all fail, nothing is known to serve users. Not
 * so when it is only us who are not let in: then its nodes may be as well as
 * ever, and what fails is the application.
 */
function inherit(zone: ZoneVerdict, { controlPlane }: RegionEvidence, probes: ProbeTally): ZoneVerdict {
  const applies =
    controlPlane.kind === 'silent' &&
    controlPlane.asIfLost &&
    zone.probes.total === 0 &&
    probes.total > 0 &&
    probes.failing === probes.total;
  if (!applies) return zone;
  return { ...zone, state: 'Failed', message: 'its nodes cannot be read and all probes of the region fail' };
}

const unlessFailed = (evidence: RegionEvidence): Verdict =>
  evidence.controlPlane.kind === 'silent' ? 'Unreachable' : 'Degraded';

function unfailed(
  evidence: RegionEvidence,
  rules: RegionRules,
  zones: readonly ZoneVerdict[],
  probes: ProbeTally,
): Verdict {
  if (evidence.controlPlane.kind === 'silent') return 'Unreachable';
  if (evidence.controlPlane.another) return 'Unknown';
  if (zones.every((zone) => zone.state === 'Unknown')) return 'Unknown';
  const impaired = zones.some((zone) => zone.state === 'Failed' || zone.state === 'Degraded');
  return impaired || probes.failing > 0 || isSlow(probes, rules) ? 'Degraded' : 'Healthy';
}
