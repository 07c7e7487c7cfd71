/** What the status of a RegionHealth says, as decisions about scenarios and executions need it. */
import type { RegionHealthStatus } from '../api/v1alpha1/region-health.ts';
import type { RegionFacts } from '../domain/execution/admit.ts';
import { fromRfc3339 } from '../domain/time.ts';

/** @param status empty while nothing was observed */
export function regionFactsOf(status: RegionHealthStatus): RegionFacts {
  const { verdict = 'Unknown', verdictSince, failingSince, message = 'not observed yet' } = status;
  return { verdict, since: moment(verdictSince), failingSince: moment(failingSince), message };
}

const moment = (text: string | undefined) => (text === undefined ? undefined : fromRfc3339(text));
