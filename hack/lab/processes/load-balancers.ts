/**
 * Gives every LoadBalancer Service an address from the region's own loopback
 * range, so that two regions never hand out the same one and a test sees from
 * an address alone which region it leads to.
 */
import { z } from 'zod';
import type { ApiClient } from './api-client.ts';
import type { CloudLoop } from './cloud.ts';

const serviceSchema = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string() }),
  spec: z.object({ type: z.string().optional() }),
  status: z
    .object({
      loadBalancer: z
        .object({ ingress: z.array(z.object({ ip: z.string().optional() })).optional() })
        .optional(),
    })
    .optional(),
});

const HOSTS_PER_RANGE = 65_000;

/** @param range the first two bytes of the region's addresses, e.g. `127.1` */
export function loadBalancers(api: ApiClient, range: string): CloudLoop {
  return {
    path: '/api/v1/services',
    settle: async (items) => {
      const services = items
        .map((item) => serviceSchema.parse(item))
        .filter((service) => service.spec.type === 'LoadBalancer');
      const taken = new Set(services.flatMap(addresses));
      for (const service of services.filter((candidate) => addresses(candidate).length === 0)) {
        const ip = firstFree(range, taken);
        taken.add(ip);
        const { namespace, name } = service.metadata;
        // 404: deleted in the meantime.
        await api.ok(
          'PATCH',
          `/api/v1/namespaces/${namespace}/services/${name}/status`,
          { status: { loadBalancer: { ingress: [{ ip }] } } },
          [404],
        );
      }
    },
  };
}

/** The lowest address of the range that nobody has, from `.0.1` on. */
export function firstFree(range: string, taken: ReadonlySet<string>): string {
  for (let host = 1; host < HOSTS_PER_RANGE; host += 1) {
    const ip = `${range}.${Math.floor(host / 256)}.${host % 256}`;
    if (!taken.has(ip)) return ip;
  }
  throw new Error(`no address left in ${range}.0.0/16`);
}

function addresses(service: z.infer<typeof serviceSchema>): string[] {
  return (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip === undefined ? [] : [ip]));
}
