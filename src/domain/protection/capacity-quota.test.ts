import { expect, test } from 'vitest';
import { anObject, aWorkload } from '../../testing/objects.ts';
import { demandsOf } from './capacity-demand.ts';
import { quotaFindings } from './capacity-quota.ts';

const quota = (hard: object, used: object = {}, spec: object = {}) =>
  anObject('ResourceQuota', 'shop/small', { spec: { hard, ...spec }, status: { hard, used } });
const config = (name: string) => ({ object: anObject('ConfigMap', `shop/${name}`), resource: 'configmaps' });
const pod = { containers: [{ resources: { requests: { cpu: '500m' }, limits: { memory: '1Gi' } } }] };
const web = aWorkload('Deployment', 'shop/web', pod, { replicas: 3 });
const deployments = [{ object: web, resource: 'deployments' }];

test('objects that fit one by one and not together are found', () => {
  const found = quotaFindings(
    [quota({ configmaps: '3' }, { configmaps: '2' })],
    [config('a'), config('b')],
    [],
  );

  expect(found).toEqual([
    {
      object: 'ResourceQuota/shop/small',
      reason: 'RecoveryTooSmall',
      message: 'leaves 1 of configmaps (3 at most), and the recovery brings 2 more',
      remedy: expect.stringContaining('raise or remove'),
    },
  ]);
  expect(quotaFindings([quota({ configmaps: '3' }, { configmaps: '2' })], [config('a')], [])).toEqual([]);
});

test('the pods of new workloads count, those of workloads that are there already do not', () => {
  const tight = quota({ 'requests.cpu': '1', 'limits.memory': '4Gi', pods: '10' });

  const found = quotaFindings([tight], deployments, demandsOf([web]));
  expect(found.map(({ message }) => message)).toEqual([
    'leaves 1 of requests.cpu (1 at most), and the recovery brings 1500m more',
  ]);
  expect(quotaFindings([tight], [config('a')], demandsOf([web]))).toEqual([]);
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

  const named = quotaFindings([quota(hard)], added, []).map(({ message }) => message.split(' ')[3]);
  expect(named).toEqual(Object.keys(hard));
});

test('a bare Pod is counted once', () => {
  const single = anObject('Pod', 'shop/once', { spec: pod });
  const added = [{ object: single, resource: 'pods' }];

  expect(quotaFindings([quota({ 'count/pods': '1', pods: '1' })], added, demandsOf([single]))).toEqual([]);
  expect(quotaFindings([quota({ 'count/pods': '0' })], added, demandsOf([single]))).toHaveLength(1);
});

test('quotas of other namespaces and with scopes are left alone', () => {
  const elsewhere = anObject('ResourceQuota', 'other/none', { status: { hard: { configmaps: '0' } } });
  const scoped = quota({ pods: '0' }, {}, { scopes: ['BestEffort'] });

  expect(quotaFindings([elsewhere, scoped], [config('a'), ...deployments], demandsOf([web]))).toEqual([]);
});
