/**
 * Whether the recovery points would be lost with the region they are kept for:
 * told before that day comes, since on that day nothing can be done about it. Pure.
 */
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import type { Finding } from './feasibility-finding.ts';

/**
 * Of a server that is not AWS only the host name says where it is: its `region`
 * is often a mere default.
 * @param providerRegion of the source, e.g. `eu-west-1`; undefined while it is not known
 */
export function storeFindings(
  { source, replication }: DRScenarioSpec,
  providerRegion: string | undefined,
): readonly Finding[] {
  const { s3 } = replication.store;
  if (s3 === undefined || providerRegion === undefined) return [];
  const isThere =
    s3.endpoint === undefined ? s3.region === providerRegion : hostNames(s3.endpoint, providerRegion);
  if (!isThere) return [];
  const where = s3.endpoint === undefined ? '' : ` at ${s3.endpoint}`;
  return [
    {
      object: 'spec.replication.store.s3',
      reason: 'StoreInSourceRegion',
      message: `bucket ${s3.bucket}${where} is in ${providerRegion}, the region of the source ${source.region}: with that region lost, no recovery point could be read`,
      remedy: 'keep recovery points in a bucket of another region',
    },
  ];
}

/** As whole words: `eu-west-1` is not in `s3.eu-west-10.example.com`. */
function hostNames(endpoint: string, region: string): boolean {
  const words = (text: string): string => `.${text.toLowerCase().replaceAll('-', '.')}.`;
  return words(new URL(endpoint).hostname).includes(words(region));
}
