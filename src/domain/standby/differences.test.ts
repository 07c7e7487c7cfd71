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
