import { expect, test } from 'vitest';
import { anObject } from '../../testing/objects.ts';
import { classFor, nodeFor } from './sample-place.ts';

const DRIVER = 'csi.example.com';
const ZONE = 'topology.kubernetes.io/zone';
const aClass = (name: string, parts: object = {}) =>
  anObject('StorageClass', name, {
    provisioner: DRIVER,
    volumeBindingMode: 'WaitForFirstConsumer',
    ...parts,
  });
const aNode = (name: string, spec: object = {}, zone = 'a', ready = 'True') =>
  anObject('Node', name, {
    metadata: { labels: { [ZONE]: zone } },
    spec,
    status: { conditions: [{ type: 'Ready', status: ready }] },
  });
const withDrivers = (name: string, ...drivers: readonly string[]) =>
  anObject('CSINode', name, {
    apiVersion: 'storage.k8s.io/v1',
    spec: { drivers: drivers.map((driver) => ({ name: driver })) },
  });
const claimOf = (spec: object) => anObject('PersistentVolumeClaim', 'shop/db', { spec });
const isDefault = (creationTimestamp: string) => ({
  metadata: { creationTimestamp, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
});

test('a volume is made by the class that the claim names, or the newest default one', () => {
  const [fast, old, young] = [
    aClass('fast'),
    aClass('old', isDefault('2025-01-01T00:00:00Z')),
    aClass('young', isDefault('2026-01-01T00:00:00Z')),
  ];
  const all = [fast, old, young];
  expect(classFor(claimOf({ storageClassName: 'fast' }), all, 'eu-north')).toEqual({
    kind: 'class',
    object: fast,
  });
  expect(classFor(claimOf({}), all, 'eu-north')).toEqual({ kind: 'class', object: young });
  const annotations = { 'volume.beta.kubernetes.io/storage-class': 'fast' };
  const annotated = anObject('PersistentVolumeClaim', 'shop/db', { metadata: { annotations }, spec: {} });
  expect(classFor(annotated, all, 'eu-north')).toEqual({ kind: 'class', object: fast });
});

test.each([
  ['of the point is not there yet', { storageClassName: 'fast' }, 'eu-north has no StorageClass fast yet'],
  ['is the default one, and there is none', {}, 'eu-north has no default StorageClass'],
  ['is none', { storageClassName: '' }, 'it asks for no StorageClass'],
])('that a class %s is said', (_, spec, message) => {
  expect(classFor(claimOf(spec), [aClass('slow')], 'eu-north')).toEqual({
    kind: 'missing',
    message: expect.stringContaining(message),
  });
});

test('the node is one that is ready, takes Pods and has the driver', () => {
  const nodes = [
    aNode('control-plane', {
      taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }],
    }),
    aNode('leaving', { taints: [{ key: 'maintenance', effect: 'NoExecute' }] }),
    aNode('cordoned', { unschedulable: true }),
    aNode('down', {}, 'a', 'Unknown'),
    aNode('without-driver'),
    aNode('good', { taints: [{ key: 'busy', effect: 'PreferNoSchedule' }] }),
  ];
  const csiNodes = nodes.map(({ metadata: { name } }) =>
    withDrivers(name, ...(name === 'without-driver' ? ['another'] : ['another', DRIVER])),
  );
  expect(nodeFor(aClass('lazy'), nodes, csiNodes, 'eu-north')).toEqual({ kind: 'node', name: 'good' });
  expect(nodeFor(aClass('lazy'), nodes.slice(0, -1), csiNodes, 'eu-north')).toEqual({
    kind: 'missing',
    message: expect.stringContaining(
      `eu-north has no node for it that is ready, without taints, has the CSI driver ${DRIVER}`,
    ),
  });
});

test('the node is one that the class allows: by any of its terms, and by all that a term says', () => {
  const nodes = [aNode('a', {}, 'a'), aNode('b', {}, 'b')];
  const csiNodes = nodes.map(({ metadata: { name } }) => withDrivers(name, DRIVER));
  const term = (...values: readonly string[]) => ({ key: ZONE, values });
  const allowing = (...terms: readonly (readonly object[])[]) =>
    aClass('lazy', { allowedTopologies: terms.map((matchLabelExpressions) => ({ matchLabelExpressions })) });
  const nodeOf = (storageClass: ReturnType<typeof allowing>) =>
    nodeFor(storageClass, nodes, csiNodes, 'eu-north');
  expect(nodeOf(allowing([term('c')], [term('b', 'c')]))).toEqual({ kind: 'node', name: 'b' });
  expect(nodeOf(allowing([term('a'), { key: 'rack', values: ['1'] }]))).toMatchObject({ kind: 'missing' });
});
