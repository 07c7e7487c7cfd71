/** The read side: what the published status of a region says, for controllers that act on it. */
import { regionHealthStatus, type Verdict } from '../../api/v1alpha1/region-health.ts';
import { fromRfc3339, type Instant } from '../../domain/time.ts';
import type { Informer } from '../../kube/cluster.ts';

export interface RegionVerdict {
  readonly verdict: Verdict;
  /** On the clock of the observer that published it; names an episode, and is for people. */
  readonly since: Instant | undefined;
  readonly message: string;
  /** When the verdict became Failed; only while it is. */
  readonly failedAt: Instant | undefined;
}

export interface RegionVerdicts {
  /** @returns undefined when there is no such RegionHealth, or nothing was published of it yet */
  verdict(name: string): RegionVerdict | undefined;
}

/** @param regions an informer of RegionHealth objects in the objective cluster */
export function regionVerdicts(regions: Pick<Informer, 'get'>): RegionVerdicts {
  return {
    verdict: (name) => {
      const status = regionHealthStatus.safeParse(regions.get({ name })?.['status']);
      if (!status.success || status.data.verdict === undefined) return undefined;
      const { verdict, verdictSince, message = '' } = status.data;
      const since = verdictSince === undefined ? undefined : fromRfc3339(verdictSince);
      return { verdict, since, message, failedAt: verdict === 'Failed' ? since : undefined };
    },
  };
}
