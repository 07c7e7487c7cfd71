/** Says in one sentence why a region is judged as it is, and what to do where something is missing. */
import { firstFew } from '../first-few.ts';
import type { RegionEvidence, RegionRules, RegionView } from './evidence.ts';
import { isSlow, slowMessage, type ZoneVerdict } from './zone.ts';

/** Zones named in a message; the others are in the status. */
const NAMED_ZONES = 4;

/** A sentence without a full stop, free of values that move with every observation. */
export function explainRegion(evidence: RegionEvidence, rules: RegionRules, view: RegionView): string {
  const parts =
    view.verdict === 'Failed'
      ? [zonesFailed(view), silence(evidence)]
      : [silence(evidence), unseen(evidence, view), remedy(evidence, view), zonesAre(view)];
  return [...parts, regionProbes(evidence, rules, view)].filter((part) => part !== '').join('; ');
}

function zonesFailed(view: RegionView): string {
  const failed = view.zones.filter((zone) => zone.state === 'Failed');
  const threshold = view.zonesNeeded === view.zones.length ? 'all' : String(view.zonesNeeded);
  const count = `${failed.length} of ${view.zones.length} zones failed`;
  return `${count} (${threshold} needed): ${namedZones(failed)}`;
}

function zonesAre(view: RegionView): string {
  if (view.zones.length === 0) return '';
  const unwell = view.zones.filter((zone) => zone.state === 'Failed' || zone.state === 'Degraded');
  const healthy = view.zones.filter((zone) => zone.state === 'Healthy').length;
  const count = `${healthy} of ${view.zones.length} zones healthy`;
  return unwell.length === 0 ? count : `${count}: ${namedZones(unwell)}`;
}

function namedZones(zones: readonly ZoneVerdict[]): string {
  const texts = zones.map((zone) => `${zone.name} ${zone.state} (${zone.message})`);
  return firstFew(texts, NAMED_ZONES);
}

function silence({ controlPlane }: RegionEvidence): string {
  return controlPlane.kind === 'silent' ? `the control plane ${controlPlane.why}` : '';
}

/** Why there are no nodes of the region, and what that is for. */
function unseen(evidence: RegionEvidence, view: RegionView): string {
  const { controlPlane, region, zonesDiscovered } = evidence;
  if (controlPlane.kind === 'silent')
    return zonesDiscovered ? '' : 'its zones were never seen, so it cannot be judged Failed';
  const seen = controlPlane.regionsSeen.join(', ');
  // Of a cluster that lost its nodes each zone says so.
  if (controlPlane.found || (zonesDiscovered && seen === '')) return '';
  const nodes =
    seen === ''
      ? 'the cluster has no nodes'
      : `no node carries topology.kubernetes.io/region=${region}, only ${seen}`;
  const told = controlPlane.another ? anotherCluster(nodes, seen) : `${nodes}${seen === '' ? '' : CORRECT}`;
  if (zonesDiscovered || view.zonesFailed === 0) return told;
  return `${told}; its zones were never seen in this cluster, so it cannot be judged Failed`;
}

const CORRECT = ': correct spec.region, or the kubeconfig if it is of another cluster';

function anotherCluster(nodes: string, regionsSeen: string): string {
  const todo = `put the right kubeconfig back${regionsSeen === '' ? '' : ', or correct spec.region'}`;
  return `the kubeconfig leads to another cluster than the one that the nodes of the region were seen in, and ${nodes}: ${todo}`;
}

function remedy(evidence: RegionEvidence, view: RegionView): string {
  const hasProbes = evidence.probes.length > 0 || view.zones.some((zone) => zone.probes.total > 0);
  const { controlPlane } = evidence;
  if (controlPlane.kind === 'answers') return '';
  if (!controlPlane.asIfLost && view.probes.total > 0 && view.probes.failing === view.probes.total)
    return 'that does not tell that its nodes are lost, so only probes of its zones can make it Failed';
  if (hasProbes) return '';
  return 'without probes nothing tells whether users are served, so it cannot become Failed: add probes';
}

function regionProbes(evidence: RegionEvidence, rules: RegionRules, view: RegionView): string {
  const { total, passing, failing, failures } = view.probes;
  if (evidence.probes.length === 0) return '';
  if (failing > 0) return `${failing} of ${total} probes of the region fail (${failures.join(', ')})`;
  if (isSlow(view.probes, rules)) return `the region's ${slowMessage(rules)}`;
  if (passing > 0 && view.zonesFailed >= view.zonesNeeded)
    return `${passing} of ${total} probes of the region pass, so users are served`;
  return '';
}
