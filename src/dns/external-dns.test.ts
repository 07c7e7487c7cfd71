import { describe, expect, test } from 'vitest';
import { announcement, serviceName } from './external-dns.ts';

const scenario = { namespace: 'dr', name: 'shop' };

describe('the Service that announces a name', () => {
  test('says hostname, targets and TTL in both annotation prefixes', () => {
    const service = announcement(scenario, {
      hostname: 'shop.example.com',
      ttl: 30,
      targets: [
        { type: 'A', value: '192.0.2.1' },
        { type: 'A', value: '192.0.2.2' },
      ],
    });
    expect(service.metadata.annotations).toEqual({
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
