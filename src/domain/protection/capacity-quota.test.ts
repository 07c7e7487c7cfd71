import { expect, test } from 'vitest';
import type { KubeObject } from '../../api/object.ts';
import { anObject, aWorkload } from '../../testing/objects.ts';
import { demandsOf } from './capacity-demand.ts';
import { type NewObject, quotaFindings } from './capacity-quota.ts';

const quota = (hard: object, used: object = {}, spec: object = {}) =>
  anObject('ResourceQuota', 'shop/small', { spec: { hard, ...spec }, status: { hard, used } });
const config = (name: string) => ({ object: anObject('ConfigMap', `shop/${name}`), resource: 'configmaps' });
const pod = { containers: [{ resources: { requests: { cpu: '500m' }, limits: { memory: '1Gi' } } }] };
const web = aWorkload('Deployment', 'shop/web', pod, { replicas: 3 });
const running = (app: string, count: number): readonly KubeObject[] =>
  Array.from({ length: count }, (_, index) =>
    anObject('Pod', `shop/${app}-${index}`, {
      metadata: { labels: { app, 'pod-template-hash': 'x' } },
      spec: pod,
      status: { phase: 'Running' },
    }),
  );
const findings = (
  quotas: readonly KubeObject[],
  added: readonly NewObject[],
  workloads: readonly KubeObject[] = [],
  pods: readonly KubeObject[] = [],
) => quotaFindings(quotas, added, demandsOf(workloads), pods);
const deployments = [{ object: web, resource: 'deployments' }];

test('objects that fit one by one and not together are found', () => {
  const found = findings([quota({ configmaps: '3' }, { configmaps: '2' })], [config('a'), config('b')]);

  expect(found).toEqual([
    {
      object: 'ResourceQuota/shop/small',
      reason: 'RecoveryTooSmall',
      message: 'leaves 1 of configmaps (3 at most), and the recovery brings 2 more',
      remedy: expect.stringContaining('raise or remove'),
    },
  ]);
  expect(findings([quota({ configmaps: '3' }, { configmaps: '2' })], [config('a')])).toEqual([]);
});

test('the pods of workloads count, those that are not there yet', () => {
  const tight = quota({ 'requests.cpu': '1', 'limits.memory': '4Gi', pods: '10' });

  const found = findings([tight], deployments, [web]);
  expect(found.map(({ message }) => message)).toEqual([
    'leaves 1 of requests.cpu (1 at most), and the recovery brings 1500m more',
  ]);
  expect(findings([tight], [config('a')], [web], running('web', 3))).toEqual([]);
});

test('a workload that is there without pods, as in a standby, counts like a new one', () => {
  const tight = quota({ pods: '2' });

  expect(findings([tight], [], [web])[0]?.message).toContain('brings 3 more');
});

test('of a workload that runs already only the pods that are still missing count', () => {
  const tight = quota({ pods: '3' }, { pods: '1' });

  expect(findings([tight], [], [web], running('web', 1))).toEqual([]);
  expect(findings([quota({ pods: '2' }, { pods: '1' })], [], [web], running('web', 1))[0]?.message).toContain(
    'leaves 1 of pods (2 at most), and the recovery brings 2 more',
  );
});

test('what one workload runs beyond its wish makes no room for another', () => {
  const other = aWorkload('Deployment', 'shop/other', pod, { replicas: 1 });
  const full = quota({ pods: '5' }, { pods: '5' });

  const found = findings([full], [], [web, other], running('web', 5));
  expect(found[0]?.message).toContain('leaves 0 of pods (5 at most), and the recovery brings 1 more');
});

test('pods that have ended, pods of others and pods of occasional workloads do not count as running', () => {
  const ended = running('web', 3).map((one) => ({ ...one, status: { phase: 'Succeeded' } }));
  const nightly = anObject('CronJob', 'shop/nightly', {
    spec: { jobTemplate: { spec: { template: { metadata: { labels: { app: 'nightly' } }, spec: pod } } } },
  });
  const pods = [...ended, ...running('stranger', 3), ...running('nightly', 3)];

  expect(findings([quota({ pods: '2' })], [], [web, nightly], pods)[0]?.message).toContain('brings 3 more');
});

test('a pod belongs to the workload with most of its labels, and a bare Pod is nobody else', () => {
  const part = anObject('Deployment', 'shop/part', {
    spec: { template: { metadata: { labels: { app: 'web', part: 'b' } }, spec: pod } },
  });
  const debug = anObject('Pod', 'shop/debug', { metadata: { labels: { app: 'web' } }, spec: pod });
  const [first] = running('web', 1);
  const ofPart = { ...first, metadata: { name: 'p', namespace: 'shop', labels: { app: 'web', part: 'b' } } };
  const pods = [...running('web', 3), ofPart as KubeObject];

  const found = findings([quota({ pods: '4' }, { pods: '4' })], [], [debug, web, part], pods);
  expect(found[0]?.message).toContain('brings 1 more');
});

test('claims count by size and class, services by type', () => {
  const claim = anObject('PersistentVolumeClaim', 'shop/data', {
    spec: { storageClassName: 'fast', resources: { requests: { storage: '10Gi' } } },
  });
  const service = anObject('Service', 'shop/web', { spec: { type: 'LoadBalancer', ports: [{ port: 80 }] } });
  const hard = {
    'requests.storage': '5Gi',
    'fast.storageclass.storage.k8s.io/persistentvolumeclaims': '0',
    'services.loadbalancers': '0',
    'count/services': '0',
  };
  const added = [
    { object: claim, resource: 'persistentvolumeclaims' },
    { object: service, resource: 'services' },
  ];

  const named = findings([quota(hard)], added).map(({ message }) => message.split(' ')[3]);
  expect(named).toEqual(Object.keys(hard));
});

test('a bare Pod is counted once', () => {
  const single = anObject('Pod', 'shop/once', { spec: pod });
  const added = [{ object: single, resource: 'pods' }];

  expect(findings([quota({ 'count/pods': '1', pods: '1' })], added, [single])).toEqual([]);
  expect(findings([quota({ 'count/pods': '0' })], added, [single])).toHaveLength(1);
});

test('quotas of other namespaces and with scopes are left alone', () => {
  const elsewhere = anObject('ResourceQuota', 'other/none', { status: { hard: { configmaps: '0' } } });
  const scoped = quota({ pods: '0' }, {}, { scopes: ['BestEffort'] });

  expect(findings([elsewhere, scoped], [config('a'), ...deployments], [web])).toEqual([]);
});
