/** A namespace with a ResourceQuota that knows what is in it. */
import type { LabCluster } from '../../../hack/lab/types.ts';

export interface QuotaWish {
  readonly namespace: string;
  readonly name: string;
  /** How it counts. */
  readonly resource: 'configmaps' | 'count/configmaps';
  /** At least one: the ConfigMap that every namespace gets. */
  readonly most: number;
}

/** To be applied again to make room. */
export const aQuota = ({ namespace, name, resource, most }: QuotaWish): object => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name, namespace },
  spec: { hard: { [resource]: String(most) } },
});

/**
 * Makes both, and waits until the one ConfigMap is counted. It must be there before the quota is: one that
 * comes while the quota is made may be seen neither by its admission nor by its controller, which then looks
 * again after minutes.
 * @throws LabCommandError when it is never counted
 */
export async function namespaceWithQuota(cluster: LabCluster, wish: QuotaWish): Promise<void> {
  const { namespace, name, resource } = wish;
  await cluster.kubectl(['create', 'namespace', namespace]);
  await until(cluster, namespace, 'configmap/kube-root-ca.crt', 'create');
  await applyQuota(cluster, wish);
  await until(cluster, namespace, `resourcequota/${name}`, `jsonpath={.status.used.${resource}}=1`);
}

/**
 * Gives a quota that is there other room, and waits until that is admitted by: admission goes by the status that
 * the quota's controller writes.
 * @throws LabCommandError when it never is
 */
export async function changeQuota(cluster: LabCluster, wish: QuotaWish): Promise<void> {
  const { namespace, name, resource, most } = wish;
  await applyQuota(cluster, wish);
  await until(cluster, namespace, `resourcequota/${name}`, `jsonpath={.status.hard.${resource}}=${most}`);
}

const applyQuota = (cluster: LabCluster, wish: QuotaWish): Promise<string> =>
  cluster.kubectl(['apply', '--server-side', '-f', '-'], { input: JSON.stringify(aQuota(wish)) });

const until = (cluster: LabCluster, namespace: string, what: string, condition: string): Promise<string> =>
  cluster.kubectl(['-n', namespace, 'wait', what, `--for=${condition}`, '--timeout=180s']);
