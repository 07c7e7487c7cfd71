import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../api/object.ts';
import type { DnsRecord } from '../domain/dns/desired.ts';
import { memoryCluster } from '../testing/memory-cluster.ts';
import { partialCluster } from '../testing/region.ts';
import { announcedNames, announcement, externalDnsAnnouncer, serviceName } from './external-dns.ts';

const scenario = { namespace: 'dr', name: 'shop' };

describe('the Service that announces a name', () => {
  test('says hostname, targets and TTL in both annotation prefixes, and whose answer that is', () => {
    const desired = {
      hostname: 'shop.example.com',
      ttl: 30,
      targets: [
        { type: 'A' as const, value: '192.0.2.1' },
        { type: 'A' as const, value: '192.0.2.2' },
      ],
    };
    const service = announcement(scenario, desired, 'eu-west');
    expect(service.metadata.annotations).toEqual({
      'antipode.dev/region': 'eu-west',
      'external-dns.alpha.kubernetes.io/hostname': 'shop.example.com',
      'external-dns.alpha.kubernetes.io/target': '192.0.2.1,192.0.2.2',
      'external-dns.alpha.kubernetes.io/ttl': '30',
      'external-dns.kubernetes.io/hostname': 'shop.example.com',
      'external-dns.kubernetes.io/target': '192.0.2.1,192.0.2.2',
      'external-dns.kubernetes.io/ttl': '30',
    });
    expect(service.metadata.labels).toMatchObject({ 'antipode.dev/scenario': 'dr.shop' });
  });

  test('is named after the hostname, differently for every one, within what Kubernetes allows', () => {
    const names = [
      'shop.example.com',
      'shop-example.com',
      '*.example.com',
      `${'a'.repeat(60)}.${'b'.repeat(60)}.com`,
    ].map(serviceName);
    expect(new Set(names).size).toBe(4);
    for (const name of names) expect(name).toMatch(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])$/);
    expect(names[0]).toMatch(/^antipode-shop-example-com-[0-9a-f]{10}$/);
  });
});

describe('what the Services of a scenario announce', () => {
  const desired = {
    hostname: 'shop.example.com',
    ttl: 30,
    targets: [{ type: 'A' as const, value: '198.51.100.1' }],
  };
  const namesIn = (service: KubeObject) =>
    announcedNames(
      partialCluster('objective', {
        list: async (_, { namespace, labelSelector }) => ({
          items:
            namespace === 'dr' && labelSelector === 'antipode.dev/scenario=dr.shop,antipode.dev/dns-record'
              ? [service]
              : [],
          resourceVersion: '1',
        }),
      }),
      scenario,
      new AbortController().signal,
    );

  test('is the answer of a region, for each name', async () => {
    expect(await namesIn(announcement(scenario, desired, 'eu-north'))).toEqual([
      {
        hostname: 'shop.example.com',
        service: serviceName('shop.example.com'),
        region: 'eu-north',
        targets: desired.targets,
      },
    ]);
  });

  test('is of no known region where an earlier version has made it', async () => {
    const { metadata, ...service } = announcement(scenario, desired, 'eu-north');
    const { 'antipode.dev/region': _, ...annotations } = metadata.annotations ?? {};

    const names = await namesIn({ ...service, metadata: { ...metadata, annotations } });

    expect(names).toMatchObject([{ region: undefined, targets: desired.targets }]);
  });
});

describe('announcing', () => {
  const recordOf = (source: string, recovery: string): DnsRecord => ({
    hostname: 'shop.example.com',
    ttl: 30,
    source: { addresses: [source] },
    recovery: { addresses: [recovery] },
  });

  test('a name of which both sides have become aliases works once its Service has been deleted, as is said', async () => {
    const objective = memoryCluster('objective', { '': ['Service'] });
    const { cluster } = objective;
    const announce = (record: DnsRecord) =>
      externalDnsAnnouncer(cluster).announce(
        { scenario, record, side: 'source', regionName: 'eu-west', region: { kind: 'available', cluster } },
        new AbortController().signal,
      );
    const service = `dr/${serviceName('shop.example.com')}`;
    const corrected = recordOf('lb.eu-west.example.com', 'lb.eu-north.example.com');
    await announce(recordOf('192.0.2.1', '198.51.100.1'));

    const refused = await announce(corrected);
    objective.take(`Service/${service}`);

    expect(refused).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining(
        `both sides of the record are CNAME by now: delete Service ${service}`,
      ),
    });
    expect(await announce(corrected)).toMatchObject({ kind: 'announced' });
  });

  test('tells when the answer is another one than was announced, and not when the rest is', async () => {
    const { cluster } = memoryCluster('objective', { '': ['Service'] });
    const announce = async (record: DnsRecord) => {
      const request = { scenario, record, side: 'source', regionName: 'eu-west' } as const;
      const region = { kind: 'available', cluster } as const;
      const { signal } = new AbortController();
      const result = await externalDnsAnnouncer(cluster).announce({ ...request, region }, signal);
      return result.kind === 'announced' && result.isChanged;
    };
    const record = recordOf('192.0.2.1', '198.51.100.1');

    expect(await announce(record)).toBe(false);
    expect(await announce({ ...record, ttl: 60 })).toBe(false);
    expect(await announce(recordOf('192.0.2.2', '198.51.100.1'))).toBe(true);
    expect(await announce(recordOf('192.0.2.2', '198.51.100.1'))).toBe(false);
  });
});
