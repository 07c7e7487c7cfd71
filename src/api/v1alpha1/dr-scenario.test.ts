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
      dependencies: { infer: true, edges: [], rules: [], readiness: [] },
      replication: {
        engine: 'native',
        velero: { namespace: 'velero', storageLocation: 'default', snapshotMoveData: false },
        store: {},
        keep: 5,
        retention: { hourly: 0, daily: 0, weekly: 0, monthly: 0 },
        schedule: { exclusionWindows: [] },
        standby: 'None',
        conflicts: 'Report',
        volumes: { strategy: 'Auto', claims: [], snapshotTimeout: '5m' },
        transforms: [],
        hooks: [],
      },
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

  it.each([
    ['a rule of its own', {}, true],
    ['a name that is none', { name: 'Queue First' }, false],
    ['an expression of 1024 characters', { match: 'x'.repeat(1024) }, true],
    ['an expression of 1025 characters', { match: 'x'.repeat(1025) }, false],
    ['no expression', { match: '' }, false],
  ])('takes %s in a rule', (_what, changes, taken) => {
    const rules = [{ name: 'queue-first', match: 'true', needs: { match: 'true' }, ...changes }];

    expect(drScenarioSpec.safeParse({ ...smallest, dependencies: { rules } }).success).toBe(taken);
  });

  it('takes what a rule needs as necessary, unless it says otherwise', () => {
    const rules = [{ name: 'queue-first', match: 'true', needs: { match: 'true' } }];
    const spec = drScenarioSpec.parse({ ...smallest, dependencies: { rules } });

    expect(spec.dependencies).toEqual({
      infer: true,
      edges: [],
      readiness: [],
      rules: [{ ...rules[0], optional: false }],
    });
  });

  it.each([
    [64, true],
    [65, false],
  ])('takes %i rules: %s', (count, taken) => {
    const one = { match: 'true', needs: { match: 'true' } };
    const rules = Array.from({ length: count }, (_, index) => ({ ...one, name: `rule-${index}` }));

    expect(drScenarioSpec.safeParse({ ...smallest, dependencies: { rules } }).success).toBe(taken);
  });
});
