import { expect, it } from 'vitest';
import { differences } from './differences.ts';

it('names every field that is not as wished', () => {
  const wished = { spec: { replicas: 0, template: { spec: { containers: [{ name: 'web', image: 'a' }] } } } };
  const live = { spec: { replicas: 3, template: { spec: { containers: [{ name: 'web', image: 'b' }] } } } };
  expect(differences(wished, live)).toEqual(['spec.replicas', 'spec.template.spec.containers[web].image']);
});

it('takes what the cluster has added for no difference', () => {
  const wished = { spec: { containers: [{ name: 'web', image: 'a' }], nodeSelector: {} } };
  const live = {
    spec: {
      containers: [
        { name: 'sidecar', image: 's' },
        { name: 'web', image: 'a', imagePullPolicy: 'Always' },
      ],
      dnsPolicy: 'ClusterFirst',
    },
    status: {},
  };
  expect(differences(wished, live)).toEqual([]);
});

it('sees what is missing, of another type, or in another order', () => {
  expect(differences({ data: { a: '1' } }, {})).toEqual(['data']);
  expect(differences({ data: { a: '1' } }, { data: { b: '1' } })).toEqual(['data.a']);
  expect(differences({ args: ['a', 'b'] }, { args: ['b', 'a'] })).toEqual(['args[0]', 'args[1]']);
  expect(differences({ args: ['a'] }, { args: ['a', 'b'] })).toEqual(['args']);
  expect(differences({ args: ['a'] }, { args: 'a' })).toEqual(['args']);
});

const pod = (container: object) => ({
  apiVersion: 'apps/v1',
  spec: { template: { spec: { containers: [{ name: 'web', ...container }] } } },
});

it('takes a quantity that is written otherwise for the same', () => {
  const wished = { memory: '1024Mi', cpu: 0.7, 'nvidia.com/gpu': 1, 'hugepages-2Mi': '1.5Gi' };
  const live = { memory: '1Gi', cpu: '700m', 'nvidia.com/gpu': '1', 'hugepages-2Mi': '1536Mi' };
  expect(
    differences(pod({ resources: { requests: wished } }), pod({ resources: { requests: live } })),
  ).toEqual([]);
  const range = (cpu: string) => ({ spec: { limits: [{ type: 'Container', max: { cpu } }] } });
  expect(differences(range('0.5'), range('500m'))).toEqual([]);
});

it('sees another quantity, and compares what is none as the text that it is', () => {
  const requests = (memory: string) => pod({ resources: { requests: { memory } } });
  expect(differences(requests('1024Mi'), requests('1023Mi'))).toEqual([
    'spec.template.spec.containers[web].resources.requests.memory',
  ]);
  expect(differences(requests('1Gi'), requests('1073741825'))).toHaveLength(1);
  expect(differences(pod({ args: ['1024Mi'] }), pod({ args: ['1Gi'] }))).toHaveLength(1);
  expect(
    differences(pod({ env: [{ name: 'A', value: '1.0' }] }), pod({ env: [{ name: 'A', value: '1' }] })),
  ).toHaveLength(1);
});

it('does not miss what a type leaves out: empty texts, zero, false', () => {
  const wished = pod({
    env: [{ name: 'A', value: '' }],
    stdin: false,
    livenessProbe: { initialDelaySeconds: 0 },
  });
  expect(differences(wished, pod({ env: [{ name: 'A' }], livenessProbe: {} }))).toEqual([]);
  expect(differences({ spec: { a: null } }, { spec: {} })).toEqual([]);
});

it('misses what somebody took away of what keeps a container in bounds', () => {
  const securityContext = { allowPrivilegeEscalation: false, runAsUser: 0 };
  expect(differences(pod({ securityContext }), pod({ securityContext: {} }))).toHaveLength(2);
});

it('misses the same in custom resources and among words of the user, where it is kept', () => {
  const rollout = (spec: object) => ({ apiVersion: 'argoproj.io/v1alpha1', spec });
  expect(differences(rollout({ replicas: 0 }), rollout({}))).toEqual(['spec.replicas']);
  const config = (data: object) => ({ apiVersion: 'v1', kind: 'ConfigMap', data });
  expect(differences(config({ a: '', b: '1' }), config({ b: '1' }))).toEqual(['data.a']);
});
