import { expect, test } from 'vitest';
import type { LabFacts } from './facts.ts';
import { formatStatus } from './status-table.ts';

const cluster = (name: string) => ({
  name,
  region: `${name}-1`,
  directory: `/lab/${name}`,
  kubeconfig: `/lab/${name}/admin.kubeconfig`,
  linkPort: 1,
  etcd: 'http://127.0.0.1:6',
  zones: [
    { name: `${name}-a`, probeUrl: 'http://127.0.0.1:1/' },
    { name: `${name}-b`, probeUrl: 'http://127.0.0.1:2/' },
  ],
});
const facts: LabFacts = {
  name: 'default',
  directory: '/lab',
  socket: '/lab/control.sock',
  linkApi: 'http://127.0.0.1:3',
  kubectl: '/bin/kubectl',
  clusters: { source: cluster('west'), recovery: cluster('north'), objective: cluster('third') },
  dns: { zone: 'dr.test', server: '127.0.0.1:4', etcd: 'http://127.0.0.1:5' },
};
const zones = (name: string, first: boolean, second: boolean) => [
  { name: `${name}-a`, up: first },
  { name: `${name}-b`, up: second },
];

test('shows each cluster, which zones are down, and what ended by itself', () => {
  const text = formatStatus(facts, [
    { name: 'west', controlPlane: 'down', dead: [], zones: zones('west', false, false) },
    { name: 'north', controlPlane: 'up', dead: [], zones: zones('north', true, false) },
    {
      name: 'third',
      controlPlane: 'broken',
      dead: ['third/kube-scheduler'],
      zones: zones('third', true, true),
    },
  ]);

  expect(text.split('\n').map((line) => line.replaceAll(/ {2,}/g, ' | '))).toEqual([
    'ROLE | CLUSTER | REGION | CONTROL PLANE | ZONES | KUBECONFIG',
    'source | west | west-1 | down | 0/2 up | /lab/west/admin.kubeconfig',
    'recovery | north | north-1 | up | 1/2 up, down: north-b | /lab/north/admin.kubeconfig',
    'objective | third | third-1 | broken | 2/2 up | /lab/third/admin.kubeconfig',
    '',
    'DNS zone dr.test, authoritative server 127.0.0.1:4',
    'Ended by themselves: third/kube-scheduler; logs are in /lab',
  ]);
});
