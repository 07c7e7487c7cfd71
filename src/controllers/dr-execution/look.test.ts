import { expect, test } from 'vitest';
import type { ListOptions, ResourceType } from '../../kube/cluster.ts';
import { anObject } from '../../testing/objects.ts';
import { partialCluster } from '../../testing/region.ts';
import { lookAt } from './look.ts';

const signal = new AbortController().signal;
const names = ['a', 'b', 'c', 'd'];
const keys = names.map((name) => `ConfigMap/shop/${name}`);
const present = names.slice(1).map((name) => anObject('ConfigMap', `shop/${name}`));

function counting() {
  const asked: string[] = [];
  const cluster = partialCluster('eu-north', {
    typeFor: async ({ kind, group = '' }): Promise<ResourceType> => ({
      group,
      version: 'v1',
      resource: `${kind.toLowerCase()}s`,
      kind,
      namespaced: kind === 'ConfigMap',
      verbs: [],
    }),
    list: async ({ resource }, { namespace }: ListOptions) => {
      asked.push(`list ${resource} ${namespace}`);
      return { items: present, resourceVersion: '1' };
    },
    get: async ({ resource }, { name }) => {
      asked.push(`get ${resource} ${name}`);
      return present.find(({ metadata }) => metadata.name === name);
    },
  });
  return { cluster, asked };
}

test('what many steps wait for is read by one list', async () => {
  const { cluster, asked } = counting();
  const look = lookAt(cluster, keys);
  const found = await Promise.all(keys.map((key) => look.object(key, signal)));
  expect(found.map((object) => object?.metadata.name)).toEqual([undefined, 'b', 'c', 'd']);
  expect(asked).toEqual(['list configmaps shop']);
});

test('a few objects, and those of the whole cluster, are asked for one by one', async () => {
  const { cluster, asked } = counting();
  const classes = names.map((name) => `StorageClass.storage.k8s.io/${name}`);
  const look = lookAt(cluster, [...keys.slice(0, 2), ...classes]);
  await look.object('ConfigMap/shop/b', signal);
  await look.object('StorageClass.storage.k8s.io/a', signal);
  expect(asked).toEqual(['get configmaps b', 'get storageclasss a']);
});

test('each list is read once in a look, and anew in the next', async () => {
  const { cluster, asked } = counting();
  const type = await cluster.typeFor({ kind: 'ConfigMap' }, signal);
  if (type === undefined) throw new Error('no type');
  const look = lookAt(cluster, []);
  await look.cluster.list(type, { namespace: 'shop' }, signal);
  await look.cluster.list(type, { namespace: 'shop' }, signal);
  expect(asked).toHaveLength(1);
  await lookAt(cluster, []).cluster.list(type, { namespace: 'shop' }, signal);
  expect(asked).toHaveLength(2);
});
