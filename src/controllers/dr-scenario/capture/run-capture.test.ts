import { expect, it } from 'vitest';
import { drScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { externalDnsAnnouncer } from '../../../dns/external-dns.ts';
import { manualClock } from '../../../testing/manual-clock.ts';
import { memoryCluster } from '../../../testing/memory-cluster.ts';
import { anObject } from '../../../testing/objects.ts';
import { silent } from '../../../testing/silent-log.ts';
import { aWorld, shopSpec } from '../testing/world.ts';
import { runCapture } from './run-capture.ts';

const { signal } = new AbortController();
const service = { namespace: 'shop', name: 'web' };

/** What comes of announcing a name whose source is a load balancer with that ingress. */
async function announcing(ingress: object, recovery: object) {
  const records = [{ hostname: 'shop.example.com', source: { service }, recovery }];
  const spec = drScenarioSpec.parse({ ...shopSpec, dns: { records } });
  const objective = memoryCluster('objective', { '': ['Service'] });
  const region = memoryCluster('eu-west', { '': ['Service'] });
  region.put(anObject('Service', 'shop/web', { status: { loadBalancer: { ingress: [ingress] } } }));
  const deps = {
    objective: objective.cluster,
    clusters: {
      objective: objective.cluster,
      region: () => ({ kind: 'available' as const, cluster: region.cluster }),
    },
    engine: () => {
      throw new Error('captures are not part of this test');
    },
    announcer: externalDnsAnnouncer(objective.cluster),
    clock: manualClock(),
    log: silent,
    assertLeading: () => undefined,
  };
  const { announcements } = await runCapture({ world: aWorld(), spec, generation: 1 }, deps, signal);
  return { announcements, announced: objective.all({ group: '', kind: 'Service' }).length };
}

const balancer = { hostname: 'shop-1.eu-west-1.elb.amazonaws.com' };

it('announces the host name of a load balancer, and says that a failover could not put addresses in its place', async () => {
  expect(await announcing(balancer, { addresses: ['198.51.100.1'] })).toEqual({
    announcements: [
      {
        hostname: 'shop.example.com',
        stuck: expect.stringContaining('from CNAME (shop-1.eu-west-1.elb.amazonaws.com) to A (198.51.100.1)'),
      },
    ],
    announced: 1,
  });
});

it('has nothing to say against a name that goes from one load balancer to another', async () => {
  const { announcements } = await announcing(balancer, { service });
  expect(announcements).toEqual([{ hostname: 'shop.example.com' }]);
});
