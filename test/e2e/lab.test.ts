/** The lab itself: what the other e2e tests take for granted. */
import { beforeAll, expect, test } from 'vitest';
import type { Lab } from '../../hack/lab/types.ts';
import { getLab } from './lab.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await getLab();
});

test('each cluster has three zones of two ready nodes, labelled with region and zone', async () => {
  for (const cluster of [lab.source, lab.recovery, lab.objective]) {
    const output = await cluster.kubectl(['get', 'nodes', '-o', 'json']);
    const nodes = JSON.parse(output).items as { metadata: { labels: Record<string, string> } }[];

    const zones = nodes.map((node) => node.metadata.labels['topology.kubernetes.io/zone']);
    expect(zones.toSorted()).toEqual(cluster.zones.flatMap((zone) => [zone.name, zone.name]).toSorted());
    expect(
      nodes.every((node) => node.metadata.labels['topology.kubernetes.io/region'] === cluster.region),
    ).toBe(true);
  }
});
