import { expect, test } from 'vitest';
import type { KubeObject } from '../../api/object.ts';
import { nodesOfRegion } from './nodes.ts';

const node = (region: string | undefined, zone: string | undefined, ready: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: 'n',
    labels: {
      ...(region === undefined ? {} : { 'topology.kubernetes.io/region': region }),
      ...(zone === undefined ? {} : { 'topology.kubernetes.io/zone': zone }),
    },
  },
  status: {
    conditions: [
      { type: 'DiskPressure', status: 'True' },
      { type: 'Ready', status: ready },
    ],
  },
});

test('nodes are counted by the zones of their region, and only Ready=True is ready', () => {
  const seen = nodesOfRegion(
    [
      node('west', 'a', 'True'),
      node('west', 'a', 'Unknown'),
      node('west', 'b', 'False'),
      node('east', 'c', 'True'),
      node(undefined, 'd', 'True'),
    ],
    'west',
  );
  expect(seen.zones).toEqual(
    new Map([
      ['a', { ready: 1, total: 2 }],
      ['b', { ready: 0, total: 1 }],
    ]),
  );
  expect(seen.regionsSeen).toEqual(['east', 'west']);
});

test('where no node names a region, all belong to it', () => {
  expect(nodesOfRegion([node(undefined, 'a', 'True')], 'west').zones).toEqual(
    new Map([['a', { ready: 1, total: 1 }]]),
  );
});

test('a label with an empty value counts as none', () => {
  const seen = nodesOfRegion([node('', 'a', 'True'), node('', '', 'True')], 'west');
  expect(seen.zones).toEqual(
    new Map([
      ['a', { ready: 1, total: 1 }],
      ['west', { ready: 1, total: 1 }],
    ]),
  );
  expect(seen.regionsSeen).toEqual([]);
});

test('nodes without a zone make up one zone named after the region', () => {
  expect(nodesOfRegion([node('west', undefined, 'True')], 'west').zones).toEqual(
    new Map([['west', { ready: 1, total: 1 }]]),
  );
});
