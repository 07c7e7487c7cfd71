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

test.each([
  ['no node names a region', [undefined, undefined], 2],
  ['one of a few nodes names another region', [undefined, undefined, 'east'], 2],
  ['one of a few nodes names it', [undefined, undefined, 'west'], 3],
  ['as many nodes name another region', [undefined, 'east'], 0],
  ['most nodes name it', [undefined, 'west', 'west'], 2],
] as const)('where %s, those without a region count: %o', (_, regions, counted) => {
  const { zones } = nodesOfRegion(
    regions.map((region) => node(region, 'a', 'True')),
    'west',
  );
  expect(zones.get('a')?.total ?? 0).toBe(counted);
});

test('ready nodes that do not count for the region are noticed', () => {
  expect(nodesOfRegion([node('east', 'a', 'True'), node('west', 'a', 'False')], 'west').othersReady).toBe(
    true,
  );
  expect(nodesOfRegion([node('east', 'a', 'False'), node('west', 'a', 'True')], 'west').othersReady).toBe(
    false,
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
