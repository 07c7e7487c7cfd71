import { expect, test } from 'vitest';
import type { KubeObject } from '../../api/object.ts';
import { instant } from '../../domain/time.ts';
import { manualClock } from '../../testing/manual-clock.ts';
import { partialCluster } from '../../testing/region.ts';
import { collect } from './evidence.ts';
import type { Sights } from './gather.ts';
import { type RegionMemory, recall } from './memory.ts';

const clock = manualClock(instant(0));
const client = partialCluster('west', {});

const node = (region: string | undefined, ready: boolean): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n', labels: region === undefined ? {} : { 'topology.kubernetes.io/region': region } },
  status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
});

const seeing = (nodes: readonly KubeObject[], uid: string | undefined = 'uid', cluster = client): Sights => ({
  at: clock.tick(),
  access: { kind: 'available', cluster },
  controlPlane: { kind: 'answers', nodes, cluster: { client: cluster, uid } },
  probes: [],
});

/** What is remembered of the region `west` after these sights in turn. */
const after = (...sights: readonly Sights[]): RegionMemory =>
  sights.reduce(
    (memory, sight) => ({ ...memory, ...collect('west', sight, memory) }),
    recall(undefined, 'west', {}, 'o'),
  );

const unlabelled = [node(undefined, true), node(undefined, true), node(undefined, true)];

test('a node of another region that joins takes no node away from a region without labels', () => {
  const { evidence } = collect(
    'west',
    seeing([...unlabelled, node('edge', true)]),
    after(seeing(unlabelled)),
  );
  expect(evidence.zones).toEqual([
    { name: 'west', nodes: { kind: 'counted', ready: 3, total: 3 }, probes: [] },
  ]);
});

test('a region whose nodes were all labelled otherwise has not lost them', () => {
  const { evidence, zones } = collect('west', seeing([node('west-2', true)]), after(seeing(unlabelled)));
  expect(evidence.zones).toEqual([{ name: 'west', nodes: { kind: 'none' }, probes: [] }]);
  expect(evidence.controlPlane).toMatchObject({ found: false, another: false, regionsSeen: ['west-2'] });
  expect(zones).toEqual(['west']);
});

test('a region of whose cluster no ready node is left has lost its nodes', () => {
  const { evidence } = collect('west', seeing([node('edge', false)]), after(seeing(unlabelled)));
  expect(evidence.zones).toEqual([
    { name: 'west', nodes: { kind: 'counted', ready: 0, total: 0 }, probes: [] },
  ]);
});

test.each([
  ['with the same uid keeps the zones', 'uid', ['west'], false],
  ['with another uid forgets them', 'other', [], true],
  ['whose uid cannot be read forgets them, and is not called another cluster', undefined, [], false],
])('a new client %s', (_, uid, zones, another) => {
  const renewed = partialCluster('west', {});
  const sights = {
    ...seeing([], 'uid', renewed),
    controlPlane: { kind: 'answers' as const, nodes: [], cluster: { client: renewed, uid } },
  };
  const seen = collect('west', sights, after(seeing(unlabelled)));
  expect(seen.zones).toEqual(zones);
  expect(seen.evidence).toMatchObject({ zonesDiscovered: zones.length > 0, controlPlane: { another } });
});

test('the same client keeps the zones though the uid cannot be read', () => {
  expect(after(seeing(unlabelled, undefined), seeing([], undefined)).zones).toEqual(['west']);
});

test('a cluster that is another stays it until nodes of the region are seen in it', () => {
  const other = seeing([], 'other', partialCluster('west', {}));
  const memory = after(seeing(unlabelled), other, other);
  expect(collect('west', other, memory).evidence.controlPlane).toMatchObject({ another: true });
  const found = collect('west', { ...other, ...seeing(unlabelled, 'other') }, memory);
  expect(found.evidence.controlPlane).toMatchObject({ another: false, found: true });
  expect(found.cluster?.uid).toBe('other');
});
