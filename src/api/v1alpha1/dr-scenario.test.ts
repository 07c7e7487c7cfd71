import { describe, expect, it } from 'vitest';
import { drScenarioSpec } from './dr-scenario.ts';

const smallest = {
  source: { region: 'eu-west' },
  recovery: { region: 'eu-north' },
  objectives: { rpo: '5m', rto: '10m' },
  resources: { namespaces: ['shop'] },
};

describe('the spec of a DRScenario', () => {
  it('fills in everything that the smallest one leaves out', () => {
    expect(drScenarioSpec.parse(smallest)).toEqual({
      ...smallest,
      dependencies: { infer: true, edges: [] },
      replication: { engine: 'native', store: {}, keep: 5 },
      failover: { mode: 'Manual', stepTimeout: '5m' },
      dns: { records: [], timeout: '2m' },
    });
  });

  it('fills in the rest of a part that is given in part', () => {
    const spec = drScenarioSpec.parse({ ...smallest, failover: { mode: 'Automatic' } });

    expect(spec.failover).toEqual({ mode: 'Automatic', stepTimeout: '5m' });
  });

  it.each([
    ['192.0.2.53:53', true],
    ['ns1.example.com:5353', true],
    ['[2001:db8::53]:65535', true],
    ['ns1.example.com', false],
    ['192.0.2.53:0', false],
    ['192.0.2.53:65536', false],
    [':53', false],
    ['2001:db8::53:53 ', false],
  ])('takes %s for a DNS server: %s', (address, taken) => {
    const dns = { authoritativeServers: [address] };

    expect(drScenarioSpec.safeParse({ ...smallest, dns }).success).toBe(taken);
  });

  it.each([
    ['StatefulSet/shop/db', true],
    ['Certificate.cert-manager.io/shop/tls', true],
    ['ClusterRole.rbac.authorization.k8s.io/system:reader', true],
    ['Deployment', false],
    ['Deployment/shop/', false],
    ['apps/v1/Deployment/shop', false],
    ['Deployment/Shop/web', false],
  ])('takes %s for the name of an object: %s', (key, taken) => {
    const resources = { namespaces: ['shop'], exclude: [key] };

    expect(drScenarioSpec.safeParse({ ...smallest, resources }).success).toBe(taken);
  });
});
