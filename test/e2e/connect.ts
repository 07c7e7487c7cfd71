/** A client of a lab's cluster as the operator has it: through the link, with the operator's own code. */
import type { LabCluster } from '../../hack/lab/types.ts';
import { systemClock } from '../../src/clock.ts';
import type { Cluster } from '../../src/kube/cluster.ts';
import { createCluster } from '../../src/kube/cluster-client.ts';
import { parseKubeconfig } from '../../src/kube/kubeconfig.ts';
import type { Log } from '../../src/kube/log.ts';
import { unobservedClient } from '../../src/kube/observers.ts';

const ignore = (): void => undefined;
export const quiet: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/**
 * Close it when done.
 * @param kubeconfig of the account to use. Default: the lab's administrator
 */
export async function connect(cluster: LabCluster, kubeconfig?: string): Promise<Cluster> {
  const text = kubeconfig ?? (await cluster.linkedKubeconfig());
  const parsed = parseKubeconfig(text, { kind: 'secret' }, systemClock.now());
  if (parsed.kind === 'invalid') throw new Error(parsed.message);
  return createCluster(parsed.connection, {
    name: cluster.name,
    clock: systemClock,
    random: Math.random,
    log: quiet,
    observer: unobservedClient,
  });
}
