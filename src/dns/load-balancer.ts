/** The addresses a LoadBalancer Service was given, read from its status in its own region. */
import { arrayAt, textAt } from '../api/fields.ts';
import type { ClusterAccess, ResourceType } from '../kube/cluster.ts';

export const SERVICE: ResourceType = {
  group: '',
  version: 'v1',
  resource: 'services',
  kind: 'Service',
  namespaced: true,
  verbs: ['get', 'list', 'watch', 'create', 'patch'],
};

export type LoadBalancerAddresses =
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] }
  /** It has none yet, does not exist yet, or its cluster cannot be asked. */
  | { readonly kind: 'waiting'; readonly message: string };

/** @throws KubeError */
export async function loadBalancerAddresses(
  region: ClusterAccess,
  service: { readonly namespace: string; readonly name: string },
  signal: AbortSignal,
): Promise<LoadBalancerAddresses> {
  if (region.kind === 'unavailable') return { kind: 'waiting', message: region.message };
  const object = await region.cluster.get(SERVICE, service, signal);
  const name = `Service ${service.namespace}/${service.name} in ${region.cluster.name}`;
  if (object === undefined) return { kind: 'waiting', message: `${name} does not exist` };
  const addresses = arrayAt(object, 'status', 'loadBalancer', 'ingress')
    .map((ingress) => textAt(ingress, 'ip') ?? textAt(ingress, 'hostname'))
    .filter((address) => address !== undefined);
  return addresses.length > 0
    ? { kind: 'addresses', addresses }
    : { kind: 'waiting', message: `${name} has no load balancer address yet` };
}
