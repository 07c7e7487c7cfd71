/** What a region is judged by: the evidence of one observation, the user's rules, and how it looks by both. */
import type { Verdict } from '../../api/v1alpha1/region-health.ts';
import type { ProbeHistory, ProbeTally } from './probe-history.ts';
import type { ZoneEvidence, ZoneRules, ZoneVerdict } from './zone.ts';

export interface RegionEvidence {
  /** The provider's name, for messages. */
  readonly region: string;
  readonly controlPlane:
    | {
        readonly kind: 'answers';
        readonly regionsSeen: readonly string[];
        /** Whether nodes of the region are there. */
        readonly found: boolean;
        /** Nodes of the region were seen earlier, but in another cluster than the one that answers. */
        readonly another: boolean;
      }
    | {
        readonly kind: 'silent';
        /** Completes "the control plane …", e.g. `does not answer`. */
        readonly why: string;
        /** How that of a lost region looks too. False: we were not let in, or had no way to ask. */
        readonly asIfLost: boolean;
      };
  /** Whether the zones were read from the region's nodes at least once, now or earlier in the same cluster. */
  readonly zonesDiscovered: boolean;
  /** Zones of the last discovery and those that probes name. */
  readonly zones: readonly ZoneEvidence[];
  /** Probes that speak for the region as a whole. */
  readonly probes: readonly ProbeHistory[];
}

export type ZoneThreshold =
  /** More zones than are known counts as all known zones. */
  | { readonly kind: 'count'; readonly count: number }
  /** 1 to 100, rounded up to whole zones. */
  | { readonly kind: 'percent'; readonly percent: number };

export interface RegionRules extends ZoneRules {
  readonly zones: ZoneThreshold;
}

export interface RegionView {
  readonly verdict: Verdict;
  readonly zones: readonly ZoneVerdict[];
  readonly zonesFailed: number;
  /** Failed zones that make the region failed. */
  readonly zonesNeeded: number;
  readonly probes: ProbeTally;
}
