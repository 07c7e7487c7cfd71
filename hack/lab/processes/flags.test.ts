import { describe, expect, test } from 'vitest';
import {
  apiServerFlags,
  type ControlPlanePlan,
  controllerManagerFlags,
  etcdFlags,
  schedulerFlags,
} from './control-plane-flags.ts';
import { corefileFor, externalDnsFlags } from './dns.ts';
import { kwokFlags } from './zone.ts';

const plan: ControlPlanePlan = {
  name: 'eu-west',
  directory: '/lab/eu-west',
  etcdMember: 'eu-west-1a2b',
  ports: { etcdClient: 21_000, etcdPeer: 21_001, apiServer: 21_002 },
  serviceRange: '10.97.0.0/16',
};

describe('every server', () => {
  const commandLines = {
    etcd: etcdFlags(plan.etcdMember, '/lab/eu-west/etcd', { client: 21_000, peer: 21_001 }),
    'kube-apiserver': apiServerFlags(plan),
    'kube-controller-manager': controllerManagerFlags(plan),
    'kube-scheduler': schedulerFlags(plan),
    'external-dns': externalDnsFlags('/lab/admin.kubeconfig', 21_003),
  };

  test.each(Object.entries(commandLines))('%s listens on loopback only', (_name, flags) => {
    const addresses = flags
      .filter((flag) => /^--(bind-address|listen-\w+-urls|advertise-\w+|metrics-address)/.test(flag))
      .map((flag) =>
        flag
          .slice(flag.indexOf('=') + 1)
          .replace(/^http:\/\//, '')
          .replace(/:\d+$/, ''),
      );

    expect(addresses.length).toBeGreaterThan(0);
    expect(new Set(addresses)).toEqual(new Set(['127.0.0.1']));
  });

  test('the DNS server binds loopback', () => {
    expect(corefileFor(21_004, 'http://127.0.0.1:21000')).toContain('bind 127.0.0.1');
  });
});

test('the API server authorises by RBAC and talks only to its own etcd', () => {
  const flags = apiServerFlags(plan);

  expect(flags).toContain('--authorization-mode=RBAC');
  expect(flags).toContain('--etcd-servers=http://127.0.0.1:21000');
});

test("a zone's kwok looks after the nodes of that zone alone", () => {
  const flags = kwokFlags({
    cluster: 'eu-west',
    region: 'eu-west-1',
    name: 'eu-west-1b',
    nodes: ['eu-west-1b-1'],
    directory: '/lab/eu-west',
    kubeconfig: '/lab/eu-west/admin.kubeconfig',
    podRange: '10.132.0.0/16',
    stages: ['/stages/pod-ready.yaml'],
  });

  expect(flags).toContain('--manage-nodes-with-label-selector=topology.kubernetes.io/zone=eu-west-1b');
  expect(flags).toContain('--config=/stages/pod-ready.yaml');
});
